# translate: English rows into the languages of the study, by every translator.
# in:   <results>/sample/english/{scope}.jsonl
# out:  <results>/translate/{translator}/{scope}.jsonl             ids of the source; faulty rows left out
#       <results>/translate/{translator}/{scope}.report.json       counts, checks, calls, money
#       <results>/translate/{translator}/{scope}.quarantine.jsonl  what failed a check, and why
#       <results>/translate/quality.{csv,svg}                      every set's quality
#       <results>/translate/{translator}/{scope}/{portion}.…       the same of rows drawn for sets of some size
#       undeclared (mothertongue/study/paths.py): the store of replies
# A translator with `keep` has its sets from keep.smk.
# wildcards: translator (a key of translate.translators), scope (a language or multi), portion (study/mixes.py)


include: "common.smk"
include: "translator.smk"
include: "keep.smk"


from mothertongue.rules.sizes import Drawing

DRAWING = Drawing(STUDY)


rule translate_texts:
    """The English rows of a scope by one translator."""
    input:
        source="<results>/sample/english/{scope}.jsonl",
        memory=TRANSLATING.memory,
    output:
        translated="<results>/translate/{translator}/{scope}.jsonl",
        report="<results>/translate/{translator}/{scope}.report.json",
        quarantine="<results>/translate/{translator}/{scope}.quarantine.jsonl",
    log:
        "<logs>/translate/{translator}_{scope}.log",
    benchmark:
        "<benchmarks>/translate/{translator}_{scope}.tsv"
    wildcard_constraints:
        translator=one_of(TRANSLATING.plain),
    localrule: TRANSLATING.only_services
    conda:
        TRANSLATING.environment
    threads: 1
    resources:
        gpu=TRANSLATING.gpus,
        gpu_mem_mb=TRANSLATING.gpu_memory,
        mem_mb=TRANSLATING.host_memory,
        runtime=600,
    params:
        translator=TRANSLATING.determining,
        languages=TRANSLATING.facts,
        target="target_language",  # of each row's origin
        max_quarantined=config["translate"]["max_quarantined"],
        version=VERSIONS["translate"],
        operating=TRANSLATING.operating,
        store=TRANSLATING.store,
    script:
        "../workflow_scripts/translate_texts.py"


use rule translate_texts as translate_portion with:
    input:
        source="<results>/sample/draws/english/{scope}/{portion}.jsonl",
        memory=TRANSLATING.memory,
    output:
        translated="<results>/translate/{translator}/{scope}/{portion}.jsonl",
        report="<results>/translate/{translator}/{scope}/{portion}.report.json",
        quarantine="<results>/translate/{translator}/{scope}/{portion}.quarantine.jsonl",
    log:
        "<logs>/translate/{translator}_{scope}/{portion}.log",
    benchmark:
        "<benchmarks>/translate/{translator}_{scope}/{portion}.tsv"
    wildcard_constraints:
        portion=DRAWING.tokens("english"),
    localrule: TRANSLATING.only_services


rule translate:
    """Every translated training set the study needs."""
    input:
        TRANSLATING.translations(),
