"""A language's own rows and English rows of their own, from files of any shape, through the rules."""

import csv
import json

import pytest
import yaml
from conftest import ROOT, checkout, run_snakemake
from json_rows import read_dataset
from mothertongue.errors import InputError
from mothertongue.files import read_json
from mothertongue.study import read_study


def study(folder, **changes):
    """The demo with Swahili rows in a CSV and English rows in chat form, and no shared data."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "swahili.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["swali", "jibu", "namba"])
        writer.writerows((f"Swali la {n}, tafadhali?", f"Jibu\nla {n}.", n) for n in range(60))
    turns = lambda n: [  # noqa: E731
        {"role": "user", "content": f"Question {n}?"},
        {"role": "assistant", "content": f"Answer {n}."},
    ]
    lines = [json.dumps({"messages": turns(n)}) for n in range(80)]
    (folder / "english.jsonl").write_text("\n".join(lines), encoding="utf-8")
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    columns = {"instruction": "swali", "output": "jibu", "id": "namba"}
    config |= {
        "study": "own",
        "languages": {"sw": {"native": {"path": "swahili.csv", "columns": columns}}},
        "sample": {"english": {"path": "english.jsonl"}, "heldout": 10},
        "conditions": [{"data": ["native", "fluent"], "scope": ["sw"], "lr": ["high"]}],
        "answer": {},
        "judge": {},
        **changes,
    }
    config["evaluate"] = {
        "benchmarks": {
            "perplexity": {"task": "native-perplexity", "languages": ["sw"], "origin": "native", "kind": "structured"}
        }
    }  # fmt: skip
    for model in config["models"].values():
        model.get("build", {}).pop("languages", None)
    return config


def test_own_sources_are_sampled_by_the_rules(tmp_path):
    folder = checkout(tmp_path / "clone")
    (folder / "own.yaml").write_text(yaml.safe_dump(study(folder)), encoding="utf-8")
    done = run_snakemake(
        *("sample", "results/sample/english/sw.jsonl", "--cores", "1"),
        *("--configfile", "own.yaml"),
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    native = read_dataset(folder / "results/sample/native/sw.jsonl")
    english = read_dataset(folder / "results/sample/english/sw.jsonl")
    assert len(native) == len(english) == 50
    row = next(row for row in native if row["id"] == "7" or row["id"] == "8")
    assert row["instruction"] == f"Swali la {row['id']}, tafadhali?"
    assert row["output"] == f"Jibu\nla {row['id']}."
    assert row["origin"]["dataset"] == "swahili.csv"
    assert {row["language"] for row in english} == {"en"}
    assert read_json(folder / "results/sample/report/sw.json")["filter"] is None
    log = (folder / "logs/sample/english_sw.log").read_text(encoding="utf-8")
    assert "english.jsonl: read as messages (messages from 'messages')" in log
    again = run_snakemake(*("sample", "--cores", "1", "-n", "--configfile", "own.yaml"), cwd=folder)
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"languages": {"sw": {}}},
            "sample.dataset: missing, though languages.sw has no native rows",
        ),
        ({"sample": {}}, "sample.english: missing .a study without sample.dataset"),
        (
            {"languages": {"sw": {"native": {"path": "a", "hub": "b/c"}}}},
            "languages.sw.native: give either path .local file. or hub",
        ),
        (
            {"languages": {"sw": {"native": {"path": "a", "columns": {"answer": "x"}}}}},
            "languages.sw.native.columns",
        ),
    ],
)
def test_a_study_without_a_source_is_refused(tmp_path, changes, told):
    with pytest.raises(InputError, match=told):
        read_study(study(tmp_path, **changes), ROOT)


def test_a_missing_file_is_named_before_the_first_job(tmp_path):
    folder = checkout(tmp_path / "clone")
    (folder / "own.yaml").write_text(yaml.safe_dump(study(folder)), encoding="utf-8")
    (folder / "swahili.csv").unlink()
    done = run_snakemake("sample", "--cores", "1", "-n", "--configfile", "own.yaml", cwd=folder)
    assert done.returncode
    assert "languages.sw.native.path" in done.stdout + done.stderr
