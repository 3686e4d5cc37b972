# roundtrip: native rows into the pivot language (English) and back by the same translator.
# in:   <results>/sample/native/{scope}.jsonl
# out:  <results>/roundtrip/{translator}/{scope}.pivot.jsonl   in English
#       <results>/roundtrip/{translator}/{scope}.jsonl         back; ids of the source, faulty rows left out
#       <results>/roundtrip/{translator}/{scope}/{portion}.…      the same of rows drawn for sets of some size
#       .report.json and .quarantine.jsonl beside each
# wildcards: translator (a key of translate.translators), scope (a language or multi), portion (study/mixes.py)


include: "common.smk"
include: "translator.smk"


from mothertongue.report.categories import CAUSE
from mothertongue.rules.sizes import Drawing

DRAWING = Drawing(STUDY)


rule roundtrip_out:
    """Native rows into the pivot language."""
    input:
        source="<results>/sample/native/{scope}.jsonl",
        memory=TRANSLATING.memory,
    output:
        translated="<results>/roundtrip/{translator}/{scope}.pivot.jsonl",
        report="<results>/roundtrip/{translator}/{scope}.pivot.report.json",
        quarantine="<results>/roundtrip/{translator}/{scope}.pivot.quarantine.jsonl",
    log:
        "<logs>/roundtrip/{translator}_{scope}_out.log",
    benchmark:
        "<benchmarks>/roundtrip/{translator}_{scope}_out.tsv"
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
        target=config["roundtrip"]["pivot"],
        max_quarantined=config["translate"]["max_quarantined"],
        version=VERSIONS["roundtrip"],
        operating=TRANSLATING.operating,
        store=TRANSLATING.store,
    script:
        "../workflow_scripts/translate_texts.py"


# The pivot rows back into the native language.
use rule roundtrip_out as roundtrip_back with:
    input:
        source="<results>/roundtrip/{translator}/{scope}.pivot.jsonl",
        memory=TRANSLATING.memory,
    output:
        translated="<results>/roundtrip/{translator}/{scope}.jsonl",
        report="<results>/roundtrip/{translator}/{scope}.report.json",
        quarantine="<results>/roundtrip/{translator}/{scope}.quarantine.jsonl",
    log:
        "<logs>/roundtrip/{translator}_{scope}_back.log",
    benchmark:
        "<benchmarks>/roundtrip/{translator}_{scope}_back.tsv"
    localrule: TRANSLATING.only_services
    params:
        target="source_language",  # of each pivot row's origin


use rule roundtrip_out as roundtrip_portion_out with:
    input:
        source="<results>/sample/draws/native/{scope}/{portion}.jsonl",
        memory=TRANSLATING.memory,
    output:
        translated="<results>/roundtrip/{translator}/{scope}/{portion}.pivot.jsonl",
        report="<results>/roundtrip/{translator}/{scope}/{portion}.pivot.report.json",
        quarantine="<results>/roundtrip/{translator}/{scope}/{portion}.pivot.quarantine.jsonl",
    log:
        "<logs>/roundtrip/{translator}_{scope}/{portion}_out.log",
    benchmark:
        "<benchmarks>/roundtrip/{translator}_{scope}/{portion}_out.tsv"
    wildcard_constraints:
        portion=DRAWING.tokens("native"),
    localrule: TRANSLATING.only_services


use rule roundtrip_back as roundtrip_portion_back with:
    input:
        source="<results>/roundtrip/{translator}/{scope}/{portion}.pivot.jsonl",
        memory=TRANSLATING.memory,
    output:
        translated="<results>/roundtrip/{translator}/{scope}/{portion}.jsonl",
        report="<results>/roundtrip/{translator}/{scope}/{portion}.report.json",
        quarantine="<results>/roundtrip/{translator}/{scope}/{portion}.quarantine.jsonl",
    log:
        "<logs>/roundtrip/{translator}_{scope}/{portion}_back.log",
    benchmark:
        "<benchmarks>/roundtrip/{translator}_{scope}/{portion}_back.tsv"
    wildcard_constraints:
        portion=DRAWING.tokens("native"),
    localrule: TRANSLATING.only_services


rule roundtrip:
    """Every round trip the study needs."""
    input:
        TRANSLATING.round_trips(),


rule measure_translation:
    """Quality of every translated set, as a table and a figure."""
    input:
        rules.roundtrip.input,
        TRANSLATING.translations(),
    output:
        table="<results>/translate/quality.csv",
        figure=report(
            "<results>/translate/quality.svg",
            caption="../report/translation_quality.rst",
            category=CAUSE,
            subcategory="Translation quality",
            labels={
                "item": "Quality of every translated set",
                "languages": ", ".join(STUDY.pot),
                "form": "figure",
            },
        ),
    log:
        "<logs>/translate/quality.log",
    benchmark:
        "<benchmarks>/translate/quality.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        sets=TRANSLATING.measured,
        labels=TRANSLATING.labels,
        languages={code: entry["name"] for code, entry in STUDY.languages.items()},
    script:
        "../workflow_scripts/measure_translation.py"


QUALITY_PAGES = TRANSLATING.pages(rules.measure_translation.output)
