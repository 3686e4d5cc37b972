# tasks: what every benchmark of the study is, and the prompt of one item as the model sees it.
#   snakemake tasks --cores 1 --quiet all
# Reads what is there (local files, the hub's cache, sampled rows) or can be had; makes nothing.


include: "common.smk"


import os


rule tasks:
    """Print source, licence, origin, metric, chance, one prompt and departures of every benchmark."""
    localrule: True
    conda:
        "../envs/train.yaml"
    threads: 1
    params:
        study=config,
        tasks=os.path.relpath(ROOT / "tasks"),
        results=workflow.pathvars.apply("<results>"),
        lock=LOCK,
    script:
        "../workflow_scripts/show_tasks.py"
