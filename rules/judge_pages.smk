# judge, second part: the judges compared and all answers, as pages of the report.
# In:   <results>/correlate/judges/*.csv, every ratings file, every answers file, the question sets
# Out:  <results>/report/judges.html          the comparison of judges
#       <results>/correlate/judges/gaps.svg   native-translated gap by judge
#       <results>/report/answers.html         the answers browser
# Included by judge.smk, whose judge_files and answers_judged it uses.


include: "common.smk"


from mothertongue.files import read_jsonl
from mothertongue.judge.labels import rating_facts, study_labels
from mothertongue.report.categories import ANSWERS

JUDGE_LABELS = study_labels(STUDY)


def shown_under(topic, item, form):
    """Category, sub-category and labels of an item about answers and judges."""
    labels = {"item": item}
    labels["languages"] = ", ".join(sorted({answers.language for answers in STUDY.answers}))
    labels["judge"] = ", ".join(JUDGE_LABELS["judges"].values())

    def labels_with_facts(wildcards, output):
        """The labels; captions see the configuration, not the files, so n goes in there."""
        workflow.config.setdefault("captions", {})["judge"] = rating_facts(STUDY, questions_there)
        return {**labels, "form": form}

    return {"category": ANSWERS, "subcategory": topic, "labels": labels_with_facts}


def questions_there(questions, language):
    """How many questions a set has in a language."""
    path = f"<results>/answer/questions/{questions}/{language}.jsonl"
    return len(read_jsonl(workflow.pathvars.apply(path)))


def question_sets(wildcards=None):
    """Every question set as used."""
    return sorted(
        {
            f"<results>/answer/questions/{answers.questions}/{answers.language}.jsonl"
            for answers in STUDY.answers
        }
    )


def judge_pages(wildcards=None):
    """What the report shows of answers and ratings; nothing where no question is asked."""
    if not STUDY.judgements:
        return []
    pages = (rules.tabulate_judges, rules.plot_judges, rules.browse_answers)
    return [path for rule in pages for path in rule.output]


rule tabulate_judges:
    """The comparison of judges as one page of sortable tables."""
    input:
        **rules.compare_judges.output,
    output:
        page=report(
            "<results>/report/judges.html",
            caption="../report/judges.rst",
            **shown_under("Judges", "Judges compared", "table"),
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
        labels=JUDGE_LABELS,
        version=VERSIONS["judges"],
    script:
        "../workflow_scripts/tabulate_judges.py"


rule plot_judges:
    """Figure: the native-translated gap by every judge."""
    input:
        gaps=rules.compare_judges.output.gaps,
    output:
        figure=report(
            "<results>/correlate/judges/gaps.svg",
            caption="../report/judges_gaps.rst",
            **shown_under("Judges", "Judges compared", "figure"),
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
        labels=JUDGE_LABELS,
        version=VERSIONS["judges"],
    script:
        "../workflow_scripts/plot_judges.py"


rule browse_answers:
    """One page with every question, its answers side by side, ratings and explanations."""
    input:
        answers=answers_judged,
        ratings=judge_files,
        questions=question_sets,
    output:
        browser=report(
            "<results>/report/answers.html",
            caption="../report/answers.rst",
            **shown_under("Answers", "Every answer, rating and explanation", "interactive"),
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
        labels=JUDGE_LABELS,
        version=VERSIONS["browser"],
    script:
        "../workflow_scripts/browse_answers.py"
