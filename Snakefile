"""mothertongue: is translated instruction data good enough, and would the benchmark notice?"""

from snakemake.utils import min_version

min_version("9.27")

if "study" not in config and not workflow.configfiles:  # the demo; it completes no study

    configfile: "config.yaml"


report: "report/workflow.rst"


resource_scopes:
    gpu="local",


include: "rules/common.smk"
include: "rules/cluster.smk"
include: "rules/sample.smk"
include: "rules/translated.smk"
include: "rules/translate.smk"
include: "rules/roundtrip.smk"
include: "rules/finetune.smk"
include: "rules/evaluate.smk"
include: "rules/answer.smk"
include: "rules/judge.smk"
include: "rules/correlate.smk"
include: "rules/report.smk"
include: "rules/exchange.smk"
include: "rules/contamination.smk"
include: "rules/estimate.smk"
include: "rules/replies.smk"
include: "rules/progress.smk"
include: "rules/tasks.smk"
include: "rules/benchmarks.smk"
include: "rules/compare.smk"
include: "rules/bundle.smk"
include: "rules/push.smk"
include: "rules/plant.smk"


rule all:
    """Everything of the study: scores, tables and figures."""
    default_target: True
    input:
        rules.report.input,
        QUALITY_PAGES,
        JUDGE_PAGES,
        PEOPLE_PAGES,
        PROBE_PAGES,
        rules.contamination.input,
        rules.compare.input,
