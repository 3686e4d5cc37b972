# compare: anyone's runs from the logs of their evaluations, and the study's own scores for others.
# In:   logs that `compare` of the study names (docs/compare.md); scores and items (evaluate)
# Out:  <results>/compare/{comparison}.html .json .csv   verdicts of every run against the first
#       <results>/records/data/…                         Every Eval Ever records of all evaluations


include: "common.smk"


from mothertongue.rules.compare import Comparing
from mothertongue.rules.evaluate import Evaluating

COMPARING = Comparing(PLAN)


rule compare_runs:
    """Runs of one comparison: paired differences with verdicts."""
    input:
        logs=COMPARING.logs,
    output:
        page="<results>/compare/{comparison}.html",
        data="<results>/compare/{comparison}.json",
        table="<results>/compare/{comparison}.csv",
    log:
        "<logs>/compare/{comparison}.log",
    benchmark:
        "<benchmarks>/compare/{comparison}.tsv"
    wildcard_constraints:
        comparison=SLUG,
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        runs=COMPARING.setting("runs"),
        margin=COMPARING.setting("margin"),
        metrics=COMPARING.setting("metrics"),
        tasks=COMPARING.setting("tasks"),
        anyway=COMPARING.setting("anyway"),
        version=VERSIONS["compare"],
    script:
        "../workflow_scripts/compare_runs.py"


rule compare:
    """Target: every comparison that the study names."""
    input:
        COMPARING.pages(),


rule write_records:
    """Every evaluation of the study as an Every Eval Ever record."""
    input:
        scores=Evaluating(PLAN).scores,
        tables=COMPARING.items(),
    output:
        directory("<results>/records"),
    log:
        "<logs>/write_records.log",
    benchmark:
        "<benchmarks>/write_records.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        version=VERSIONS["records"],
    script:
        "../workflow_scripts/write_records.py"


rule records:
    """Target: scores in the community's format."""
    input:
        rules.write_records.output,
