# report, fourth part: adapters tested in languages that they were not tuned on (evaluate_on).
# In:   scores and items of these tests, and of the untuned bases in the same places; every answers file
# Out:  <results>/correlate/languages/{scores.csv,items.parquet,about.json}   as those of collect_scores
#       <results>/correlate/languages/differences.csv                         tuned minus untuned
#       <results>/correlate/languages/answers.csv                             languages of all answers
#       <results>/report/study/languages/…                                    the page
# wildcards: source (study)
# Gaps between training data never see these scores: scores.csv has no row of them.


include: "common.smk"


from mothertongue.correlate.describe import describe_study


rule collect_other_languages:
    """Every test in a language that an adapter was not tuned on, with the bases' tests there."""
    input:
        evaluations=CORRELATING.other_evaluations(),
        item_tables=CORRELATING.other_item_tables(),
        ratings=[],
    output:
        scores="<results>/correlate/languages/scores.csv",
        item_table="<results>/correlate/languages/items.parquet",
        about="<results>/correlate/languages/about.json",
    log:
        "<logs>/correlate/languages/collect_other_languages.log",
    benchmark:
        "<benchmarks>/correlate/languages/collect_other_languages.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        coverage=config["judge"]["coverage"],
        describe=lambda wildcards: describe_study(STUDY),
        learning_rates=STUDY.learning_rates,
        version=VERSIONS["scores"],
    script:
        "../workflow_scripts/collect_scores.py"


rule compare_languages:
    """Tuned models against their untuned base, in languages that they were not tuned on."""
    input:
        **rules.collect_other_languages.output,
    output:
        "<results>/correlate/languages/differences.csv",
    log:
        "<logs>/correlate/languages/compare_languages.log",
    benchmark:
        "<benchmarks>/correlate/languages/compare_languages.tsv"
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
        version=VERSIONS["languages"],
    script:
        "../workflow_scripts/compare_languages.py"


rule identify_answers:
    """Answers to open questions that are in another language than their question."""
    input:
        answers=JUDGING.answers(),
    output:
        found="<results>/correlate/languages/answers.csv",
    log:
        "<logs>/correlate/languages/identify_answers.log",
    benchmark:
        "<benchmarks>/correlate/languages/identify_answers.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        learning_rates=STUDY.learning_rates,
        version=VERSIONS["languages"],
    script:
        "../workflow_scripts/identify_answers.py"


rule show_languages:
    """What tuning changes in other languages, as a page."""
    input:
        scores="<results>/correlate/languages/scores.csv",
        about="<results>/correlate/languages/about.json",
        compared=rules.compare_languages.output[0],
        answers=rules.identify_answers.output.found if STUDY.answers else [],
    output:
        report(
            directory("<results>/report/{source}/languages"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
        ),
    log:
        "<logs>/report/{source}/show_languages.log",
    benchmark:
        "<benchmarks>/report/{source}/show_languages.tsv"
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
        confidence=config["correlate"]["confidence"],
        version=VERSIONS["languages"],
    script:
        "../workflow_scripts/show_languages.py"
