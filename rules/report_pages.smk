# report, second part: the answers in sentences, gaps against scores, ours beside published.
# In:   scores, description, gaps, contrasts and benchmarks of a source; the register of departures
# Out:  <results>/report/{source}/findings/{findings.json, answer.html, …}   sentences and screen one
#       <results>/report/{source}/gaps/…, <results>/report/study/beside/…    index.json as everywhere
# wildcards: source
# Included by report.smk, whose category_of, subcategory_of and labels_of it uses.


include: "common.smk"


def differences_of(wildcards):
    """What else differed between the conditions of a source; nobody knows it of published ones."""
    study = wildcards.source == "study"
    return "<results>/correlate/study/differences.csv" if study else []


rule write_findings:
    """The claims in words, a table and a forest plot; shown on the report's first page."""
    input:
        scores=scores_of,
        about=about_of,
        claims="<results>/correlate/{source}/claims.json",
        differences=differences_of,
    output:
        report(
            directory("<results>/report/{source}/findings"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=category_of,
            subcategory=subcategory_of,
            labels=labels_of,
        ),
    log:
        "<logs>/report/{source}/write_findings.log",
    benchmark:
        "<benchmarks>/report/{source}/write_findings.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        version=VERSIONS["findings"],
    script:
        "../workflow_scripts/write_findings.py"


rule plot_gaps:
    """The gap against the score (Figure 4)."""
    input:
        scores=scores_of,
        about=about_of,
        gaps=rules.correlate_gaps.output.gaps,
        correlations=rules.correlate_gaps.output.correlations,
    output:
        report(
            directory("<results>/report/{source}/gaps"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=category_of,
            subcategory=subcategory_of,
            labels=labels_of,
        ),
    log:
        "<logs>/report/{source}/plot_gaps.log",
    benchmark:
        "<benchmarks>/report/{source}/plot_gaps.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        version=VERSIONS["figures"],
    script:
        "../workflow_scripts/plot_gaps.py"


rule compare_published:
    """Every score that the published study has, too, beside it."""
    input:
        scores=scores_of,
        about=about_of,
        published=f"{PUBLISHED}/scores.csv",
        published_about=f"{PUBLISHED}/about.json",
        departures=f"{PUBLISHED}/departures.yaml",
    output:
        report(
            directory("<results>/report/{source}/beside"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=category_of,
            subcategory=subcategory_of,
            labels=labels_of,
        ),
    log:
        "<logs>/report/{source}/compare_published.log",
    benchmark:
        "<benchmarks>/report/{source}/compare_published.tsv"
    wildcard_constraints:
        source="study",
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        version=VERSIONS["beside"],
    script:
        "../workflow_scripts/compare_published.py"
