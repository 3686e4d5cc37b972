# judge, beside it: labels by people (judge.people).
# In:   every answers file of a language; the files that annotators return (judge.people.labels)
# Out:  <results>/people/export/{language}/   each annotator's CSV, JSON Lines, Label Studio, Argilla, page
#       <results>/people/key/{language}.jsonl   the blind key: which condition an item is; not for annotators
#       <results>/people/labels.jsonl           labels with their conditions
#       <results>/correlate/people/{agreement,beside,gaps}.csv, <results>/report/people.html
# wildcards: language


include: "common.smk"


from mothertongue.rules.people import People

PEOPLE = People(STUDY)


rule draw_people:
    """A stratified, blind sample of the answers in one language, as files to label in."""
    input:
        answers=PEOPLE.answers,
        guidelines=PEOPLE.guidelines,
    output:
        folder=directory("<results>/people/export/{language}"),
        key="<results>/people/key/{language}.jsonl",
    log:
        "<logs>/people/{language}.log",
    benchmark:
        "<benchmarks>/people/{language}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        sample=PEOPLE.sample,
        version=VERSIONS["people"],
    script:
        "../workflow_scripts/draw_people.py"


rule export_people:
    """Target: everything that annotators need, in every language."""
    input:
        PEOPLE.keys,


rule import_people:
    """The labels that annotators returned, with their conditions."""
    input:
        key=PEOPLE.keys,
        files=PEOPLE.files,
    output:
        labels="<results>/people/labels.jsonl",
    log:
        "<logs>/people/import.log",
    benchmark:
        "<benchmarks>/people/import.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        version=VERSIONS["people"],
    script:
        "../workflow_scripts/import_people.py"


rule compare_people:
    """People among themselves and beside each judge; judges' gaps corrected by people."""
    input:
        labels=rules.import_people.output.labels,
        ratings=PEOPLE.ratings,
        warned=PROBING.warned(),
    output:
        agreement="<results>/correlate/people/agreement.csv",
        beside="<results>/correlate/people/beside.csv",
        gaps="<results>/correlate/people/gaps.csv",
        page=report(
            "<results>/report/people.html",
            caption="../report/people.rst",
            **JUDGING.shown_under("People", "People and judges", "table", workflow),
        ),
    log:
        "<logs>/people/compare.log",
    benchmark:
        "<benchmarks>/people/compare.tsv"
    localrule: True
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        labels=JUDGING.labels,
        confidence=config["correlate"]["confidence"],
        seed=config["correlate"]["seed"],
        version=VERSIONS["people"],
    script:
        "../workflow_scripts/compare_people.py"


# what the report shows of people's labels, once the study names them
PEOPLE_PAGES = list(rules.compare_people.output) if PEOPLE.returned else []
