# finetune: one LoRA adapter per condition, on a frozen base in 8-bit.
# In:   training and validation rows (training_sets.smk); a base from the hub, a folder, or built
#       here (base.smk)
# Out:  <results>/finetune/{model}/{data}/{scope}/{lr}/seed{seed}/
#           adapter_model.safetensors, adapter_config.json   the adapter of the best epoch
#           history.csv        losses and held-out perplexity per epoch (0 = the untuned base)
#           provenance.json    recipe, hashes, tokens, drops, truncation, speed, proof, versions
# Kept while a run is unfinished: <results>/.work/finetune/… (its newest checkpoint; undeclared,
# because declared outputs are deleted when a job fails).


include: "common.smk"
include: "base.smk"
include: "training_sets.smk"
include: "quantisation.smk"


from mothertongue.study import training_jobs as needs

FINETUNE = config["finetune"]
NOT_OF_THE_RECIPE = ("learning_rates", "seeds", "validation", "split_seed")
NOT_OF_THE_RECIPE += ("gpus", "gpu_type", "gpu_memory")
RECIPE = {
    key: value
    for key, value in FINETUNE.items()
    if key not in (*NOT_OF_THE_RECIPE, "checkpoint_minutes")
}


def budget_of(wildcards):
    """What the condition holds equal with others (`conditions[].budget`), or None."""
    return STUDY.budget_of(wildcards.model, wildcards.data, wildcards.scope, wildcards.lr)


def budget_sets(wildcards):
    """The training sets that a condition's budget is equal with."""
    budget = budget_of(wildcards)
    return [
        f"<results>/finetune/sets/{data}/{wildcards.scope}/train.jsonl"
        for data in (budget.others if budget else ())
    ]


def recipe_of(wildcards):
    """The recipe of a condition."""
    budget = budget_of(wildcards)
    recipe = {**RECIPE, "quantisation": configured_quantisation(wildcards.model)}
    return {**recipe, "budget": budget.kind} if budget else recipe


def parameters_of(wildcards):
    """Number of weights of {model}."""
    return config["models"][wildcards.model]["parameters"]


def gpus_of(wildcards):
    """GPUs of one fine-tuning of {model}."""
    return needs.gpus(parameters_of(wildcards), GPUS)


def memory_of(wildcards, attempt):
    """Host memory of one fine-tuning of {model}, in MB; half as much again on a further attempt."""
    needed = needs.memory_mb(parameters_of(wildcards), gpu=gpus_of(wildcards))
    return needed * (1 + attempt) // 2


def minutes_of(wildcards, attempt):
    """Minutes of one fine-tuning of {model}; an unfinished one continues when tried again."""
    return needs.runtime_minutes(
        parameters_of(wildcards),
        attempt,
        gpus_of(wildcards),
        quantisation=quantisation_of(wildcards.model),
        card=card_of(wildcards.model),
    )


def work_of(wildcards, output):
    """Where the checkpoint of a condition lives."""
    cell = Path(output.adapter).parent
    return str(cell.parents[5] / ".work" / cell.relative_to(cell.parents[5]))


rule finetune_lora:
    """Fine-tune, prove and save one adapter; continues after a kill, a failure or a time limit."""
    input:
        training="<results>/finetune/sets/{data}/{scope}/train.jsonl",
        validation="<results>/finetune/sets/{data}/{scope}/validation.jsonl",
        others=budget_sets,
        base=base_of,
        quantisation=choice_of,
    output:
        adapter=f"<results>/finetune/{COND}/adapter_model.safetensors",
        config=f"<results>/finetune/{COND}/adapter_config.json",
        history=f"<results>/finetune/{COND}/history.csv",
        provenance=f"<results>/finetune/{COND}/provenance.json",
    log:
        f"<logs>/finetune/{COND}.log",
    benchmark:
        f"<benchmarks>/finetune/{COND}.tsv"
    retries: 2
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        gpu=gpus_of,
        gpu_model=gpu_model,
        gpu_mem_mb=gpu_memory("finetune"),
        mem_mb=memory_of,
        runtime=minutes_of,
        checkpoint_minutes=FINETUNE["checkpoint_minutes"],  # no parameter: a change retrains nothing
    params:
        model=model_of,
        pinned=pinned_base,
        recipe=recipe_of,
        learning_rate=lambda wildcards: FINETUNE["learning_rates"][wildcards.lr],
        work=work_of,
        version=VERSIONS["finetune"],
    script:
        "../workflow_scripts/finetune_lora.py"


rule finetune:
    """Every adapter of the study."""
    input:
        [
            f"<results>/finetune/{condition.path}/adapter_model.safetensors"
            for condition in STUDY.conditions
        ],
