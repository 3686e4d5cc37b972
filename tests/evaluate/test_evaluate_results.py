"""What an evaluation writes is what the documentation lists."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
import yaml
from conftest import ROOT, SMALL
from mothertongue.files import write_jsonl


def documented(root, heading: str) -> set[str]:
    text = (root / "docs" / "results.md").read_text(encoding="utf-8")
    section = text.partition(heading)[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {key for cell in cells for key in re.findall(r"`([\w-]+)`", cell)}


def fenced(text: str, marker: str) -> str:
    """The code block behind a marker of a documentation page."""
    found = re.search(rf"<!-- {re.escape(marker)} -->\n```\w+\n(.*?)```", text, flags=re.DOTALL)
    assert found, marker
    return found.group(1)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """A folder in which docs/add-a-benchmark.md was followed: its files stand where it says."""
    folder = tmp_path_factory.mktemp("page")
    for name in ("config.schema.yaml", "resources"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "tasks").mkdir()
    for path in (ROOT / "tasks").glob("*.yaml"):
        (folder / "tasks" / path.name).symlink_to(path)
    text = (ROOT / "docs" / "add-a-benchmark.md").read_text(encoding="utf-8")
    names = re.findall(r"<!-- file: (\S+) -->", text)
    assert len(names) == 3
    for name in names:
        (folder / name).write_text(fenced(text, f"file: {name}"), encoding="utf-8")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config["evaluate"]["benchmarks"] |= yaml.safe_load(fenced(text, "entry"))
    (folder / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def written(page, tmp_path_factory) -> dict[str, tuple[dict, pl.DataFrame]]:
    """One score of each family by a tiny model, written as the rule does; the documented one too."""
    import evaluate_benchmark
    from tiny_models import demo_rows, save_model

    folder = tmp_path_factory.mktemp("written")
    base = save_model(folder / "base")
    study = yaml.safe_load((page / "study.yaml").read_text(encoding="utf-8"))
    entry = study["evaluate"]["benchmarks"]["capitals"]
    demo = SMALL / "resources" / "demo" / "benchmarks"
    write_jsonl(folder / "heldout.jsonl", demo_rows()[:3])
    cells = {  # task -> items, demonstrations
        entry["task"]: tuple(
            [str(page / path.replace("{language}", "es"))]
            for path in (entry["dataset"]["path"], entry["demonstrations"])
        ),
        "extractive-qa": ([str(demo / "reading_native_es.json")], []),
        "arithmetic": ([str(demo / "arithmetic_native_es.tsv")], []),
        "native-perplexity": ([str(folder / "heldout.jsonl")], []),
    }
    found = {}
    for task, (items, shots) in cells.items():
        target = folder / "results" / task / "es.json"
        table = target.with_name("es.items.parquet")
        evaluate_benchmark.main(
            score=target,
            items=table,
            adapter=None,
            weights=None,
            item_files=items,
            demonstration_files=shots,
            condition={"model": "m", "data": "base", "scope": "none", "lr": "none", "seed": "0"},
            benchmark=task,
            language="es",
            model={"base": str(base), "revision": None},
            loading={"quantisation": "none", "dtype": "float32", "template": "alpaca"},
            task={"name": task, "shots": None, "limit": 3, "max_new_tokens": 3, "hub": None},
            learning_rate=None,
            tasks=page / "tasks",
            work=folder / "work",
        )
        found[task] = json.loads(target.read_text(encoding="utf-8")), pl.read_parquet(table)
    return found


@pytest.mark.slow
def test_results_hold_what_the_documentation_lists(root, written):
    keys = documented(root, "## `{language}.json`")
    inner = {"model", "data", "scope", "lr", "seed", "learning_rate"}
    for content, _ in written.values():
        assert set(content["condition"]) == inner
    listed = {
        "benchmark", "task", "language", "condition", "metric", "metrics", "unit", "chance", "n",
        "chance_levels",
        "higher_is_better", "version", "shots", "output", "ties", "cut", "data", "dropped", "notes",
        "provenance", "with_end",
    }  # fmt: skip
    assert keys == listed
    for content, _ in written.values():
        assert set(content) == listed
        for metric in content["metrics"].values():
            assert set(metric) == {"value", "stderr", "n"}
    columns = set().union(*(set(table.columns) for _, table in written.values()))
    assert columns == documented(root, "## `{language}.items.parquet`")


@pytest.mark.slow
def test_items_are_stable_and_in_per_cent(written):
    score_file, table = written["extractive-qa"]
    assert table["item"].n_unique() == table.height == score_file["n"] == 3
    assert table["prompt_hash"].str.contains("^[0-9a-f]{64}$").all()
    for name in ("em", "f1", "include"):
        assert table[name].mean() == pytest.approx(score_file["metrics"][name]["value"])
        assert table[name].is_between(0, 100).all()
    assert score_file["output"]["tokens"]["max"] <= 3
    assert (table["output_tokens"] <= 3).all()
    sampled, choice = written["capitals"]
    for row in choice.iter_rows(named=True):
        assert row["acc"] == 100.0 * (row["prediction"] == row["target"])
        assert row["prediction"] == "ABCD"[row["options"].index(max(row["options"]))]
    assert sampled["provenance"]["files"].keys() == {
        *sampled["data"]["test"].split(", "),
        *sampled["data"]["demonstrations"].split(", "),
    }


@pytest.mark.slow
def test_the_documented_benchmark_is_evaluated(page, written):
    from mothertongue.study import read_study
    from mothertongue.study.requirements import study_needs

    content, table = written["capitals"]
    assert content["shots"] == 1
    assert content["chance"] == 25.0
    assert table["item"].to_list() == ["q1", "q2", "q3"]
    assert table["target"].to_list() == ["A", "B", "C"]
    config = yaml.safe_load((page / "study.yaml").read_text(encoding="utf-8"))
    study = read_study(config, page)
    cells = [cell for cell in study.evaluations if cell.benchmark == "capitals"]
    assert {cell.language for cell in cells} == {"es"}
    needed = {need.name for need in study_needs(study, page / "tasks")}
    assert {"capitals_es.jsonl", "capitals_es.shots.jsonl"} <= needed
