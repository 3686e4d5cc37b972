# report, third part: what was trained, and where the numbers come from. wildcards: source (study)
# In:   history and provenance of every run, evaluations, reports of translations, store of replies
# Out:  <results>/report/study/training/…     learning curves, training sets, costs
#       <results>/report/study/provenance/…   configuration, versions, revisions, hashes, hours, money


include: "common.smk"


from snakemake import __version__ as SNAKEMAKE

from mothertongue.correlate.describe import describe_study
from mothertongue.rules.contamination import Contamination
from mothertongue.rules.evaluate import Evaluating

TEST_ITEMS = Contamination(Evaluating(PLAN))


rule plot_training:
    """Learning curves of every run in one figure; rows, tokens, drops and speed in a table."""
    input:
        histories=CORRELATING.histories(),
        provenances=CORRELATING.provenances(),
    output:
        report(
            directory("<results>/report/{source}/training"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
        ),
    log:
        "<logs>/report/{source}/plot_training.log",
    benchmark:
        "<benchmarks>/report/{source}/plot_training.tsv"
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
        about=describe_study(STUDY),
        version=VERSIONS["training"],
    script:
        "../workflow_scripts/plot_training.py"


rule measure_data:
    """Rows, turns, lengths, duplicates and languages of one training set."""
    input:
        dataset=REPORTING.dataset,
    output:
        measured="<results>/sample/measures/{data}/{scope}.json",
    log:
        "<logs>/sample/measures/{data}/{scope}.log",
    benchmark:
        "<benchmarks>/sample/measures/{data}/{scope}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        version=VERSIONS["data"],
    script:
        "../workflow_scripts/measure_data.py"


rule describe_data:
    """What the training sets are like, as a page."""
    input:
        measured=REPORTING.measured(),
        found=TEST_ITEMS.searches(),
    output:
        report(
            directory("<results>/report/{source}/data"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
        ),
    log:
        "<logs>/report/{source}/describe_data.log",
    benchmark:
        "<benchmarks>/report/{source}/describe_data.tsv"
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
        sets=REPORTING.data_sets(),
        about=describe_study(STUDY),
        version=VERSIONS["data"],
    script:
        "../workflow_scripts/describe_data.py"


rule list_provenance:
    """Configuration, versions, revisions, hashes, hours and money behind the study."""
    input:
        "<results>/scores.csv",
        adapters=CORRELATING.provenances(),
        evaluations=TEST_ITEMS.evaluating.scores(),
        answers=CORRELATING.answer_provenances(),
        translations=REPORTING.translation_reports(),
        departures=f"{PUBLISHED}/departures.yaml",
    output:
        report(
            directory("<results>/report/{source}/provenance"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
        ),
    log:
        "<logs>/report/{source}/list_provenance.log",
    benchmark:
        "<benchmarks>/report/{source}/list_provenance.tsv"
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
        study=REPORTING.configuration(),
        about=describe_study(STUDY),
        tools={"Snakemake": SNAKEMAKE},
        store=REPORTING.store,
        benchmarks=workflow.pathvars.apply("<benchmarks>"),
        version=VERSIONS["provenance"],
    script:
        "../workflow_scripts/list_provenance.py"
