# report, third part: what was trained, and where the numbers come from.
# In:   history and provenance of every run, evaluations, reports of translations, store of replies
# Out:  <results>/report/study/training/…     learning curves, training sets, costs
#       <results>/report/study/provenance/…   configuration, versions, revisions, hashes, hours, money
# wildcards: source (study)
# Included by report.smk, whose category_of, subcategory_of and labels_of it uses.


include: "common.smk"


from snakemake import __version__ as SNAKEMAKE


def run_files(name):
    """A file of every fine-tuning run."""
    return [f"<results>/finetune/{condition.path}/{name}" for condition in STUDY.conditions]


def translation_reports(wildcards=None):
    """The report of every translated set; a round trip has one for each way."""
    found = []
    for data, scope in STUDY.data_and_scope():
        name = data.removesuffix(ROUND_TRIP)
        if name in STUDY.translators:
            stage = "translate" if data == name else "roundtrip"
            ways = [""] if data == name else [".pivot", ""]
            found += [f"<results>/{stage}/{name}/{scope}{way}.report.json" for way in ways]
    return found


rule plot_training:
    """Learning curves of every run in one figure; rows, tokens, drops and speed in a table."""
    input:
        histories=run_files("history.csv"),
        provenances=run_files("provenance.json"),
    output:
        report(
            directory("<results>/report/{source}/training"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=category_of,
            subcategory=subcategory_of,
            labels=labels_of,
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


rule list_provenance:
    """Configuration, versions, revisions, hashes, hours and money behind the study."""
    input:
        "<results>/scores.csv",
        adapters=run_files("provenance.json"),
        evaluations=evaluation_files(),
        translations=translation_reports(),
        departures=f"{PUBLISHED}/departures.yaml",
    output:
        report(
            directory("<results>/report/{source}/provenance"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=category_of,
            subcategory=subcategory_of,
            labels=labels_of,
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
        study={key: value for key, value in config.items() if key not in ("captions", "findings")},
        about=describe_study(STUDY),
        tools={"Snakemake": SNAKEMAKE},
        store=lambda wildcards, output: str(Path(output[0]).parents[2] / ".work/api/replies.sqlite"),
        benchmarks=workflow.pathvars.apply("<benchmarks>"),
        version=VERSIONS["provenance"],
    script:
        "../workflow_scripts/list_provenance.py"
