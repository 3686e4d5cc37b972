# progress: what is done, running, failed and to do. Reads what is there; makes nothing but its log.
#   snakemake progress --cores 1 --quiet all      with --nolock while the study runs


include: "common.smk"


rule progress:
    """Print a model x condition x benchmark matrix."""
    log:
        "<logs>/progress.log",
    localrule: True
    conda:
        "../envs/analyse.yaml"
    params:
        study=config,
        results=PLAN.results,
        logs=workflow.pathvars.apply("<logs>"),
    script:
        "../workflow_scripts/show_progress.py"
