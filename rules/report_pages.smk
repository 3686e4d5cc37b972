# report, second part: the answers in sentences, gaps against scores, ours beside published.
# In:   scores, description, gaps, contrasts and benchmarks of a source; the register of departures
# Out:  <results>/report/{source}/findings/{findings.json, answer.html, …}   sentences and screen one
#       <results>/report/{source}/gaps/…, <results>/report/study/beside/…    index.json as everywhere
# wildcards: source


include: "common.smk"


rule write_findings:
    """The claims in words, a table and a forest plot; shown on the report's first page."""
    input:
        scores=CORRELATING.scores,
        about=CORRELATING.about,
        claims="<results>/correlate/{source}/claims.json",
        differences=REPORTING.differences,
    output:
        report(
            directory("<results>/report/{source}/findings"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
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
        scores=CORRELATING.scores,
        about=CORRELATING.about,
        gaps="<results>/correlate/{source}/gaps.csv",
        correlations="<results>/correlate/{source}/correlations.csv",
    output:
        report(
            directory("<results>/report/{source}/gaps"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
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
        scores=CORRELATING.scores,
        about=CORRELATING.about,
        published=f"{PUBLISHED}/scores.csv",
        published_about=f"{PUBLISHED}/about.json",
        departures=f"{PUBLISHED}/departures.yaml",
    output:
        report(
            directory("<results>/report/{source}/beside"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
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
