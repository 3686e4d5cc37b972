# What evaluate and answer share. Holds no rules but those of what it includes.


include: "common.smk"
include: "quantisation.smk"


from mothertongue.preload.steps import share_among_steps

if workflow.remote_exec and "--local-groupid" in sys.argv:
    share_among_steps()  # this is the Snakemake of a group, above the steps of its jobs


# Both are resources of both rules, since jobs of a group must agree on resources that are texts.
BATCH_TOKENS = str(config["evaluate"]["batch_tokens"])  # a resource: it changes no result
ANSWER_BATCH_TOKENS = str(config["answer"]["batch_tokens"])
