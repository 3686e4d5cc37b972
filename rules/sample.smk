# sample: native instruction data and the English rows that will be translated.
# in:   sample.dataset (local files or hub), in Aya's columns
# out:  <results>/sample/native/{scope}.jsonl     native rows, held-out rows taken out
#       <results>/sample/heldout/{language}.jsonl never trained on (benchmark native-perplexity)
#       <results>/sample/english/{scope}.jsonl    English rows, origin.target_language says whose
#       <results>/sample/pool/{scope}.jsonl       every English row that may be translated for it
#       <results>/sample/report/{scope}.json, {scope}.english.json   what every rule did
# wildcards: language (a language of the study), scope (a language or multi)


include: "common.smk"
include: "draws.smk"


from mothertongue.rules.contamination import Decontaminating
from mothertongue.rules.sample import Sampling

SAMPLING = Sampling(PLAN)
DECONTAMINATING = Decontaminating(PLAN)


rule sample_aya:
    """Native rows of one language: filtered, cleaned, capped, some held out."""
    input:
        **DECONTAMINATING.files(),
        data=SAMPLING.data,
    output:
        native="<results>/sample/native/{language}.jsonl",
        heldout="<results>/sample/heldout/{language}.jsonl",
        report="<results>/sample/report/{language}.json",
    log:
        "<logs>/sample/native_{language}.log",
    benchmark:
        "<benchmarks>/sample/native_{language}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        **SAMPLING.row_rules,
        **DECONTAMINATING.params(),
        dataset=SAMPLING.dataset,
        aya=SAMPLING.rows_of,
        cap=lambda wildcards: config["languages"][wildcards.language]["cap"],
        english=SAMPLING.english_beside,
        heldout=config["sample"]["heldout"],
        seed=config["sample"]["seed"],
        version=VERSIONS["sample"],
    script:
        "../workflow_scripts/sample_aya.py"


rule sample_multi:
    """The multilingual pot: every language down to the smallest."""
    input:
        natives=SAMPLING.pot(),
    output:
        native="<results>/sample/native/multi.jsonl",
        report="<results>/sample/report/multi.json",
    log:
        "<logs>/sample/native_multi.log",
    benchmark:
        "<benchmarks>/sample/native_multi.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        rows=config["sample"]["multi"]["rows"],
        seed=config["sample"]["seed"],
        version=VERSIONS["sample"],
    script:
        "../workflow_scripts/sample_multi.py"


rule sample_english:
    """English rows to be translated for one scope."""
    input:
        **DECONTAMINATING.files("en"),
        data=SAMPLING.english_data,
        lists=SAMPLING.list_files,
        native="<results>/sample/native/{scope}.jsonl",
    output:
        english="<results>/sample/english/{scope}.jsonl",
        report="<results>/sample/report/{scope}.english.json",
    log:
        "<logs>/sample/english_{scope}.log",
    benchmark:
        "<benchmarks>/sample/english_{scope}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        **SAMPLING.row_rules,
        **DECONTAMINATING.params("en"),
        dataset=SAMPLING.shared,
        english=SAMPLING.english,
        english_rows=SAMPLING.row_lists,
        seed=config["sample"]["seed"],
        version=VERSIONS["sample"],
    script:
        "../workflow_scripts/sample_english.py"


# Every English row that may be translated into a language, in the order of no draw.
use rule sample_english as pool_english with:
    input:
        **DECONTAMINATING.files("en"),
        data=SAMPLING.english_data,
        lists=SAMPLING.list_files,
    output:
        english="<results>/sample/pool/{scope}.jsonl",
        report="<results>/sample/report/{scope}.pool.json",
    log:
        "<logs>/sample/pool_{scope}.log",
    benchmark:
        "<benchmarks>/sample/pool_{scope}.tsv"
    localrule: True


rule sample:
    """Every sample the study needs."""
    input:
        SAMPLING.samples(),
