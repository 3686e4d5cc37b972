# report: tables, figures and sentences; `snakemake --report report.html` binds them.
# In:   the scores of a source (study | published) and what correlate makes of them
# Out:  <results>/report/{source}/tables/{group}/{table}.{html,csv,tex}   index.json: labels, captions
#       <results>/report/{source}/scores/{figure}.{svg,png,html}          index.json: labels, captions
# wildcards: source
# Every item's category, labels and caption come from the index that its job writes, so that they
# follow from the scores.


include: "common.smk"
include: "languages.smk"
include: "report_pages.smk"
include: "report_runs.smk"


rule make_tables:
    """Every table of a source as CSV, LaTeX and sortable HTML."""
    input:
        scores=CORRELATING.scores,
        about=CORRELATING.about,
        contrasts="<results>/correlate/{source}/contrasts.csv",
        benchmarks="<results>/correlate/{source}/benchmarks.csv",
        claims="<results>/correlate/{source}/claims.json",
        variances="<results>/correlate/{source}/variance.csv",
        averages=CORRELATING.averages,
    output:
        report(
            directory("<results>/report/{source}/tables"),
            patterns=["{group}/{item}.{form,html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
        ),
    log:
        "<logs>/report/{source}/make_tables.log",
    benchmark:
        "<benchmarks>/report/{source}/make_tables.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        confidence=config["correlate"]["confidence"],
        version=VERSIONS["tables"],
    script:
        "../workflow_scripts/make_tables.py"


rule plot_scores:
    """Scores by training data, on native tests, translated tests and open questions (Figures 1-3)."""
    input:
        scores=CORRELATING.scores,
        about=CORRELATING.about,
    output:
        report(
            directory("<results>/report/{source}/scores"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
        ),
    log:
        "<logs>/report/{source}/plot_scores.log",
    benchmark:
        "<benchmarks>/report/{source}/plot_scores.tsv"
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
        "../workflow_scripts/plot_scores.py"


rule report:
    """Target: everything the report shows."""
    input:
        "<results>/scores.csv",
        "<results>/correlate/study/differences.csv",
        [path for source in REPORTING.sources for path in REPORTING.files(source)],


rule published:
    """Target: the paper's own numbers through this analysis; offline, seconds."""
    input:
        REPORTING.files("published"),
