# What evaluate and answer share: resources of a model that reads and writes. Holds no
# rules but those of what it includes.


include: "common.smk"
include: "quantisation.smk"


from mothertongue.study import inference_jobs as needs_of

# Both are resources of both rules, since jobs of a group must agree on resources that are texts.
BATCH_TOKENS = str(config["evaluate"]["batch_tokens"])  # a resource: it changes no result
ANSWER_BATCH_TOKENS = str(config["answer"]["batch_tokens"])


def inference_memory(wildcards, attempt):
    """Host memory in MB of one job with {model}."""
    parameters = config["models"][wildcards.model]["parameters"]
    return needs_of.memory_mb(parameters, attempt, gpu=inference_gpus(wildcards))


def inference_minutes(tokens):
    """Minutes of what `tokens(wildcards)` says; an unfinished job goes on when tried again."""

    def minutes(wildcards, attempt):
        model = wildcards.model
        return needs_of.minutes(
            config["models"][model]["parameters"],
            tokens(wildcards),
            attempt,
            gpu=inference_gpus(wildcards),
            quantisation=quantisation_of(model),
            card=card_of(model),
        )

    return minutes
