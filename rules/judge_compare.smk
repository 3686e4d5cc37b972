# judge, between its two other parts: the judges compared with one another.
# In:   every ratings file
# Out:  <results>/correlate/judges/{coverage,agreement,lengths,gaps,dependence}.csv


include: "common.smk"


rule compare_judges:
    """Coverage, agreement, answer length, and the native-translated gap by judge."""
    input:
        ratings=JUDGING.ratings,
    output:
        coverage="<results>/correlate/judges/coverage.csv",
        agreement="<results>/correlate/judges/agreement.csv",
        lengths="<results>/correlate/judges/lengths.csv",
        gaps="<results>/correlate/judges/gaps.csv",
        dependence="<results>/correlate/judges/dependence.csv",
    log:
        "<logs>/judge/compare_judges.log",
    benchmark:
        "<benchmarks>/judge/compare_judges.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        **JUDGING.juries,
        judges=list(STUDY.raters()),
        enough=config["judge"]["coverage"],
        resamples=config["correlate"]["resamples"],
        confidence=config["correlate"]["confidence"],
        seed=config["correlate"]["seed"],
        version=VERSIONS["judges"],
    script:
        "../workflow_scripts/compare_judges.py"
