# exchange: how many translated rows a native row is worth, and what to buy.
# In:   scores.csv with the columns native_rows, translated_rows and draw, and the study's about.json;
#       reports of translated sets, for the prices of translators that the study does not state
# Out:  <results>/correlate/study/{exchange,curves,purchase}.csv   rates, learning curves, offers
#       <results>/report/study/exchange/…                          the pages and figures
# wildcards: source (study)
# The report shows it if the study has a section `exchange`, or two sizes of native and translated data.


include: "common.smk"


from mothertongue.rules.exchange import Exchanging

EXCHANGING = Exchanging(STUDY)


rule measure_exchange:
    """Learning curves, exchange rates with their sets, and the cheapest data."""
    input:
        scores="<results>/scores.csv",
        about="<results>/correlate/study/about.json",
        reports=EXCHANGING.reports(),
    output:
        rates="<results>/correlate/study/exchange.csv",
        curves="<results>/correlate/study/curves.csv",
        purchase="<results>/correlate/study/purchase.csv",
    log:
        "<logs>/correlate/study/measure_exchange.log",
    benchmark:
        "<benchmarks>/correlate/study/measure_exchange.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        native_price=EXCHANGING.native_price,
        translated_prices=EXCHANGING.translated_prices,
        goals=EXCHANGING.wish("scores"),
        budgets=EXCHANGING.wish("budgets"),
        confidence=config["correlate"]["confidence"],
        version=VERSIONS["exchange"],
    script:
        "../workflow_scripts/measure_exchange.py"


rule show_exchange:
    """Exchange rates and purchases in sentences and tables, with their figures."""
    input:
        scores="<results>/scores.csv",
        about="<results>/correlate/study/about.json",
        rates=rules.measure_exchange.output.rates,
        curves=rules.measure_exchange.output.curves,
        purchase=rules.measure_exchange.output.purchase,
    output:
        report(
            directory("<results>/report/{source}/exchange"),
            patterns=["{item}.{form,svg|html}"],
            caption="../report/item.rst",
            category=REPORTING.category,
            subcategory=REPORTING.subcategory,
            labels=REPORTING.labels,
        ),
    log:
        "<logs>/report/{source}/show_exchange.log",
    benchmark:
        "<benchmarks>/report/{source}/show_exchange.tsv"
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
        version=VERSIONS["exchange"],
    script:
        "../workflow_scripts/show_exchange.py"
