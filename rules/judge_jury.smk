# judge, juries: several judges taken together, and beside one another.
# In:   every member's ratings or verdicts
# Out:  <results>/judge/{jury}/…   the same kinds of file, of a jury
#       <results>/correlate/judges/{alpha,members}.csv
#       <results>/report/jury.html


include: "common.smk"


rule join_ratings:
    """The ratings of a jury's members taken together."""
    input:
        members=JUDGING.members(RATINGS),
    output:
        "<results>/judge/{jury}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl",
    log:
        "<logs>/judge/{jury}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.log",
    benchmark:
        "<benchmarks>/judge/{jury}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        members=JUDGING.member_names,
        by=JUDGING.joined_by,
        version=VERSIONS["jury"],
    script:
        "../workflow_scripts/join_jury.py"


rule join_verdicts:
    """The verdicts of a jury's members taken together."""
    input:
        members=JUDGING.members(PAIRS),
    output:
        "<results>/judge/{jury}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.against-{against}.jsonl",
    log:
        "<logs>/judge/{jury}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.against-{against}.log",
    benchmark:
        "<benchmarks>/judge/{jury}/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.against-{against}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        members=JUDGING.member_names,
        by=JUDGING.joined_by,
        version=VERSIONS["jury"],
    script:
        "../workflow_scripts/join_jury.py"


rule compare_members:
    """Krippendorff's alpha of all judges, how far each is from the rest, and whose kin it is."""
    input:
        ratings=JUDGING.ratings,
        verdicts=JUDGING.verdicts,
    output:
        alpha="<results>/correlate/judges/alpha.csv",
        members="<results>/correlate/judges/members.csv",
    log:
        "<logs>/judge/compare_members.log",
    benchmark:
        "<benchmarks>/judge/compare_members.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        judges=list(STUDY.judges),
        families=JUDGING.families,
        resamples=config["correlate"]["resamples"],
        confidence=config["correlate"]["confidence"],
        seed=config["correlate"]["seed"],
        version=VERSIONS["jury"],
    script:
        "../workflow_scripts/compare_members.py"


rule tabulate_jury:
    """The judges beside one another, as one page of sortable tables."""
    input:
        **rules.compare_members.output,
        warned=PROBING.warned(),
    output:
        page=report(
            "<results>/report/jury.html",
            caption="../report/judges.rst",
            **JUDGING.shown_under("Judges", "Judges as a jury", "table", workflow),
        ),
    log:
        "<logs>/judge/tabulate_jury.log",
    benchmark:
        "<benchmarks>/judge/tabulate_jury.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        page="jury",
        labels=JUDGING.labels,
        version=VERSIONS["jury"],
    script:
        "../workflow_scripts/tabulate_verdicts.py"


JURY_PAGES = [*rules.tabulate_jury.output] if JUDGING.shows_members else []
