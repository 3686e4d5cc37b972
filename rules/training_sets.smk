# training sets: the rows that a condition is trained on, and those that judge its epochs.
# In:   the dataset of (data, scope), and those whose rows it is cut to
# Out:  <results>/finetune/sets/{data}/{scope}/{train,validation}.jsonl


include: "common.smk"


from mothertongue.rules.finetune import Finetuning
from mothertongue.rules.sizes import Drawing

FINETUNING = Finetuning(MODELS)
DRAWING = Drawing(STUDY)


rule mix_training_set:
    """Split a dataset, cut to common rows if asked for, into training and validation rows."""
    input:
        dataset=FINETUNING.dataset,
        others=FINETUNING.common_datasets,
        perhaps=FINETUNING.datasets_perhaps_common,
    output:
        training="<results>/finetune/sets/{data}/{scope}/train.jsonl",
        validation="<results>/finetune/sets/{data}/{scope}/validation.jsonl",
    log:
        "<logs>/finetune/sets/{data}/{scope}.log",
    benchmark:
        "<benchmarks>/finetune/sets/{data}/{scope}.tsv"
    wildcard_constraints:
        data=SLUG,
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **FINETUNING.cuts,
        share=config["finetune"]["validation"],
        seed=config["finetune"]["split_seed"],
        version=VERSIONS["mix"],
    script:
        "../workflow_scripts/mix_training_set.py"


rule mix_portions:
    """Put the portions of a condition together as training and validation rows."""
    input:
        parts=DRAWING.parts,
        sources=DRAWING.sources,
    output:
        training="<results>/finetune/sets/{data}/{scope}/train.jsonl",
        validation="<results>/finetune/sets/{data}/{scope}/validation.jsonl",
    log:
        "<logs>/finetune/sets/{data}/{scope}.log",
    benchmark:
        "<benchmarks>/finetune/sets/{data}/{scope}.tsv"
    wildcard_constraints:
        data=SIZED,
    priority: 3
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **FINETUNING.cuts,
        names=DRAWING.names,
        share=config["finetune"]["validation"],
        seed=config["finetune"]["split_seed"],
        version=VERSIONS["mix"],
    script:
        "../workflow_scripts/mix_portions.py"


rule training_sets:
    """Every training set of the study whose rows are drawn."""
    input:
        DRAWING.sets(),
