# plant: the demo with an effect of your choice, to see what the report says of it.
#   snakemake plant --cores all --config effect=0.5     1 planted in full, 0.5 half, 0 none, -1 reversed
# out:  <results>/plant/{effect}/study.yaml, data/     the demo's study, and its data with the effect
#       <results>/plant/{effect}/results/              everything that the study makes
#       <results>/plant/{effect}/report.html           its report


include: "common.smk"


from mothertongue.plant.study import effect_of

try:
    EFFECT_NAME = effect_of(EFFECT)
except InputError as error:
    raise refusal(error) from None


rule plant_data:
    """Write the demo's study with data of an effect."""
    output:
        study="<results>/plant/{effect}/study.yaml",
        data=directory("<results>/plant/{effect}/data"),
    log:
        "<logs>/plant/{effect}.data.log",
    wildcard_constraints:
        effect=r"-?[0-9.]+",
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    params:
        demo=os.path.relpath(ROOT),
        version=VERSIONS["plant"],
    script:
        "../workflow_scripts/plant_data.py"


rule plant_study:
    """Run the study, and make its report."""
    input:
        study="<results>/plant/{effect}/study.yaml",
    output:
        report="<results>/plant/{effect}/report.html",
    log:
        "<logs>/plant/{effect}.study.log",
    wildcard_constraints:
        effect=r"-?[0-9.]+",
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 128  # as many as there are
    params:
        snakefile=os.path.relpath(ROOT / "Snakefile"),
    script:
        "../workflow_scripts/run_planted.py"


rule plant:
    """The study with the effect that --config effect=… names."""
    input:
        f"<results>/plant/{EFFECT_NAME}/report.html",
