# report: tables, figures and sentences; `snakemake --report report.html` binds them.
# In:   the scores of a source (study | published) and what correlate makes of them
# Out:  <results>/report/{source}/tables/{group}/{table}.{html,csv,tex}   index.json: labels, captions
#       <results>/report/{source}/scores/{figure}.{svg,png,html}          index.json: labels, captions
# wildcards: source
# Every item's category, labels and caption come from the index that its job writes, so that they
# follow from the scores.


include: "common.smk"


import json

from mothertongue.report.page import as_rst

SOURCES = ["study", "published"] if config["report"]["published"] else ["study"]


def entry_of(wildcards, output):
    """What the index of a folder says of one of its files."""
    index = json.loads(Path(output[0], "index.json").read_text(encoding="utf-8"))
    group = f"{wildcards.group}/" if "group" in wildcards.keys() else ""
    entry = index[f"{group}{wildcards.item}.{wildcards.form}"]
    # report/item.rst shows the caption: captions see the configuration, not the files.
    key = f"{wildcards.source}/{group}{wildcards.item}"
    workflow.config.setdefault("captions", {})[key] = as_rst(entry["caption"])
    screen = Path(output[0], "screen.fragment")
    if screen.is_file():  # for report/workflow.rst, rendered after every item
        found = screen.read_text(encoding="utf-8")
        workflow.config.setdefault("findings", {})[wildcards.source] = found
    return entry


def category_of(wildcards, output):
    """Category of an item."""
    return entry_of(wildcards, output)["category"]


def subcategory_of(wildcards, output):
    """Sub-category of an item."""
    return entry_of(wildcards, output)["subcategory"]


def labels_of(wildcards, output):
    """Labels of an item."""
    return entry_of(wildcards, output)["labels"]


def averages_of(wildcards):
    """Averages as the paper prints them; a study has its own."""
    return [f"{PUBLISHED}/averages.csv"] if wildcards.source == "published" else []


rule make_tables:
    """Every table of a source as CSV, LaTeX and sortable HTML."""
    input:
        scores=scores_of,
        about=about_of,
        contrasts="<results>/correlate/{source}/contrasts.csv",
        benchmarks="<results>/correlate/{source}/benchmarks.csv",
        claims="<results>/correlate/{source}/claims.json",
        variances="<results>/correlate/{source}/variance.csv",
        averages=averages_of,
    output:
        report(
            directory("<results>/report/{source}/tables"),
            patterns=["{group}/{item}.{form,html}"],
            caption="../report/item.rst",
            category=category_of,
            subcategory=subcategory_of,
            labels=labels_of,
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
        scores=scores_of,
        about=about_of,
    output:
        report(
            directory("<results>/report/{source}/scores"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=category_of,
            subcategory=subcategory_of,
            labels=labels_of,
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


include: "report_pages.smk"
include: "report_runs.smk"


def report_files(source):
    """Everything the report shows of a source."""
    parts = ["findings", "tables", "scores", "gaps"]
    if source == "study":
        parts += ["training", "provenance"] + ["beside"] * config["report"]["published"]
    return [f"<results>/report/{source}/{part}" for part in parts]


rule report:
    """Target: everything the report shows."""
    input:
        "<results>/scores.csv",
        "<results>/correlate/study/differences.csv",
        [path for source in SOURCES for path in report_files(source)],


rule published:
    """Target: the paper's own numbers through this analysis; offline, seconds."""
    input:
        report_files("published"),
