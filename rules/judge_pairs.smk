# judge, pairs: two conditions' answers to the same questions, compared in both orders.
# In:   <results>/answer/…/{questions}/{language}.jsonl of both conditions
# Out:  <results>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.against-{against}.jsonl
#           id, verdict (win, loss, tie, inconsistent; null = unscored), unscored (why), first,
#           second (score of {data}'s answer shown first and second), replies, characters, flags
#       <results>/correlate/judges/{wins,strengths,biases}.csv
#       <results>/report/pairs.html


include: "common.smk"


rule judge_pairs:
    """One judge's verdicts on the answers of {data} against those of {against}."""
    input:
        answers="<results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl",
        others=JUDGING.others,
        batch=JUDGING.batch,
    output:
        verdicts="<results>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.against-{against}.jsonl",
    log:
        "<logs>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.against-{against}.log",
    benchmark:
        "<benchmarks>/judge/{judge}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.against-{against}.tsv"
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
        version=VERSIONS["pairs"],
    script:
        "../workflow_scripts/judge_pairs.py"


rule compare_pairs:
    """Win rates, strengths of three or more conditions, and what pairwise judges lean to."""
    input:
        verdicts=JUDGING.verdicts,
    output:
        wins="<results>/correlate/judges/wins.csv",
        strengths="<results>/correlate/judges/strengths.csv",
        biases="<results>/correlate/judges/biases.csv",
    log:
        "<logs>/judge/compare_pairs.log",
    benchmark:
        "<benchmarks>/judge/compare_pairs.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        judges=list(STUDY.raters("pairwise")),
        enough=config["judge"]["coverage"],
        confidence=config["correlate"]["confidence"],
        version=VERSIONS["wins"],
    script:
        "../workflow_scripts/compare_pairs.py"


rule tabulate_pairs:
    """What pairwise judges say, as one page of sortable tables."""
    input:
        **rules.compare_pairs.output,
        warned=PROBING.warned(),
    output:
        page=report(
            "<results>/report/pairs.html",
            caption="../report/judges.rst",
            **JUDGING.shown_under("Judges", "Answers compared in pairs", "table", workflow),
        ),
    log:
        "<logs>/judge/tabulate_pairs.log",
    benchmark:
        "<benchmarks>/judge/tabulate_pairs.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        page="pairs",
        labels=JUDGING.labels,
        version=VERSIONS["pairs"],
    script:
        "../workflow_scripts/tabulate_verdicts.py"


PAIR_PAGES = [*rules.tabulate_pairs.output] if STUDY.pairs else []
