# correlate: every score in one table, then gaps, their uncertainty and what they go along with.
# In:   <results>/evaluate/…/{language}.json and .items.parquet, <results>/judge/…/{language}.jsonl
#       resources/published/ (the paper's scores, same form)
# Out:  <results>/scores.csv                       the one contract between running and analysing
#       <results>/correlate/study/{about.json,items.parquet}   labels and nature; scores by item
#       <results>/correlate/{source}/{gaps,correlations}.csv
# wildcards: source (study | published)
# Includes contrasts.smk: conditions compared, benchmarks rated.


include: "common.smk"


import os

from mothertongue.correlate.about import describe_study

PUBLISHED = os.path.relpath(ROOT / "resources" / "published")


def evaluation_files(wildcards=None, suffix=".json"):
    """Every score file of the study."""
    return [
        f"<results>/evaluate/{e.condition.path}/{e.benchmark}/{e.language}{suffix}"
        for e in STUDY.evaluations
    ]


def rating_files(wildcards=None):
    """Every ratings file of the study."""
    return [
        f"<results>/judge/{r.judge}/{r.answers.condition.path}/{r.answers.questions}/{r.answers.language}.jsonl"
        for r in STUDY.judgements
    ]


def scores_of(wildcards):
    """The scores of a source."""
    published = wildcards.source == "published"
    return f"{PUBLISHED}/scores.csv" if published else "<results>/scores.csv"


def about_of(wildcards):
    """The description of a source's scores."""
    published = wildcards.source == "published"
    return f"{PUBLISHED}/about.json" if published else "<results>/correlate/study/about.json"


HAS_ITEMS = bool(STUDY.evaluations or STUDY.judgements) or os.path.isfile(
    workflow.pathvars.apply("<results>/correlate/study/items.parquet")
)


def item_table_of(wildcards):
    """The scores by item of a source; published ones and those of another workflow may have none."""
    made = wildcards.source == "study" and HAS_ITEMS
    return ["<results>/correlate/study/items.parquet"] if made else []


rule collect_scores:
    """Every evaluation and rating of the study in one table, with its items and a description."""
    input:
        evaluations=evaluation_files(),
        item_tables=evaluation_files(suffix=".items.parquet"),
        ratings=rating_files(),
    output:
        scores="<results>/scores.csv",
        item_table="<results>/correlate/study/items.parquet",
        about="<results>/correlate/study/about.json",
    log:
        "<logs>/correlate/collect_scores.log",
    benchmark:
        "<benchmarks>/correlate/collect_scores.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        coverage=config["judge"]["coverage"],
        describe=lambda wildcards: describe_study(STUDY),
        learning_rates=STUDY.learning_rates,
        version=VERSIONS["scores"],
    script:
        "../workflow_scripts/collect_scores.py"


rule correlate_gaps:
    """Pearson's r of gap and score per benchmark, and its de-coupled form (paper 4.3)."""
    input:
        scores=scores_of,
        about=about_of,
        item_table=item_table_of,
    output:
        gaps="<results>/correlate/{source}/gaps.csv",
        correlations="<results>/correlate/{source}/correlations.csv",
    log:
        "<logs>/correlate/{source}/correlate_gaps.log",
    benchmark:
        "<benchmarks>/correlate/{source}/correlate_gaps.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        resamples=config["correlate"]["resamples"],
        confidence=config["correlate"]["confidence"],
        seed=config["correlate"]["seed"],
        version=VERSIONS["correlate"],
    script:
        "../workflow_scripts/correlate_gaps.py"


include: "contrasts.smk"


rule correlate:
    """Target: the scores of the study and what they go along with."""
    input:
        "<results>/scores.csv",
        "<results>/correlate/study/benchmarks.csv",
        "<results>/correlate/study/differences.csv",
        "<results>/correlate/study/claims.json",
