# quantisation: how the base of a model is loaded, where finetune.quantisation is auto.
# In:   the model's size or config.json, and its card (finetune.gpu_type, models.*.gpu_type, or a look)
# Out:  <results>/finetune/quantisation/{model}.json   quantisation, why, card, GB by quantisation


include: "common.smk"


if "CHOOSES_FOR" not in globals() or CHOOSES_FOR is not config:  # included by several stages
    CHOOSES_FOR = config

    rule choose_quantisation:
        """How one model's base is loaded by all of its jobs: as it is where that fits, else in 8 bits.

        Made once: neither another card nor a changed study makes it anew; remove the file to choose again.
        """
        input:
            base=MODELS.base,
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
            gpu=MODELS.gpus_to_choose,
            gpu_model=MODELS.gpu_model_to_choose,
            mem_mb=3000,
            runtime=10,
            card_gb=MODELS.card_gb,  # resources, as the card makes no choice anew
            on_gpu=MODELS.gpus_to_read,
            lock=LOCK,
        params:
            pinned=MODELS.pinned,
        script:
            "../workflow_scripts/choose_quantisation.py"
