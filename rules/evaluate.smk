# evaluate: every adapter (and base) on the benchmarks of its languages, through lm-eval.
# In:   adapters and bases (finetune), benchmark files (evaluate.benchmarks.*.dataset) or hub
#       datasets, held-out native rows (sample) for native-perplexity, tasks/*.yaml
# Out:  <results>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/
#           {language}.json           score; its keys: docs/results.md
#           {language}.items.parquet  every item: what paired tests need
# Kept while a run is unfinished: <results>/.work/evaluate/… (undeclared; finished chunks).
# Kept between jobs: <results>/.work/probe/… (what a base's start-up probe found).


include: "common.smk"
include: "fetch.smk"
include: "inference.smk"


from functools import cache

from mothertongue.study.tasks import HARNESS, demonstration_path, task_digest
from mothertongue.files import existing_files, patterns_of

digest_of = cache(task_digest)  # asked for every job when planning

TASKS = os.path.relpath(ROOT / "tasks")


def benchmark_of(wildcards):
    """The configuration entry of {benchmark}."""
    return config["evaluate"]["benchmarks"][wildcards.benchmark]


def local_paths(wildcards, key):
    """Configured files of {benchmark} in {language}: its items (`dataset`) or `demonstrations`.

    A pattern stands for the files that it names, or for itself where it names none.
    """
    entry = benchmark_of(wildcards)
    dataset = (entry["dataset"] or {}).get("path", [])
    paths = dataset if key == "dataset" else demonstration_path(entry) or []
    patterns = [path.replace("{language}", wildcards.language) for path in patterns_of(paths)]
    return [path for pattern in patterns for path in existing_files(pattern) or [pattern]]


def item_files(wildcards):
    """Files of {benchmark} in {language} that are there; nothing where the hub is read.

    Configured ones that are missing are named before the first job (cluster.smk).
    """
    entry = benchmark_of(wildcards)
    if entry["task"] == "native-perplexity" and entry["dataset"] is None:
        return [f"<results>/sample/heldout/{wildcards.language}.jsonl"]
    if entry["task"] == "cmmlu" and entry["dataset"] is None:
        return ["<results>/evaluate/data/cmmlu/test.parquet"]
    return existing_files(local_paths(wildcards, "dataset"))


def demonstration_files(wildcards):
    """Local demonstrations of {benchmark} in {language}, if any are named and there."""
    entry = benchmark_of(wildcards)
    if entry["task"] == "cmmlu" and entry["dataset"] is None:
        return ["<results>/evaluate/data/cmmlu/dev.parquet"]
    return existing_files(local_paths(wildcards, "demonstrations"))


def files_of(wildcards, input):
    """What the script reads; a configured file that vanished is its error, not the hub's turn."""
    return {
        "test": local_paths(wildcards, "dataset") or list(input.test),
        "demonstrations": local_paths(wildcards, "demonstrations") or list(input.demonstrations),
    }


def limit_of(wildcards):
    """Items of {benchmark} at most, by its own limit and that of all benchmarks; None: every item."""
    limits = [n for n in (benchmark_of(wildcards)["limit"], config["evaluate"]["limit"]) if n]
    return min(limits, default=None)


def task_of(wildcards):
    """What decides the items and prompts of {benchmark}: nothing else of the study."""
    entry = benchmark_of(wildcards)
    dataset = entry["dataset"] or {}
    return {
        "name": entry["task"],
        "shots": entry["shots"],
        "limit": limit_of(wildcards),
        "max_new_tokens": entry["max_new_tokens"],
        "hub": {k: v for k, v in dataset.items() if k != "path" and v} or None,
        "cluster": entry["cluster"],
        "parallel": entry["origin"] != "native",  # its rows are translations of another language's
        "missing": entry["missing"],
        **({"harness": True} if entry["demonstrations"] == HARNESS else {}),
        "digest": digest_of(entry["task"], ROOT / "tasks"),
    }


def rate_of(wildcards):
    """The learning rate behind {lr}; none for the untuned base."""
    return config["finetune"]["learning_rates"].get(wildcards.lr)


def evaluation_files(wildcards=None):
    """Every score file of the study."""
    return [
        f"<results>/evaluate/{cell.condition.path}/{cell.benchmark}/{cell.language}.json"
        for cell in STUDY.evaluations
    ]


def evaluation_tokens(wildcards):
    """Tokens that a benchmark reads and writes."""
    entry = STUDY.benchmarks[wildcards.benchmark]
    return needs_of.evaluation_tokens(entry["task"], limit_of(wildcards))


rule evaluate_benchmark:
    """One condition on one benchmark in one language."""
    input:
        base=base_of,
        quantisation=choice_of,
        adapter=adapter_of,
        test=item_files,
        demonstrations=demonstration_files,
    output:
        score="<results>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/{language}.json",
        table="<results>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/{language}.items.parquet",
    log:
        "<logs>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/{language}.log",
    benchmark:
        "<benchmarks>/evaluate/{model}/{data}/{scope}/{lr}/seed{seed}/{benchmark}/{language}.tsv"
    priority: 1  # before the next fine-tuning: all that reads an adapter shares a loaded base
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        gpu=inference_gpus,
        gpu_model=gpu_model,
        gpu_mem_mb=gpu_memory("evaluate"),
        mem_mb=inference_memory,
        runtime=inference_minutes(evaluation_tokens),
        batch_tokens=BATCH_TOKENS,
        answer_batch_tokens=ANSWER_BATCH_TOKENS,
    params:
        model=model_of,
        pinned=pinned_base,
        loading=lambda wildcards: {
            "quantisation": configured_quantisation(wildcards.model),
            "dtype": config["finetune"]["dtype"],
            "template": config["finetune"]["template"],
        },
        task=task_of,
        learning_rate=rate_of,
        tasks=TASKS,
        files=files_of,
        lock=LOCK,
        work=lambda w, output: f"{output.score.split('/evaluate/')[0]}/.work/evaluate",
        version=VERSIONS["evaluate"],
    script:
        "../workflow_scripts/evaluate_benchmark.py"


rule evaluate:
    """Target: every score of the study."""
    input:
        evaluation_files,
