# base: small base models that the study trains from scratch (the demo's).
# In:   models.{model}.build; its corpus, or sampled native rows of its languages and the English
#       rows beside them
# Out:  <results>/finetune/base/{model}/{config.json,model.safetensors,tokenizer*.json}


include: "common.smk"


from mothertongue.rules.finetune import Finetuning

FINETUNING = Finetuning(MODELS)


rule build_base:
    """Train a small base from scratch on its corpus, or on sampled native and English rows."""
    input:
        datasets=FINETUNING.base_texts,
        corpus=FINETUNING.base_corpus,
    output:
        expand(
            "<results>/finetune/base/{{model}}/{name}",
            name=["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
        ),
    log:
        "<logs>/finetune/base_{model}.log",
    benchmark:
        "<benchmarks>/finetune/base_{model}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        build=FINETUNING.build,
        version=VERSIONS["base"],
    script:
        "../workflow_scripts/build_base.py"
