"""A language's own rows and English rows of their own, from files of any shape, through the rules."""

import csv
import json
import os

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, run_snakemake
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
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
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


def online():
    """The environment of a machine with a network, which the tests switch off."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HF_")}


@pytest.fixture
def served(tmp_path):
    """A folder behind a web server on this machine: (folder, address, requests)."""
    import functools
    import threading
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    folder, asked = tmp_path / "served", []
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            asked.append(" ".join(map(str, arguments)))

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_rows_come_from_addresses_once_and_from_the_copy_without_network(tmp_path, served):
    import gzip

    there, address, _ = served
    folder = checkout(tmp_path / "clone")
    config = study(folder)
    (there / "swahili.csv.gz").write_bytes(gzip.compress((folder / "swahili.csv").read_bytes()))
    (there / "english.jsonl").write_bytes((folder / "english.jsonl").read_bytes())
    for name in ("swahili.csv", "english.jsonl"):
        (folder / name).unlink()
    config["languages"]["sw"]["native"]["path"] = f"{address}/swahili.csv.gz"
    config["sample"]["english"]["path"] = [f"{address}/english.jsonl"]
    (folder / "own.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    asked_for = ("results/sample/english/sw.jsonl", "--cores", "1", "--configfile", "own.yaml")
    done = run_snakemake(*asked_for, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    native = read_dataset(folder / "results/sample/native/sw.jsonl")
    assert len(native) == 50
    assert native[0]["origin"]["dataset"] == f"{address}/swahili.csv.gz"
    assert native[0]["origin"]["revision"].startswith("sha256:")
    prefetch = ("prefetch", "--cores", "1", "--configfile", "own.yaml")
    done = run_snakemake(*prefetch, cwd=folder, env=online())
    assert done.returncode == 0, done.stdout + done.stderr
    for path in there.iterdir():
        path.unlink()  # the server has them no more
    done = run_snakemake(*asked_for, "--forceall", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_dataset(folder / "results/sample/native/sw.jsonl") == native


@pytest.mark.slow
def test_an_address_that_is_not_there_is_named_before_the_first_job(tmp_path, served):
    _, address, _ = served
    folder = checkout(tmp_path / "clone")
    config = study(folder)
    config["languages"]["sw"]["native"]["path"] = f"{address}/gone.csv"
    (folder / "own.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    done = run_snakemake(
        "sample", "--cores", "1", "-n", "--configfile", "own.yaml", cwd=folder, env=online()
    )
    assert done.returncode
    assert "gone.csv: not there (HTTP 404) (languages.sw.native.path)" in done.stdout + done.stderr
