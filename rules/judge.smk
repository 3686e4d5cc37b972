# judge: ratings of the answers, 1 to 5, with every raw reply kept.
# In:   <results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl
# Out:  <results>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl
#           id, rating (null = unscored), unscored (why), replies [{text, rating, problem}],
#           characters, flags (answers that address the judge)
#       <results>/judge/{judge}.batch.json   what a judge that asks in batches did
#       and, by judge_compare.smk and judge_pages.smk, the judges compared and their pages
# Kept between runs: <results>/.work/api/replies.sqlite (undeclared; the store of replies).


include: "common.smk"


from mothertongue.judge import calling_settings, rating_settings

REPLIES = workflow.pathvars.apply("<results>/.work/api/replies.sqlite")  # the store of replies


def judge_of(wildcards):
    """What determines the ratings of {judge}; its label is for tables only."""
    return rating_settings(wildcards.judge, STUDY.judges[wildcards.judge])


def batch_operating(wildcards, threads):
    """How {judge} is called and paid. Naming threads keeps it out of what re-runs a job."""
    return calling_settings(
        STUDY.judges[wildcards.judge],
        replies=config["replies"],
        prices=config["prices"],
        store=REPLIES,
    )


def judge_operating(wildcards, threads):
    """The same; a batch of its own only for answers that ask_in_batches does not know."""
    operating = batch_operating(wildcards, threads)
    return {**operating, "own_batch": bool(operating["batch"]) and not batch_of(wildcards)}


def judge_files(wildcards=None):
    """Every ratings file of the study."""
    return [
        f"<results>/judge/{r.judge}/{r.answers.condition.path}/{r.answers.questions}/{r.answers.language}.jsonl"
        for r in STUDY.judgements
    ]


def answers_judged(wildcards=None):
    """Every answer set of the study."""
    return [
        f"<results>/answer/{answers.condition.path}/{answers.questions}/{answers.language}.jsonl"
        for answers in STUDY.answers
    ]


def batch_of(wildcards):
    """The report of {judge}'s batches, if it asks in batches; its age re-rates nothing.

    Answers that are none of the study's own (a module's, say) are in no such batch.
    """
    own = {(a.condition.path, a.questions, a.language) for a in STUDY.answers}
    asked = (COND.format(**wildcards), wildcards.questions, wildcards.language)
    if not STUDY.judges[wildcards.judge].get("batch") or asked not in own:
        return []
    return ancient(f"<results>/judge/{wildcards.judge}.batch.json")


rule ask_in_batches:
    """Every answer of the study to one judge through the Batch API, at half the price."""
    input:
        answers=answers_judged,
    output:
        report="<results>/judge/{judge}.batch.json",
    log:
        "<logs>/judge/{judge}.batch.log",
    benchmark:
        "<benchmarks>/judge/{judge}.batch.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2880,
    params:
        spec=judge_of,
        operating=batch_operating,
        version=VERSIONS["judge"],
    script:
        "../workflow_scripts/ask_in_batches.py"


rule judge_answers:
    """One judge's ratings of one answer set."""
    input:
        answers="<results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl",
        batch=batch_of,
    output:
        ratings="<results>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl",
    log:
        "<logs>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.log",
    benchmark:
        "<benchmarks>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        spec=judge_of,
        operating=judge_operating,
        version=VERSIONS["judge"],
    script:
        "../workflow_scripts/judge_answers.py"


include: "judge_compare.smk"
include: "judge_pages.smk"


rule judge:
    """Target: every rating, the judges compared, and the answers browser."""
    input:
        judge_files,
        judge_pages,
