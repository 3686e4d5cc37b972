"""Rows that are in another language than their label says: found, shown, and left out where asked."""

import json

import polars as pl
import pytest
import yaml
from conftest import SMALL, checkout, run_snakemake
from json_rows import read_dataset, rows_of
from mothertongue.files import read_json, read_jsonl
from mothertongue.translate.checks.rows import check_languages

DEMO = SMALL / "resources" / "demo" / "aya"
STRAY = [  # rows labelled Spanish
    ("en", "Give me three reasons to learn how to swim.", "It is healthy, it is fun, and it may save your life one day."),
    ("zh", "请告诉我为什么天空是蓝色的?", "因为空气中的分子把蓝色的光散射到各个方向,所以我们看到蓝色。"),
    ("fr", "Pourquoi faut-il dormir huit heures par nuit ?", "Parce que le corps et la mémoire ont besoin de repos pour bien fonctionner."),
]  # fmt: skip


def demo(language):
    columns = {"inputs": "instruction", "targets": "output"}
    return [
        {"id": str(n), "language": language, "origin": {}}
        | {ours: row[theirs] for theirs, ours in columns.items()}
        for n, row in enumerate(read_jsonl(DEMO / f"{language}.jsonl"))
    ]


def stray():
    return [
        {"id": f"stray-{code}", "language": "es", "instruction": i, "output": o, "origin": {}}
        for code, i, o in STRAY
    ]


@pytest.mark.parametrize("language", ["en", "es", "zh"])
def test_rows_in_their_language_raise_no_alarm(language):
    rows = rows_of(demo(language))
    assert check_languages(rows, language).foreign == ()


def test_strays_are_found_named_and_taken_out():
    rows = rows_of(demo("es") + stray())
    found = check_languages(rows, "es")
    assert {one.row.id for one in found.foreign} == {f"stray-{code}" for code, *_ in STRAY}
    told = found.as_json()
    assert told["rows"] == len(rows)
    assert set(told["other"]) >= {"en", "fr"}
    assert told["examples"][0]["text"].startswith("Give me three reasons")
    assert len(found.kept(rows)) == len(rows) - len(STRAY)


def test_a_request_for_a_translation_is_in_its_own_language():
    row = {
        "id": "1", "language": "es", "origin": {},
        "instruction": "Traduce al inglés la frase siguiente, por favor: «Mañana iremos a la playa con los niños».",
        "output": "Tomorrow we will go to the beach with the children.",
    }  # fmt: skip
    assert check_languages(rows_of([row]), "es").foreign == ()


@pytest.mark.slow
@pytest.mark.parametrize(("code", "language", "least", "most"), [("spa", "es", 20, 60), ("rus", "ru", 3, 8), ("zho", "zh", 0, 4)])  # fmt: skip
def test_real_rows(shared, code, language, least, most):
    """Aya's: Spanish ones in English and Basque, Russian ones in Ukrainian; nearly no false alarms."""
    table = pl.read_parquet(shared / "data" / "aya" / "aya_dataset.parquet")
    table = table.filter(pl.col("language_code") == code)
    rows = rows_of(
        {"id": str(n), "language": language, "instruction": i, "output": o, "origin": {}}
        for n, (i, o) in enumerate(zip(table["inputs"], table["targets"], strict=True))
        if i.strip() and o.strip()
    )
    found = check_languages(rows, language)
    assert least <= len(found.foreign) <= most, found.as_json()
    if language == "ru":
        assert {one.found for one in found.foreign} == {"uk"}


@pytest.mark.slow
def test_the_rule_reports_and_drops(tmp_path):
    folder = checkout(tmp_path / "clone")
    rows = [
        {"inputs": r["instruction"], "targets": r["output"], "language_code": "spa"}
        for r in demo("es") + stray()
    ]
    english = [
        {"inputs": r["instruction"], "targets": r["output"], "language_code": "eng"}
        for r in demo("en")
    ]
    english.append({"inputs": STRAY[2][1], "targets": STRAY[2][2], "language_code": "eng"})
    lines = [json.dumps(row) for row in rows + english]
    (folder / "aya.jsonl").write_text("\n".join(lines), encoding="utf-8")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config["languages"] = {"es": {"cap": 20}}
    config["sample"] = {"dataset": {"path": "aya.jsonl"}}
    config["conditions"] = [{"data": ["native", "fluent"], "scope": ["es"], "lr": ["high"]}]
    config["answer"], config["judge"] = {}, {}
    for entry in config["evaluate"]["benchmarks"].values():
        entry["languages"] = ["es"]
    del config["evaluate"]["benchmarks"]["native-perplexity"]
    config["models"]["tiny"]["build"]["languages"] = ["es"]

    def sampled(check):
        config["sample"]["language_check"] = check
        (folder / "own.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        targets = ("results/sample/native/es.jsonl", "results/sample/english/es.jsonl")
        done = run_snakemake(*targets, "--cores", "1", "--configfile", "own.yaml", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        report = read_json(folder / "results/sample/report/es.json")
        texts = [row["instruction"] for row in read_dataset(folder / targets[0])]
        return report, texts, (folder / "logs/sample/native_es.log").read_text(encoding="utf-8")

    report, _, log = sampled("report")
    assert sum(report["languages"]["other"].values()) == len(STRAY)
    assert report["left_out"]["other_language"] == 0
    assert "3 of" in log and "sample.language_check: drop leaves them out" in log
    report, texts, log = sampled("drop")
    assert report["left_out"]["other_language"] == len(STRAY)
    assert not {text for _, text, _ in STRAY} & set(texts)
    assert read_json(folder / "results/sample/report/es.english.json")["languages"]["other"] == {
        "fr": 1
    }
