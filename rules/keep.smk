# keep: of a translator with `keep`, the best translations alone are a training set.
# in:   <results>/sample/english/{scope}.jsonl
# out:  <results>/keep/{translator}/{scope}.all.jsonl    every translation; report and quarantine beside it
#       <results>/keep/{translator}/{scope}.back.jsonl   (roundtrip-chrf) the same, back in English
#       <results>/keep/{translator}/{scope}.qe.jsonl     (qe) an estimate of each row's quality
#       <results>/keep/{translator}/{scope}.scores.jsonl every row's score, and whether it was kept
#       <results>/translate/{translator}/{scope}.jsonl   the best rows; .report.json beside it
# wildcards: translator (a key of translate.translators that has `keep`), scope (a language or multi)
# Replies are stored by what was asked: rows that the same service has translated for another
# entry are not paid again.


include: "common.smk"
include: "translator.smk"


rule translate_all:
    """Every translation among which a translator keeps the best."""
    input:
        source="<results>/sample/english/{scope}.jsonl",
        memory=TRANSLATING.memory,
    output:
        translated="<results>/keep/{translator}/{scope}.all.jsonl",
        report="<results>/keep/{translator}/{scope}.all.report.json",
        quarantine="<results>/keep/{translator}/{scope}.all.quarantine.jsonl",
    log:
        "<logs>/keep/{translator}_{scope}_all.log",
    benchmark:
        "<benchmarks>/keep/{translator}_{scope}_all.tsv"
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


rule translate_back:
    """The translations back into English, to be compared with their sources."""
    input:
        source="<results>/keep/{translator}/{scope}.all.jsonl",
        memory=TRANSLATING.memory,
    output:
        translated="<results>/keep/{translator}/{scope}.back.jsonl",
        report="<results>/keep/{translator}/{scope}.back.report.json",
        quarantine="<results>/keep/{translator}/{scope}.back.quarantine.jsonl",
    log:
        "<logs>/keep/{translator}_{scope}_back.log",
    benchmark:
        "<benchmarks>/keep/{translator}_{scope}_back.tsv"
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
        target="source_language",  # of each row's origin: English
        max_quarantined=config["translate"]["max_quarantined"],
        version=VERSIONS["translate"],
        operating=TRANSLATING.operating,
        store=TRANSLATING.store,
    script:
        "../workflow_scripts/translate_texts.py"


rule rate_translations:
    """A learned estimate of the quality of every translation (COMET without references)."""
    input:
        all="<results>/keep/{translator}/{scope}.all.jsonl",
        english="<results>/sample/english/{scope}.jsonl",
    output:
        rated="<results>/keep/{translator}/{scope}.qe.jsonl",
    log:
        "<logs>/keep/{translator}_{scope}_qe.log",
    benchmark:
        "<benchmarks>/keep/{translator}_{scope}_qe.tsv"
    conda:
        "../envs/quality.yaml"
    threads: 1
    resources:
        gpu=TRANSLATING.rating_gpus,
        gpu_mem_mb=TRANSLATING.rating_gpu_memory,
        mem_mb=12000,
        runtime=600,
    params:
        model=TRANSLATING.rating_model,
        version=VERSIONS["translate"],
    script:
        "../workflow_scripts/rate_translations.py"


rule keep_best:
    """The best translations of a scope, by the score that `keep.by` names."""
    input:
        all="<results>/keep/{translator}/{scope}.all.jsonl",
        report="<results>/keep/{translator}/{scope}.all.report.json",
        english="<results>/sample/english/{scope}.jsonl",
        rated=TRANSLATING.rated,
    output:
        translated="<results>/translate/{translator}/{scope}.jsonl",
        report="<results>/translate/{translator}/{scope}.report.json",
        scores="<results>/keep/{translator}/{scope}.scores.jsonl",
    log:
        "<logs>/keep/{translator}_{scope}.log",
    benchmark:
        "<benchmarks>/keep/{translator}_{scope}.tsv"
    wildcard_constraints:
        translator=one_of(TRANSLATING.choosy),
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        best=TRANSLATING.best,
        by=TRANSLATING.by,
        version=VERSIONS["translate"],
    script:
        "../workflow_scripts/keep_best.py"
