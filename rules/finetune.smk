# finetune: one LoRA adapter per condition, on a frozen base in 8-bit.
# In:   training and validation rows (training_sets.smk); a base from the hub, a folder, or built
#       here (base.smk)
# Out:  <results>/finetune/{model}/{data}/{scope}/{lr}/seed{seed}/
#           adapter_model.safetensors, adapter_config.json   the adapter of the best epoch
#           history.csv        losses and held-out perplexity per epoch (0 = the untuned base)
#           model/, last/      instead of an adapter (models with finetune.method: full): all weights
#                              of the best epoch, which is evaluated, and of the last
#           provenance.json    recipe, hashes, tokens, drops, truncation, speed, proof, versions
# Kept while a run is unfinished, at an undeclared path (mothertongue/study/paths.py): its newest
# checkpoint, because declared outputs are deleted when a job fails.


include: "common.smk"
include: "base.smk"
include: "training_sets.smk"
include: "quantisation.smk"


from mothertongue.rules.finetune import Finetuning

FINETUNING = Finetuning(MODELS)


rule finetune_lora:
    """Fine-tune, prove and save one adapter; continues after a kill, a failure or a time limit."""
    input:
        training="<results>/finetune/sets/{data}/{scope}/train.jsonl",
        validation="<results>/finetune/sets/{data}/{scope}/validation.jsonl",
        others=FINETUNING.budget_sets,
        base=MODELS.base,
        quantisation=MODELS.choice,
    output:
        adapter=f"<results>/finetune/{COND}/adapter_model.safetensors",
        config=f"<results>/finetune/{COND}/adapter_config.json",
        history=f"<results>/finetune/{COND}/history.csv",
        provenance=f"<results>/finetune/{COND}/provenance.json",
    log:
        f"<logs>/finetune/{COND}.log",
    benchmark:
        f"<benchmarks>/finetune/{COND}.tsv"
    wildcard_constraints:
        model=FINETUNING.models_by("lora"),
    retries: 2
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        gpu=MODELS.gpus_to_train,
        gpu_model=MODELS.gpu_model,
        gpu_mem_mb=MODELS.gpu_memory("finetune"),
        mem_mb=FINETUNING.memory,
        runtime=FINETUNING.minutes,
        checkpoint_minutes=config["finetune"]["checkpoint_minutes"],  # a change retrains nothing
        track=FINETUNING.track,  # the same
    params:
        model=MODELS.entry,
        pinned=MODELS.pinned,
        recipe=FINETUNING.recipe,
        learning_rate=FINETUNING.learning_rate,
        work=FINETUNING.work,
        version=VERSIONS["finetune"],
    script:
        "../workflow_scripts/finetune_lora.py"


use rule finetune_lora as finetune_full with:
    output:
        adapter=directory(f"<results>/finetune/{COND}/model"),
        last=directory(f"<results>/finetune/{COND}/last"),
        history=f"<results>/finetune/{COND}/history.csv",
        provenance=f"<results>/finetune/{COND}/provenance.json",
    wildcard_constraints:
        model=FINETUNING.models_by("full"),


rule finetune:
    """Every adapter of the study."""
    input:
        FINETUNING.adapters(),
