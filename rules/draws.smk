# draws: rows drawn for conditions[].rows, mix and draws.
# in:   native rows and the English pool (sample), data that is translated already (translated)
# out:  <results>/sample/draws/{source}/{scope}/{portion}.jsonl
# wildcards: source (native, english, or a key of data), scope (a language or multi),
#            portion (as study/mixes.py spells it)


include: "common.smk"


from mothertongue.rules.sizes import Drawing

DRAWING = Drawing(STUDY)


rule draw_rows:
    """The rows of one portion: training rows, and validation rows beside them."""
    input:
        source=DRAWING.source,
        beside=DRAWING.beside,
    output:
        drawn="<results>/sample/draws/{source}/{scope}/{portion}.jsonl",
    log:
        "<logs>/sample/draws/{source}_{scope}/{portion}.log",
    benchmark:
        "<benchmarks>/sample/draws/{source}_{scope}/{portion}.tsv"
    wildcard_constraints:
        source=SLUG,
        portion=DRAWING.tokens(),
    priority: 3  # before anything expensive: there may be too few rows
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        drawn=DRAWING.drawn,
        share=config["finetune"]["validation"],
        split_seed=config["finetune"]["split_seed"],
        seed=config["sample"]["seed"],
        version=VERSIONS["portions"],
    script:
        "../workflow_scripts/draw_rows.py"
