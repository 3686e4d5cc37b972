# estimate: what the study will cost, before anything is spent.
# in:   <results>/sample/…, the store of replies (what it holds is free), prices in the config;
#       pivots and answers as far as they exist
# out:  <results>/estimate/cost.csv   calls, characters, tokens, US dollars, hours, GPU-hours
#       <results>/estimate/gpu.csv    GPU memory by model, bits, stage and length, and what none saves
#       <results>/estimate/power.csv  smallest gap per benchmark, and what one more of each gives
# Made anew whenever it is asked for: the store has changed.


include: "common.smk"
include: "translator.smk"


import os
import time

from mothertongue.estimate import workload


def of_study(planned):
    """A parameter: what one function of `workload` says of the study."""

    def parameter(wildcards):
        try:
            return planned(STUDY)
        except InputError as error:
            raise refusal(error) from None

    return parameter


RESULTS = Path(workflow.pathvars.apply("<results>"))


rule estimate:
    """Calls, money and hours of the whole study, and what it would find; spends nothing."""
    input:
        sorted({f"<results>/{workload.sampled(*one)}" for one in STUDY.data_and_scope()}),
    output:
        "<results>/estimate/cost.csv",
        "<results>/estimate/power.csv",
        "<results>/estimate/gpu.csv",
    log:
        "<logs>/estimate/cost.log",
    benchmark:
        "<benchmarks>/estimate/cost.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        translations=of_study(workload.translations),
        judges=of_study(workload.judgements),
        gpu=of_study(lambda study: workload.models(study, RESULTS, local=RUNS_HERE)),
        power=of_study(workload.power),
        published=os.path.relpath(ROOT / "resources" / "published" / "variance.csv"),
        languages=language_facts(ROOT, config["languages"], ["en", *config["languages"]]),
        dated=config["prices"]["dated"],
        store=lambda wildcards, output: str(Path(output[0]).parents[1] / ".work/api/replies.sqlite"),
        asked=time.time(),
    script:
        "../workflow_scripts/estimate_cost.py"
