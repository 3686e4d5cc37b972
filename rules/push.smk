# push: cards of adapters and translated sets, and their upload to the hub.
# In:   adapters, their provenance and scores (finetune, evaluate); translated sets and their reports
# Out:  <results>/cards/finetune/{model}/{data}/{scope}/{lr}/seed{seed}/README.md
#       <results>/cards/translate/{translator}/{scope}/README.md
# `push` has no output: it uploads to the repository of the key push, or says what it would upload.


include: "common.smk"


from mothertongue.rules.push import Publishing

PUBLISHING = Publishing(PLAN, REPORTING)


rule describe_adapter:
    """The card of one adapter or tuned model."""
    input:
        facts=f"<results>/finetune/{COND}/provenance.json",
        scores=PUBLISHING.scores,
    output:
        f"<results>/cards/finetune/{COND}/README.md",
    log:
        f"<logs>/cards/finetune/{COND}.log",
    benchmark:
        f"<benchmarks>/cards/finetune/{COND}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        about=PUBLISHING.tuned,
        version=VERSIONS["cards"],
    script:
        "../workflow_scripts/write_card.py"


rule describe_translated:
    """The card of one translated set."""
    input:
        facts="<results>/translate/{translator}/{scope}.report.json",
    output:
        "<results>/cards/translate/{translator}/{scope}/README.md",
    log:
        "<logs>/cards/translate/{translator}/{scope}.log",
    benchmark:
        "<benchmarks>/cards/translate/{translator}/{scope}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        about=PUBLISHING.translated,
        version=VERSIONS["cards"],
    script:
        "../workflow_scripts/write_card.py"


rule cards:
    """Target: the cards of all adapters and translated sets."""
    input:
        PUBLISHING.cards(),


rule push:
    """Upload an adapter, a translated set or the bundle to a named repository; a dry run by default."""
    input:
        PUBLISHING.files,
    log:
        "<logs>/push.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        asked=lambda wildcards: {
            **(asked := PUBLISHING.asked()),
            "files": {
                name: workflow.pathvars.apply(path) for name, path in asked["files"].items()
            },
        },
    script:
        "../workflow_scripts/push_results.py"
