# evaluate: every adapter (and base) on the benchmarks of its languages, through lm-eval.
# In:   adapters and bases (finetune), benchmark files (evaluate.benchmarks.*.dataset) or hub
#       datasets, held-out native rows (sample) for native-perplexity, tasks/*.yaml
# Out:  <results>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/
#           {language}.json           score; its keys: docs/results.md
#           {language}.items.parquet  every item: what paired tests need
# Kept at undeclared paths (mothertongue/study/paths.py): finished parts while a run is unfinished;
# between jobs what a base's self-test found.


include: "common.smk"
include: "fetch.smk"
include: "inference.smk"


from mothertongue.rules.evaluate import Evaluating
from mothertongue.rules.engines import reading

EVALUATING = Evaluating(PLAN)
READING = reading(PLAN, "evaluate")


rule evaluate_benchmark:
    """One condition on one benchmark in one language."""
    input:
        base=MODELS.base,
        quantisation=MODELS.choice,
        adapter=MODELS.adapter,
        test=EVALUATING.items,
        demonstrations=EVALUATING.demonstrations,
    output:
        score="<results>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/{language}.json",
        table="<results>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/{language}.items.parquet",
    log:
        "<logs>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/{language}.log",
    benchmark:
        "<benchmarks>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/{language}.tsv"
    priority: 1  # before the next fine-tuning: all that reads an adapter shares a loaded base
    conda:
        ("../envs/vllm.yaml" if config["evaluate"]["engine"] == "vllm" else "../envs/train.yaml")
    threads: 1
    resources:
        gpu=READING.gpus_to_read,
        gpu_model=READING.gpu_model,
        gpu_mem_mb=READING.gpu_memory("evaluate"),
        mem_mb=READING.reading_memory,
        runtime=READING.reading_minutes(EVALUATING.tokens),
        batch_tokens=BATCH_TOKENS,
        answer_batch_tokens=ANSWER_BATCH_TOKENS,
    params:
        model=MODELS.entry,
        pinned=MODELS.pinned,
        loading=MODELS.loading,
        task=EVALUATING.task,
        learning_rate=EVALUATING.learning_rate,
        tasks=TASKS,
        files=EVALUATING.files,
        lock=LOCK,
        work=EVALUATING.chunks,
        engine=EVALUATING.engine,
        version=VERSIONS["evaluate"],
    script:
        "../workflow_scripts/evaluate_benchmark.py"


rule evaluate:
    """Target: every score of the study."""
    input:
        EVALUATING.scores,
