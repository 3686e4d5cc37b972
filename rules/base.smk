# base: base models that the study makes itself: small ones, trained from scratch (the demo's), and
#       those that it unpacks from a GGUF file.
# In:   models.{model}.build; its corpus, or sampled native rows of its languages and the English
#       rows beside them; or the file that models.{model}.gguf names
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
    wildcard_constraints:
        model=FINETUNING.bases_by("build"),
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


rule unpack_base:
    """Dequantise a base from a GGUF file into a model folder with tokenizer and chat template."""
    input:
        gguf=FINETUNING.gguf_file,
    output:
        expand(
            "<results>/finetune/base/{{model}}/{name}",
            name=["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
        ),
    log:
        "<logs>/finetune/base_{model}.log",
    benchmark:
        "<benchmarks>/finetune/base_{model}.tsv"
    wildcard_constraints:
        model=FINETUNING.bases_by("gguf"),
    conda:
        "../envs/unpack.yaml"
    threads: 1
    resources:
        mem_mb=FINETUNING.memory_to_unpack,
        runtime=30,
    params:
        source=FINETUNING.gguf,
        version=VERSIONS["base"],
    script:
        "../workflow_scripts/unpack_base.py"
