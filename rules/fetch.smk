# fetch: what comes from the hub before a study runs.
# In:   the hub at the revisions of the study and of tasks/*.yaml
# Out:  <results>/evaluate/data/cmmlu/{test,dev}.parquet   Question, A, B, C, D, Answer, subject
#       <results>/prefetch/manifest.json   undeclared: the lock of commits, files with hashes;
#                                          its keys stand in mothertongue/hub.py
#       the hub's cache (HF_HOME): every model and dataset of the study


include: "common.smk"


from mothertongue.rules.evaluate import Evaluating

EVALUATING = Evaluating(PLAN)


rule fetch_cmmlu:
    """CMMLU's archive as tables; runs where the hub can be reached."""
    output:
        test="<results>/evaluate/data/cmmlu/test.parquet",
        dev="<results>/evaluate/data/cmmlu/dev.parquet",
    log:
        "<logs>/evaluate/fetch_cmmlu.log",
    benchmark:
        "<benchmarks>/evaluate/fetch_cmmlu.tsv"
    localrule: True
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        archive=EVALUATING.cmmlu_archive,
        lock=LOCK,
    script:
        "../workflow_scripts/fetch_cmmlu.py"


rule prefetch:
    """Target: bring everything of the hub that the study needs, for machines without internet.

    Has no output, so that it always looks whether the cache is whole.
    """
    log:
        "<logs>/prefetch.log",
    localrule: True
    conda:
        "../envs/train.yaml"
    threads: 1
    params:
        study=config,
        tasks=TASKS,
        lock=LOCK,
    script:
        "../workflow_scripts/prefetch_hub.py"
