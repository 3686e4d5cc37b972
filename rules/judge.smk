# judge: ratings of the answers, 1 to 5, with every raw reply kept.
# In:   <results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl
# Out:  <results>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl
#           id, rating (null = unscored), unscored (why), replies [{text, rating, problem}],
#           characters, flags (answers that address the judge)
#       <results>/judge/{judge}.batch.json   what a judge that asks in batches did
#       and, by judge_pairs.smk, verdicts of pairwise judges and what juries say; by
#       judge_compare.smk and judge_pages.smk, the judges compared and their pages
# Kept between runs: the store of replies (undeclared; mothertongue/study/paths.py says where).


include: "common.smk"


rule ask_in_batches:
    """Every answer of the study to one judge through the Batch API, at half the price."""
    input:
        answers=JUDGING.answers,
    output:
        report="<results>/judge/{judge}.batch.json",
    log:
        "<logs>/judge/{judge}.batch.log",
    benchmark:
        "<benchmarks>/judge/{judge}.batch.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2880,
    params:
        spec=JUDGING.spec,
        operating=JUDGING.calling,
        pairs=JUDGING.pairs_of,
        version=VERSIONS["judge"],
    script:
        "../workflow_scripts/ask_in_batches.py"


rule judge_answers:
    """One judge's ratings of one answer set."""
    input:
        answers="<results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl",
        batch=JUDGING.batch,
    output:
        ratings="<results>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl",
    log:
        "<logs>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.log",
    benchmark:
        "<benchmarks>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        spec=JUDGING.spec,
        operating=JUDGING.calling_one,
        version=VERSIONS["judge"],
    script:
        "../workflow_scripts/judge_answers.py"


include: "judge_pages.smk"
include: "people.smk"
include: "probe.smk"


rule judge:
    """Target: every rating and verdict, the judges compared, and the answers browser."""
    input:
        JUDGING.ratings,
        JUDGING.verdicts,
        JUDGE_PAGES,
