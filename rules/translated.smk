# translated: rows that were translated elsewhere and are a condition of their own.
# in:   data.{name} (local files or hub), in any shape; native, held-out and English rows (sample)
# out:  <results>/translate/{data}/{scope}.jsonl         as many rows of each language as native ones
#       <results>/translate/{data}/{scope}.report.json   counts, files, ids that other rows have too
# wildcards: data (a key of data), scope (a language or multi)


include: "common.smk"


from mothertongue.rules.sample import Sampling
from mothertongue.rules.translated import TranslatedAlready

SAMPLED_ALIKE = Sampling(PLAN)
TRANSLATED_ALREADY = TranslatedAlready(PLAN)


rule take_translations:
    """The rows of a scope that were translated elsewhere."""
    input:
        data=TRANSLATED_ALREADY.files,
        native="<results>/sample/native/{scope}.jsonl",
        heldout=TRANSLATED_ALREADY.held_out,
        english=TRANSLATED_ALREADY.english,
    output:
        translated="<results>/translate/{data}/{scope}.jsonl",
        report="<results>/translate/{data}/{scope}.report.json",
    log:
        "<logs>/translate/{data}_{scope}.log",
    benchmark:
        "<benchmarks>/translate/{data}_{scope}.tsv"
    wildcard_constraints:
        data=one_of(STUDY.translated),
    priority: 3  # before anything expensive: its files may be wrong
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        **SAMPLED_ALIKE.row_rules,
        sources=TRANSLATED_ALREADY.sources,
        parallel_to=TRANSLATED_ALREADY.parallel_to,
        seed=config["sample"]["seed"],
        version=VERSIONS["translated"],
    script:
        "../workflow_scripts/take_translations.py"


rule translated:
    """Every set of the study that was translated elsewhere."""
    input:
        TRANSLATED_ALREADY.sets(),
