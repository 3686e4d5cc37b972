# translate: English rows into the languages of the study, by every translator.
# in:   <results>/sample/english/{scope}.jsonl
# out:  <results>/translate/{translator}/{scope}.jsonl             ids of the source; faulty rows left out
#       <results>/translate/{translator}/{scope}.report.json       counts, checks, calls, money
#       <results>/translate/{translator}/{scope}.quarantine.jsonl  what failed a check, and why
#       <results>/translate/quality.{csv,svg}                      every set's quality
#       undeclared: <results>/.work/api/replies.sqlite, the store of replies
# wildcards: translator (a key of translate.translators), scope (a language or multi)


include: "common.smk"
include: "translator.smk"


rule translate_texts:
    """The English rows of a scope by one translator."""
    input:
        source="<results>/sample/english/{scope}.jsonl",
        memory=recorded_memory,
    output:
        translated="<results>/translate/{translator}/{scope}.jsonl",
        report="<results>/translate/{translator}/{scope}.report.json",
        quarantine="<results>/translate/{translator}/{scope}.quarantine.jsonl",
    log:
        "<logs>/translate/{translator}_{scope}.log",
    benchmark:
        "<benchmarks>/translate/{translator}_{scope}.tsv"
    localrule: ONLY_SERVICES
    conda:
        translator_environment
    threads: 1
    resources:
        gpu=translator_gpus,
        gpu_mem_mb=translator_gpu_memory,
        mem_mb=translator_memory,
        runtime=600,
    params:
        translator=determining_of,
        languages=facts_of,
        target="target_language",  # of each row's origin
        max_quarantined=config["translate"]["max_quarantined"],
        version=VERSIONS["translate"],
        operating=operating_of,
        store=store_of,
    script:
        "../workflow_scripts/translate_texts.py"


rule translate:
    """Every translated training set the study needs."""
    input:
        [
            f"<results>/translate/{data}/{scope}.jsonl"
            for data, scope in STUDY.data_and_scope()
            if data in STUDY.translators
        ],
