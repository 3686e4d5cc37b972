"""Foreign workflows that use one stage each: the examples of docs/modules.md, as they stand there."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, run_snakemake
from foreign import snakefile
from labelling import answer_files, returned_in_every_form
from mothertongue.files import read_jsonl, write_json, write_jsonl
from standin_batch import JudgeServer


def example(stage: str) -> str:
    """The Snakefile of a section of the page."""
    page = (ROOT / "docs" / "modules.md").read_text(encoding="utf-8")
    return re.search(rf"^## {stage}\n.*?```python\n(.*?)```", page, re.DOTALL | re.MULTILINE)[1]


@pytest.fixture
def foreign(tmp_path):
    """Run a stage's example in a folder of its own, whose files a function lays out."""

    def run(stage: str) -> Path:
        (tmp_path / "mothertongue").symlink_to(ROOT)
        (tmp_path / "Snakefile").write_text(example(stage), encoding="utf-8")
        done = run_snakemake("--cores", "1", cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        assert not (tmp_path / "results").exists(), "everything goes where pathvars say"
        again = run_snakemake("--dry-run", cwd=tmp_path)
        assert "Nothing to be done" in again.stdout + again.stderr
        return tmp_path / "ours"

    return run


@pytest.mark.slow
def test_only_translate(foreign, tmp_path):
    source = "What is the capital of Peru?", "Lima is the capital of Peru."
    target = "¿Cuál es la capital de Perú?", "Lima es la capital de Perú."
    languages = {"source_language": "en", "target_language": "es"}
    write_jsonl(
        tmp_path / "memory.jsonl",
        [{**languages, "source": s, "target": t} for s, t in zip(source, target)],
    )
    row = {"id": "a", "language": "en", "instruction": source[0], "output": source[1]}
    row["origin"] = {"dataset": "ours", "target_language": "es"}
    write_jsonl(tmp_path / "ours/sample/english/es.jsonl", [row])
    (translated,) = read_jsonl(foreign("translate") / "translate/memory/es.jsonl")
    assert (translated["instruction"], translated["output"]) == target
    assert translated["language"] == "es"


@pytest.mark.slow
def test_only_evaluate(foreign, tmp_path):
    from tiny_models import save_model

    save_model(tmp_path / "models" / "mine")
    items = SMALL / "resources/demo/benchmarks/choice_native_es.test.jsonl"
    shutil.copy(items, tmp_path / "exam_es.jsonl")
    ours = foreign("evaluate")
    path = ours / "evaluate/mine/base/none/none/seed0/exam/es.json"
    score = json.loads(path.read_text(encoding="utf-8"))
    assert score["benchmark"] == "exam"
    assert score["n"] == len(read_jsonl(tmp_path / "exam_es.jsonl"))


@pytest.mark.slow
def test_only_judge_somebody_elses_answers(foreign, tmp_path):
    cell = "theirs/native/es/high/seed1/questions/es.jsonl"
    answers = [
        {"id": "a", "prompt": "¿Qué?", "answer": "Un plato", "reference": "Un plato"},
        {"id": "b", "prompt": "¿Qué?", "answer": "zzz", "reference": "Un plato de huevos"},
    ]
    write_jsonl(tmp_path / "ours/answer" / cell, answers)
    ratings = read_jsonl(foreign("judge") / "judge/overlap" / cell)
    assert [(row["id"], row["rating"]) for row in ratings] == [("a", 5.0), ("b", 1.0)]


@pytest.mark.slow
def test_only_people_label_somebody_elses_answers(foreign, tmp_path):
    answer_files(tmp_path / "ours")
    ours = foreign("people")
    rows = read_jsonl(ours / "people/export/es/ana.jsonl")
    assert len(rows) > 12 and not (ours / "report/people.html").exists()
    said = {row["item"]: str(1 + n % 5) for n, row in enumerate(rows)}
    returned_in_every_form(ours / "people/export/es", "ana", said, tmp_path / "returned")
    assert len(list((tmp_path / "returned").iterdir())) == 5  # a fifth of the items in each
    done = run_snakemake("--cores", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    labels = read_jsonl(ours / "people/labels.jsonl")
    assert {row["item"]: row["choice"] for row in labels} == said
    with (ours / "correlate/people/gaps.csv").open(newline="") as handle:
        found = {row["against"]: row for row in csv.DictReader(handle)}
    assert set(found) == {"translated", "fluent", "literal"}
    assert all(
        float(row["low"]) < float(row["corrected"]) < float(row["high"]) for row in found.values()
    )
    (tmp_path / "returned/luis.jsonl").write_text('{"item": "x", "label": "1"}\n', encoding="utf-8")
    broken = run_snakemake("--cores", "1", cwd=tmp_path)
    assert broken.returncode != 0
    assert "returned/luis.jsonl, row 1: item 'x' is not in the key" in broken.stdout + broken.stderr


@pytest.mark.slow
def test_only_probes_of_a_judge(tmp_path):
    """With a file in the columns of M-RewardBench; then with our own probes."""
    rows = [
        {"id": n, "prompt": f"¿{n}?", "chosen": "bien", "rejected": "mal " * (n % 3 + 1), "subset": f"part{n % 2}", "language": "spa_Latn"}
        for n in range(8)
    ]  # fmt: skip
    write_jsonl(tmp_path / "reward-bench.jsonl", [*rows, {**rows[0], "language": "fra_Latn"}])
    (tmp_path / "mothertongue").symlink_to(ROOT)

    def reply(prompt, nth):  # likes length: right about what is short and wrong
        return f"[[{min(5, 1 + len(prompt.split('[Response]')[-1]) // 4)}]]"

    with JudgeServer(reply=reply) as server:
        text = example("probe").replace("http://localhost:8000/v1", server.openai)
        (tmp_path / "Snakefile").write_text(text, encoding="utf-8")
        done = run_snakemake("--cores", "1", cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        assert server.requests == 16  # each answer once
        with (tmp_path / "ours/correlate/judges/probes.csv").open(newline="") as handle:
            found = {(r["language"], r["kind"]): r for r in csv.DictReader(handle)}
        assert set(found) == {("", ""), ("es", ""), ("es", "part0"), ("es", "part1")}
        assert int(found["es", ""]["probes"]) == 8 and found["es", ""]["passes"] == "false"
        warned = json.loads((tmp_path / "ours/probe/warnings.json").read_text(encoding="utf-8"))
        assert warned["mine"].startswith(" (fails probes: es ")
        own = text.replace('{"path": "reward-bench.jsonl"}', "{}")
        (tmp_path / "Snakefile").write_text(own, encoding="utf-8")
        done = run_snakemake("--cores", "1", cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        assert server.requests == 16 + 36  # a right answer and five others, of six questions
    (tmp_path / "Snakefile").write_text(text, encoding="utf-8")
    (tmp_path / "reward-bench.jsonl").unlink()
    shutil.rmtree(tmp_path / "ours")
    lacking = run_snakemake("--dry-run", cwd=tmp_path)
    assert lacking.returncode != 0 and "reward-bench.jsonl" in lacking.stdout + lacking.stderr


@pytest.mark.slow
def test_only_correlate_somebody_elses_scores(foreign, tmp_path):
    published = ROOT / "resources" / "published"
    rows = (published / "scores.csv").read_text(encoding="utf-8").replace("published,", "study,")
    (tmp_path / "ours/correlate/study").mkdir(parents=True)
    (tmp_path / "ours/scores.csv").write_text(rows, encoding="utf-8")
    about = json.loads((published / "about.json").read_text(encoding="utf-8"))
    write_json(tmp_path / "ours/correlate/study/about.json", {**about, "source": "study"})
    with (foreign("correlate") / "correlate/study/correlations.csv").open(newline="") as handle:
        found = list(csv.DictReader(handle))
    assert {row["benchmark"] for row in found} == set(about["benchmarks"])
    assert all(-1 < float(row["r"]) < 1 and int(row["points"]) >= 8 for row in found)


@pytest.mark.slow
def test_only_the_exchange_rate_of_somebody_elses_scores(foreign, tmp_path):
    from simulated_sizes import Truth, write

    truths = {
        "es": Truth("4", 4, training=0.5, offset=0.2, by_size=0.2),
        "zh": Truth("20 lower", 1.5, 20),
    }
    write(tmp_path / "ours", truths)
    ours = foreign("exchange")
    with (ours / "correlate/study/exchange.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    spanish = [row for row in rows if (row["language"], row["rows"]) == ("es", "500")]
    assert spanish[0]["verdict"] == "rate"
    assert float(spanish[0]["low"]) < 4 < float(spanish[0]["high"])
    assert {row["verdict"] for row in rows if row["language"] == "zh"} == {"plateau"}
    page = (ours / "report/study/exchange/exchange.html").read_text(encoding="utf-8")
    assert "At 500 native rows, one native row is worth" in page
    assert "a plateau cannot be bought" in page
    for name in ("learning-curves.svg", "score-by-dollars.svg", "purchase.html"):
        assert (ours / "report/study/exchange" / name).stat().st_size > 2000


@pytest.mark.slow
def test_only_compare_somebody_elses_runs(foreign, tmp_path):
    for name, right in (("before", 20), ("after", 35)):
        rows = "".join(f"{number},{int(number < right)}\n" for number in range(40))
        (tmp_path / f"{name}.csv").write_text(f"item,score\n{rows}", encoding="utf-8")
    ours = foreign("compare") / "compare"
    (row,) = json.loads((ours / "mine.json").read_text(encoding="utf-8"))["results"]
    assert (row["first"], row["second"], row["verdict"]) == ("before", "after", "better")
    assert "after better" in (ours / "mine.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_mistake_in_what_is_given_is_still_refused(tmp_path):
    (tmp_path / "mothertongue").symlink_to(ROOT)
    wrong = example("judge").replace('"backend": "overlap"', '"backend": "overlp"')
    (tmp_path / "Snakefile").write_text(wrong, encoding="utf-8")
    refused = run_snakemake("--dry-run", cwd=tmp_path)
    assert refused.returncode != 0
    said = refused.stdout + refused.stderr
    assert "1 mistake in the study configuration" in said
    assert "judge.judges.overlap.backend: 'overlp' is not one of" in said


# -- every rule file alone -----------------------------------------------------------------------


class Job(NamedTuple):
    """One job of a plan: what it reads and writes."""

    rule: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


DEMO, OWN, ELSEWHERE = "config.yaml", "studies/own-data.yaml", "elsewhere.yaml"
SIZES = "studies/exchange.yaml"
TARGETS = {
    DEMO: [
        "all",
        "contamination",
        "estimate",
        "plant",
        "prefetch",
        "bundle",
        "cards",
        "results/evaluate/data/cmmlu/test.parquet",
    ],
    OWN: ["translated"],  # the demo has no rows that were translated elsewhere
    ELSEWHERE: ["all", "records"],  # the demo compares no logs, tests nothing in another language
    SIZES: ["results/sample/draws/native/es/1000_draw1.jsonl"],  # the demo draws no rows
}
STUDIES = {
    "translated.smk": OWN,
    "languages.smk": ELSEWHERE,
    "keep.smk": ELSEWHERE,
    "judge_pairs.smk": ELSEWHERE,
    "judge_jury.smk": ELSEWHERE,
    "exchange.smk": ELSEWHERE,
    "compare.smk": ELSEWHERE,
    "people.smk": ELSEWHERE,
    "probe.smk": ELSEWHERE,
    "draws.smk": SIZES,
}  # others: the demo
PRINTING = ("benchmarks.smk", "progress.smk", "replies.smk", "tasks.smk")


def write_elsewhere(folder: Path) -> None:
    """The demo with adapters that are tested in every language, with the best translations and `exchange`."""
    config = yaml.safe_load((ROOT / DEMO).read_text(encoding="utf-8"))
    config["conditions"][0]["evaluate_on"] = "all"
    translators = config["translate"]["translators"]
    keep = {"best": 0.5, "by": "roundtrip-chrf"}
    translators["best"] = {**translators["fluent"], "label": "Best", "keep": keep}
    config["conditions"].append({**config["conditions"][0], "data": ["best"]})
    duel = {"backend": "openai", "base_url": "http://localhost:1/v1", "mode": "pairwise"}
    config["judge"]["judges"] |= {name: {**duel, "model": name} for name in ("a", "b")}
    config["judge"]["judges"]["rater"] = {**duel, "mode": "rating", "model": "c"}
    config["judge"]["juries"] = {"raters": {}, "duels": {"mode": "pairwise"}}
    config["exchange"] = {}
    config["compare"] = {"pair": {"runs": ["one=one.csv", "two=two.csv"]}}
    for name in ("one", "two"):
        (folder / f"{name}.csv").write_text("item,score\n1,1\n2,0\n", encoding="utf-8")
    config["judge"]["probe"] = {}
    config["judge"]["people"] = {"items": 12, "labels": "labels/*"}
    (folder / ELSEWHERE).write_text(yaml.safe_dump(config), encoding="utf-8")


@pytest.fixture(scope="module")
def planned_jobs(tmp_path_factory) -> dict[str, dict[str, Job]]:
    """Study -> rule -> one of its jobs in the plan of its targets."""
    folder = checkout(tmp_path_factory.mktemp("demo"), demo=True)
    write_elsewhere(folder)
    block = re.compile(r"^(?:local)?rule (\w+):\n((?: {4}.*\n)+)", re.MULTILINE)
    found: dict[str, dict[str, Job]] = {}
    for study, targets in TARGETS.items():
        plan = run_snakemake("--dry-run", *targets, "--configfile", study, cwd=folder)
        assert plan.returncode == 0, plan.stdout + plan.stderr
        found[study] = {}
        for name, body in block.findall(plan.stdout + plan.stderr):
            keys = dict(re.findall(r"^ {4}(input|output): (.*)$", body, re.MULTILINE))
            reads, writes = (
                tuple(filter(None, keys.get(k, "").split(", "))) for k in ("input", "output")
            )
            found[study].setdefault(name, Job(name, reads, writes))
    return found


RULE_FILES = sorted(path.name for path in (ROOT / "rules").glob("*.smk"))


@pytest.mark.slow
@pytest.mark.parametrize("name", RULE_FILES)
def test_every_rule_file_is_a_module_by_itself(tmp_path, planned_jobs, name):
    """It loads alone, and each of its rules is planned where what it reads is there."""
    (tmp_path / "mothertongue").symlink_to(ROOT)
    (tmp_path / "resources").symlink_to(ROOT / "resources")
    study = STUDIES.get(name, DEMO)
    jobs_of = planned_jobs[study]
    write_elsewhere(tmp_path)
    path = study if study == ELSEWHERE else f"mothertongue/{study}"
    (tmp_path / "Snakefile").write_text(snakefile(name, path), encoding="utf-8")
    own = re.findall(
        r"^rule (\w+):", (ROOT / "rules" / name).read_text(encoding="utf-8"), re.MULTILINE
    )
    jobs = [jobs_of[rule] for rule in own if rule in jobs_of and jobs_of[rule].writes]
    if not jobs:  # no rule, or one that writes what no plan of the demo holds
        assert own == [] or name in PRINTING
        listed = run_snakemake("--list-rules", cwd=tmp_path)
        assert listed.returncode == 0, listed.stderr[-2000:]
        return
    made = {path for job in jobs for path in job.writes}
    for path in {path for job in jobs for path in job.reads} - made:
        if path.startswith("results/"):
            here = tmp_path / path.replace("results/", "ours/", 1)
            here.parent.mkdir(parents=True, exist_ok=True)
            here.touch()
    wanted = [path.replace("results/", "ours/", 1) for job in jobs for path in job.writes]
    plan = run_snakemake("--dry-run", *wanted, cwd=tmp_path)
    assert plan.returncode == 0, plan.stdout[-2000:] + plan.stderr[-3000:]
    for job in jobs:
        assert f"rule ours_{job.rule}:" in plan.stdout + plan.stderr


# -- lints ---------------------------------------------------------------------------------------

TOGETHER = """

module {name}:
    snakefile:
        "mothertongue/rules/{name}.smk"
    config:
        demo
    pathvars:
        results="ours",
        logs="our-logs",


use rule * from {name} as {name}_*
"""


def lints(folder: Path) -> str:
    """What `snakemake --lint` says of a workflow."""
    done = run_snakemake("--lint", cwd=folder)
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_study_has_no_lint(tmp_path):
    assert "your workflow is in a good condition" in (said := lints(checkout(tmp_path / "s"))), said


@pytest.mark.slow
def test_no_rule_file_has_a_lint_as_a_module(tmp_path):
    (tmp_path / "mothertongue").symlink_to(ROOT)
    (tmp_path / "resources").symlink_to(ROOT / "resources")
    text = (
        'import yaml\n\ndemo = yaml.safe_load(open("mothertongue/config.yaml", encoding="utf-8"))\n'
    )
    text += "".join(TOGETHER.format(name=Path(name).stem) for name in RULE_FILES)
    (tmp_path / "Snakefile").write_text(text, encoding="utf-8")
    assert "your workflow is in a good condition" in (said := lints(tmp_path)), said


def test_no_rule_file_is_long():
    for name in RULE_FILES:
        text = (ROOT / "rules" / name).read_text(encoding="utf-8")
        assert text.count("\n") <= 150, name


def test_a_rule_that_inherits_says_again_where_it_runs():
    """`use rule … with` leaves `localrule` behind: services would be called from a cluster's nodes."""
    head = re.compile(r"^(?:use )?rule (\w+)(?: as (\w+) with)?:\n((?:^(?: .*)?\n)+)", re.MULTILINE)
    for name in RULE_FILES:
        text = (ROOT / "rules" / name).read_text(encoding="utf-8")
        local: dict[str, str | None] = {}
        for first, second, body in head.findall(text):
            said = re.search(r"^    localrule: (.*)$", body, re.MULTILINE)
            local[second or first] = said and said[1]
            if second:
                assert local[second] == local[first], f"{name}: {second}"
