# judge, on trial: each judge is asked about answers of which one should win (judge.probe).
# In:   resources/probes/{language}.yaml, or a file in the columns of M-RewardBench (judge.probe.path)
# Out:  <results>/probe/{judge}/{language}.jsonl   what the judge says of each probe
#       <results>/correlate/judges/probes.csv, <results>/report/probes.html
#       <results>/probe/warnings.json              words beside the name of a judge that fails
# wildcards: judge, language


include: "common.smk"


rule probe_judge:
    """What one judge says of the probes in one language."""
    input:
        probes=PROBING.probes,
    output:
        found="<results>/probe/{judge}/{language}.jsonl",
    log:
        "<logs>/probe/{judge}/{language}.log",
    benchmark:
        "<benchmarks>/probe/{judge}/{language}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        spec=JUDGING.spec,
        operating=JUDGING.calling,
        version=VERSIONS["probe"],
    script:
        "../workflow_scripts/probe_judge.py"


rule tabulate_probes:
    """Accuracy, length and position preference of every judge."""
    input:
        found=PROBING.found,
    output:
        table="<results>/correlate/judges/probes.csv",
        warned="<results>/probe/warnings.json",
        page=report(
            "<results>/report/probes.html",
            caption="../report/probes.rst",
            **JUDGING.shown_under("Judges", "Judges on trial", "table", workflow),
        ),
    log:
        "<logs>/probe/tabulate.log",
    benchmark:
        "<benchmarks>/probe/tabulate.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **PROBING.untried,
        labels=JUDGING.labels,
        confidence=config["correlate"]["confidence"],
        version=VERSIONS["probe"],
    script:
        "../workflow_scripts/tabulate_probes.py"


rule probe:
    """Target: every judge on trial."""
    input:
        PROBING.warned(),


# what the report shows of probes, where the study asks for them
PROBE_PAGES = list(rules.tabulate_probes.output) if PROBING.found() else []
