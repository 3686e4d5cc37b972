# quantisation: how the base of a model is loaded, where finetune.quantisation is auto.
# In:   the model's size or config.json, and its card (finetune.gpu_type, models.*.gpu_type, or a look)
# Out:  <results>/finetune/quantisation/{model}.json   quantisation, why, card, GB by quantisation


include: "common.smk"


def card_facts(wildcards):
    """GB of {model}'s card in a choice of its quantisation; 0 where the job has to look."""
    card = card_of(wildcards.model)
    return str(card.memory_gb or 0) if card else "0"


def looks_at_card(wildcards):
    """GPUs of the choice: one where only a look at the card can tell."""
    return inference_gpus(wildcards) if card_facts(wildcards) == "0" else 0


if "CHOOSES_FOR" not in globals() or CHOOSES_FOR is not config:  # included by several stages
    CHOOSES_FOR = config

    rule choose_quantisation:
        """How one model's base is loaded by all of its jobs: as it is where that fits, else in 8 bits.

        Made once: neither another card nor a changed study makes it anew; remove the file to choose again.
        """
        input:
            base=base_of,
        output:
            "<results>/finetune/quantisation/{model}.json",
        log:
            "<logs>/finetune/quantisation/{model}.log",
        benchmark:
            "<benchmarks>/finetune/quantisation/{model}.tsv"
        conda:
            "../envs/train.yaml"
        threads: 1
        resources:
            gpu=looks_at_card,
            gpu_model=lambda wildcards: gpu_model(wildcards) if looks_at_card(wildcards) else None,
            mem_mb=3000,
            runtime=10,
            card_gb=card_facts,  # resources, as the card makes no choice anew
            on_gpu=inference_gpus,
            lock=LOCK,
        params:
            pinned=pinned_base,
        script:
            "../workflow_scripts/choose_quantisation.py"
