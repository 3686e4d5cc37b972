# bundle: a finished study as one folder that others can check, cite and extend, and its check.
# In:   scores by item, ratings and provenance; every table, figure and claim of the study;
#       undeclared: the store of replies and the lock of the hub
# Out:  <results>/bundle/   study.yaml, results/, prompts/, environment/, departures.yaml,
#                           CITATION.bib, croissant.json, checksums.txt, README.md
#       <results>/bundle.zip
# `verify` is run with a bundle's study.yaml as configuration file, makes all tables anew in a folder of
# its own, and prints what differs. It changes nothing.


include: "common.smk"


from mothertongue.rules.bundle import Bundling
from mothertongue.rules.compare import Comparing
from mothertongue.rules.contamination import Contamination
from mothertongue.rules.evaluate import Evaluating

BUNDLING = Bundling(
    PLAN,
    CORRELATING,
    JUDGING,
    REPORTING,
    Contamination(Evaluating(PLAN)),
    Comparing(PLAN).pages(),
)


rule bundle:
    """The study in one folder and one archive: results, prompts, citations, checksums."""
    input:
        BUNDLING.results(),
    output:
        folder=directory("<results>/bundle"),
        archive="<results>/bundle.zip",
    log:
        "<logs>/bundle/bundle.log",
    benchmark:
        "<benchmarks>/bundle/bundle.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        study=REPORTING.configuration(),
        texts=BUNDLING.texts,
        textual=[workflow.pathvars.apply(path) for path in BUNDLING.textual()],
        own=BUNDLING.own_files(),
        root=os.path.relpath(ROOT),
        beside=BUNDLING.beside,
        version=VERSIONS["bundle"],
    script:
        "../workflow_scripts/make_bundle.py"


rule verify:
    """Print whether a bundle's tables can be made anew from its scores by item, or what differs."""
    log:
        "<logs>/bundle/verify.log",
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: lambda wildcards: workflow.cores
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        folder=lambda wildcards: BUNDLING.given(workflow.configfiles),
        root=str(ROOT),
        work=BUNDLING.recomputing,
    script:
        "../workflow_scripts/verify_bundle.py"
