# judge, second part: the judges compared and all answers, as pages of the report.
# In:   <results>/correlate/judges/*.csv, every file of answers, ratings and verdicts, the question sets;
#       <results>/people/labels.jsonl, what was found without a judge (answer.fidelity), if they are there
# Out:  <results>/report/judges.html          the comparison of judges
#       <results>/correlate/judges/gaps.svg   native-translated gap by judge
#       <results>/report/answers.html         the answers browser


include: "common.smk"
include: "judge_compare.smk"
include: "judge_pairs.smk"
include: "judge_jury.smk"


rule tabulate_judges:
    """The comparison of judges as one page of sortable tables."""
    input:
        **rules.compare_judges.output,
        warned=PROBING.warned(),
    output:
        page=report(
            "<results>/report/judges.html",
            caption="../report/judges.rst",
            **JUDGING.shown_under("Judges", "Judges compared", "table", workflow),
        ),
    log:
        "<logs>/judge/tabulate_judges.log",
    benchmark:
        "<benchmarks>/judge/tabulate_judges.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        labels=JUDGING.labels,
        version=VERSIONS["judges"],
    script:
        "../workflow_scripts/tabulate_judges.py"


rule plot_judges:
    """Figure: the native-translated gap by every judge."""
    input:
        gaps=rules.compare_judges.output.gaps,
        warned=PROBING.warned(),
    output:
        figure=report(
            "<results>/correlate/judges/gaps.svg",
            caption="../report/judges_gaps.rst",
            **JUDGING.shown_under("Judges", "Judges compared", "figure", workflow),
        ),
    log:
        "<logs>/judge/plot_judges.log",
    benchmark:
        "<benchmarks>/judge/plot_judges.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        labels=JUDGING.labels,
        version=VERSIONS["judges"],
    script:
        "../workflow_scripts/plot_judges.py"


rule browse_answers:
    """One page with every question, its answers side by side, ratings and explanations."""
    input:
        answers=JUDGING.answers,
        warned=PROBING.warned(),
        ratings=JUDGING.ratings,
        questions=JUDGING.questions,
        verdicts=JUDGING.verdicts,
        checks=JUDGING.checks,
        labelled=JUDGING.labelled,
    output:
        browser=report(
            "<results>/report/answers.html",
            caption="../report/answers.rst",
            **JUDGING.shown_under(
                "Answers", "Every answer, rating and explanation", "interactive", workflow
            ),
        ),
    log:
        "<logs>/judge/browse_answers.log",
    benchmark:
        "<benchmarks>/judge/browse_answers.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        labels=JUDGING.labels,
        version=VERSIONS["browser"],
    script:
        "../workflow_scripts/browse_answers.py"


# What the report shows of answers and ratings; nothing where no question is asked.
JUDGE_PAGES = (
    (
        [
            *rules.tabulate_judges.output,
            *rules.plot_judges.output,
            *rules.browse_answers.output,
        ]
        if STUDY.judgements
        else []
    )
    + PAIR_PAGES
    + JURY_PAGES
)
