# correlate, second part: conditions compared with uncertainty, and benchmarks rated.
# In:   scores and description of a source, its scores by item (study only), its correlations
# Out:  <results>/correlate/{source}/contrasts.csv    native, translated, round trip against another
#       <results>/correlate/{source}/benchmarks.csv   would this benchmark notice?
#       <results>/correlate/study/differences.csv     what else differed: rows, answer tokens, steps
#       <results>/correlate/{source}/variance.csv     the noise of one comparison, split
#       <results>/correlate/{source}/claims.json      every claim that the report may word
#       <results>/correlate/{source}/estimates.csv    the numbers behind each claim
# wildcards: source (study | published)
# Columns: see the scripts.


include: "common.smk"


rule compare_conditions:
    """Native, translated and round-trip data against one another, with uncertainty (4.4, 4.5)."""
    input:
        scores=CORRELATING.scores,
        about=CORRELATING.about,
        item_table=CORRELATING.item_table,
    output:
        "<results>/correlate/{source}/contrasts.csv",
    log:
        "<logs>/correlate/{source}/compare_conditions.log",
    benchmark:
        "<benchmarks>/correlate/{source}/compare_conditions.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        resamples=config["correlate"]["resamples"],
        confidence=config["correlate"]["confidence"],
        seed=config["correlate"]["seed"],
        version=VERSIONS["contrasts"],
    script:
        "../workflow_scripts/compare_conditions.py"


rule rate_benchmarks:
    """Would this benchmark notice: gap, wins, correlation and smallest detectable gap of each."""
    input:
        scores=CORRELATING.scores,
        about=CORRELATING.about,
        contrasts="<results>/correlate/{source}/contrasts.csv",
        correlations="<results>/correlate/{source}/correlations.csv",
    output:
        "<results>/correlate/{source}/benchmarks.csv",
    log:
        "<logs>/correlate/{source}/rate_benchmarks.log",
    benchmark:
        "<benchmarks>/correlate/{source}/rate_benchmarks.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        confidence=config["correlate"]["confidence"],
        version=VERSIONS["benchmarks"],
    script:
        "../workflow_scripts/rate_benchmarks.py"


rule state_claims:
    """Every claim of a source: verdicts with intervals, one family of tests per page."""
    input:
        scores=CORRELATING.scores,
        about=CORRELATING.about,
        item_table=CORRELATING.item_table,
    output:
        claims="<results>/correlate/{source}/claims.json",
        estimates="<results>/correlate/{source}/estimates.csv",
    log:
        "<logs>/correlate/{source}/state_claims.log",
    benchmark:
        "<benchmarks>/correlate/{source}/state_claims.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        resamples=config["correlate"]["resamples"],
        confidence=config["correlate"]["confidence"],
        seed=config["correlate"]["seed"],
        margin=CORRELATING.margin,
        version=VERSIONS["claims"],
    script:
        "../workflow_scripts/state_claims.py"


rule tabulate_differences:
    """What else differed between conditions: rows, answer tokens, steps, truncated rows."""
    input:
        CORRELATING.provenances(),
    output:
        "<results>/correlate/study/differences.csv",
    log:
        "<logs>/correlate/study/tabulate_differences.log",
    benchmark:
        "<benchmarks>/correlate/study/tabulate_differences.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        version=VERSIONS["differences"],
    script:
        "../workflow_scripts/tabulate_differences.py"


rule split_variance:
    """What the noise of one comparison is made of: items, clusters, training, models, languages."""
    input:
        scores=CORRELATING.scores,
        about=CORRELATING.about,
        item_table=CORRELATING.item_table,
    output:
        "<results>/correlate/{source}/variance.csv",
    log:
        "<logs>/correlate/{source}/split_variance.log",
    benchmark:
        "<benchmarks>/correlate/{source}/split_variance.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        version=VERSIONS["variance"],
    script:
        "../workflow_scripts/split_variance.py"
