# benchmarks: the public benchmarks of a language, how far they can be trusted, and a suite of them.
#   snakemake benchmarks --cores 1 --quiet all --config language=sw    without it: the study's languages
# Reads resources/benchmarks.yaml; makes nothing but its log.


include: "common.smk"


from mothertongue.rules.benchmarks import languages_to_show

try:
    SHOWN = languages_to_show(STUDY, LANGUAGE)
except InputError as error:
    raise refusal(error) from None


rule benchmarks:
    """Print the public benchmarks that hold a language, and the smallest suite of them."""
    log:
        "<logs>/benchmarks.log",
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    params:
        languages=SHOWN,
    script:
        "../workflow_scripts/show_benchmarks.py"
