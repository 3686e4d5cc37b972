"""The register of departures from the paper names what exists, and the pages are made from it."""

import json
import runpy
from pathlib import Path

import pytest
import yaml
from configured_keys import LEAVES
from mothertongue.errors import InputError
from mothertongue.report.departures import departures_table, of_score, reasons_words
from mothertongue.report.labels import METRIC_WORDS
from mothertongue.report.register import dangling, read_departures
from mothertongue.study.tasks import read_task

PAPERS_TASKS = ("tydiqa", "cmmlu", "ceval", "xquad", "mgsm", "mt-mmlu", "ht-mmlu")
NEEDED = {  # what the register must hold at least
    "template", "window", "schedule", "clipping", "validation-rows", "generation", "answer-limits",
    "empty-rows", "native-questions", "mmlu-items", "judge-quotes", "table-7-and-17",
    "ceval-numbers", "figures", "averages", "xquad-exact-match", "taxonomy", "int8-or-bf16",
}  # fmt: skip


def register(root: Path):
    return read_departures(root / "resources" / "published" / "departures.yaml")


def known(root: Path) -> dict:
    about = json.loads((root / "resources/published/about.json").read_text(encoding="utf-8"))
    tasks = [read_task(name, root / "tasks") for name in PAPERS_TASKS]
    metrics = {m for task in tasks for m in task["metadata"]["metrics"]}
    metrics |= {m for entry in about["benchmarks"].values() for m in entry["metrics"]} | {"rating"}
    return {
        "keys": LEAVES,
        "benchmarks": {*about["benchmarks"], *PAPERS_TASKS},
        "metrics": metrics,
    }


def test_every_file_key_benchmark_and_metric_of_the_register_exists(root):
    rows = register(root)
    assert {row.id for row in rows} >= NEEDED
    assert dangling(rows, root, **known(root)) == []
    assert all(metric in METRIC_WORDS for row in rows for metric in row.metrics)


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("files", "tasks/nothing.yaml", "no file tasks/nothing.yaml"),
        ("keys", "finetune.nothing", "no key finetune.nothing"),
        ("benchmarks", "squad", "no benchmark squad"),
        ("metrics", "bleu", "no metric bleu"),
        ("data", "synthetic", "no kind of data synthetic"),
    ],
)
def test_a_row_that_names_what_is_not_there_is_found(root, tmp_path, field, value, line):
    source = root / "resources/published/departures.yaml"
    rows = yaml.safe_load(source.read_text(encoding="utf-8"))
    rows[0][field] = [*rows[0].get(field, []), value]
    (tmp_path / "departures.yaml").write_text(yaml.safe_dump(rows), encoding="utf-8")
    changed = read_departures(tmp_path / "departures.yaml")
    assert dangling(changed, root, **known(root)) == [f"{rows[0]['id']}: {line}"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"effect": ""}, "no text in effect"),
        ({"reason": "x"}, "unknown reason"),
        ({"topic": "colour"}, "topic is none of"),
    ],
)
def test_a_row_of_another_shape_is_refused(root, tmp_path, change, line):
    rows = yaml.safe_load(
        (root / "resources/published/departures.yaml").read_text(encoding="utf-8")
    )
    rows[0] |= change
    (tmp_path / "departures.yaml").write_text(yaml.safe_dump(rows), encoding="utf-8")
    with pytest.raises(InputError, match=line):
        read_departures(tmp_path / "departures.yaml")


def test_a_score_gets_the_rows_that_concern_it(root):
    rows = register(root)
    exact = of_score(rows, "xquad", "em", "es", "native", "mono")
    assert any("exact_match_strict" in words for words in exact)
    assert not any(
        "exact_match_strict" in words
        for words in of_score(rows, "cmmlu", "acc", "zh", "native", "")
    )
    translated = of_score(rows, "cmmlu", "acc", "zh", "translated", "mono")
    assert any("refusals" in words for words in translated)
    assert not any("refusals" in w for w in of_score(rows, "cmmlu", "acc", "zh", "native", "mono"))
    assert any("241" in w for w in of_score(rows, "cmmlu", "acc", "zh", "native", "multi"))
    assert reasons_words([], []) == "the register names nothing"
    assert "concern every score" in reasons_words([], rows)
    named = [row[1] for row in departures_table(rows, ["cmmlu"]).rows]
    assert named and not any("XQuAD" in words for words in named)


def test_the_page_on_the_reproduction_is_made_from_the_register(root):
    made = runpy.run_path(str(root / "docs" / "write_reproduction.py"))["page"]()
    page = (root / "docs" / "reproduction.md").read_text(encoding="utf-8")
    assert page == made, "run python docs/write_reproduction.py"
    for row in register(root):
        assert row.short in page


def test_tasks_name_the_papers_tables_as_the_published_study_does(root):
    about = json.loads((root / "resources/published/about.json").read_text(encoding="utf-8"))
    for name, tables in about["tables"].items():
        if name in PAPERS_TASKS:
            said = read_task(name, root / "tasks")["metadata"]["paper"]
            assert tables["full"] in said, (name, said)


def test_the_schema_says_the_paper_only_of_what_it_states(root):
    text = (root / "config.schema.yaml").read_text(encoding="utf-8")
    said = [line for line in text.splitlines() if "paper" in line and not line.startswith("#")]
    stated = (
        "as many as there are English rows",  # Chinese, section 3
        "241",  # rows per language of the mix
        "null = the paper's",  # Figures 6 and 7
        "(the paper: int8)",  # section 3.1
        "where it states one",  # the recipe
        "the paper's prompt, word for word",  # Figure 7
    )
    assert len(said) == len(stated) + 1
    for line in said:
        assert any(words in line for words in stated), line


def test_nothing_says_none_known(root):
    for folder in ("workflow_scripts", "rules", "report", "docs"):
        for path in (root / folder).rglob("*"):
            if path.suffix in (".py", ".smk", ".rst", ".md", ".css", ".js"):
                assert "none known" not in path.read_text(encoding="utf-8"), path
