# tasks: what every benchmark of the study is, and the prompt of one item as the model sees it.
#   snakemake tasks --cores 1 --quiet all
# Reads what is there (local files, the hub's cache, sampled rows) or can be had; makes nothing but its log.


include: "common.smk"


rule tasks:
    """Print source, licence, origin, metric, chance, one prompt and departures of every benchmark."""
    log:
        "<logs>/tasks.log",
    localrule: True
    conda:
        "../envs/train.yaml"
    threads: 1
    params:
        study=config,
        tasks=TASKS,
        results=PLAN.results,
        lock=LOCK,
    script:
        "../workflow_scripts/show_tasks.py"
