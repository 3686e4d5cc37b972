# correlate: every score in one table, then gaps, their uncertainty and what they go along with.
# In:   <results>/evaluate/…/{language}.json and .items.parquet, <results>/judge/…/{language}.jsonl
#       resources/published/ (the paper's scores, same form)
# Out:  <results>/scores.csv                       the one contract between running and analysing
#       <results>/correlate/study/{about.json,items.parquet}   labels and nature; scores by item
#       <results>/correlate/{source}/{gaps,correlations}.csv
# wildcards: source (study | published)
# Includes contrasts.smk: conditions compared, benchmarks rated.


include: "common.smk"
include: "contrasts.smk"


from mothertongue.correlate.describe import describe_study


rule collect_scores:
    """Every evaluation and rating of the study in one table, with its items and a description."""
    input:
        evaluations=CORRELATING.evaluations(),
        item_tables=CORRELATING.item_tables(),
        ratings=CORRELATING.ratings(),
        verdicts=CORRELATING.verdicts(),
        training_sets=CORRELATING.training_sets(),
        warned=PROBING.warned(),
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
        scores=CORRELATING.scores,
        about=CORRELATING.about,
        item_table=CORRELATING.item_table,
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


rule correlate:
    """Target: the scores of the study and what they go along with."""
    input:
        "<results>/scores.csv",
        "<results>/correlate/study/benchmarks.csv",
        "<results>/correlate/study/differences.csv",
        "<results>/correlate/study/claims.json",
