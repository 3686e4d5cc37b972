# estimate: what the study will cost, before anything is spent.
# in:   <results>/sample/…, the store of replies (what it holds is free), prices in the config;
#       pivots and answers as far as they exist
# out:  <results>/estimate/cost.csv   calls, characters, tokens, US dollars, hours, GPU-hours
#       <results>/estimate/gpu.csv    GPU memory by model, bits, stage and length, and what none saves
#       <results>/estimate/power.csv  smallest gap per benchmark, and what one more of each gives
#       <results>/estimate/exchange.csv  designs for an exchange rate, of a study with a section `exchange`
#       <results>/estimate/people.csv  labels by people that would decide, of a study that asks people
# Made anew whenever it is asked for: the store has changed.


include: "common.smk"


import os
import time

from mothertongue.rules.estimate import Estimating

ESTIMATING = Estimating(PLAN)


rule estimate:
    """Calls, money and hours of the whole study, and what it would find; spends nothing."""
    input:
        ESTIMATING.samples(),
    output:
        "<results>/estimate/cost.csv",
        "<results>/estimate/power.csv",
        "<results>/estimate/gpu.csv",
        *["<results>/estimate/exchange.csv"] * ("exchange" in config),
        *["<results>/estimate/people.csv"] * bool(config["judge"]["people"]),
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
        translations=ESTIMATING.translations,
        judges=ESTIMATING.judgements,
        gpu=ESTIMATING.models,
        power=ESTIMATING.power,
        published=os.path.relpath(ROOT / "resources" / "published" / "variance.csv"),
        languages=ESTIMATING.languages,
        exchange=config.get("exchange"),
        people=ESTIMATING.people,
        dated=config["prices"]["dated"],
        store=ESTIMATING.store,
        asked=time.time(),
    script:
        "../workflow_scripts/estimate_cost.py"
