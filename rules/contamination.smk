# contamination: test items that stand in training sets.
# In:   datasets that conditions are trained on (sample, translate, roundtrip), benchmark files (evaluate)
# Out:  <results>/sample/contamination/{benchmark}/{language}.json   per training set: items and rows, examples
#       <results>/report/study/contamination                         a page of the report
# wildcards: benchmark, language


include: "common.smk"


from mothertongue.correlate.describe import describe_study
from mothertongue.rules.contamination import Contamination
from mothertongue.rules.evaluate import Evaluating

SEARCHED = Evaluating(PLAN)
CONTAMINATION = Contamination(SEARCHED)


rule find_contamination:
    """Search the training sets of one language for the items of one benchmark."""
    input:
        test=SEARCHED.items,
        sets=CONTAMINATION.datasets,
    output:
        found="<results>/sample/contamination/{benchmark}/{language}.json",
    log:
        "<logs>/sample/contamination/{benchmark}/{language}.log",
    benchmark:
        "<benchmarks>/sample/contamination/{benchmark}/{language}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        task=CONTAMINATION.task,
        tasks=TASKS,
        files=CONTAMINATION.files,
        sets=CONTAMINATION.names,
        lock=LOCK,
        version=VERSIONS["contamination"],
    script:
        "../workflow_scripts/find_contamination.py"


rule list_contamination:
    """The page of the report: which training sets hold test items."""
    input:
        found=CONTAMINATION.searches,
    output:
        report(
            directory("<results>/report/{source}/contamination"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
        ),
    log:
        "<logs>/report/{source}/list_contamination.log",
    benchmark:
        "<benchmarks>/report/{source}/list_contamination.tsv"
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
        version=VERSIONS["contamination"],
    script:
        "../workflow_scripts/list_contamination.py"


rule contamination:
    """Target: test items in training sets, without training anything."""
    input:
        CONTAMINATION.pages(),
