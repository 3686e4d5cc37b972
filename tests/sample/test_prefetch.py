"""What a study needs of the hub, fetched from a stand-in hub by the real client."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml
from archives import archive
from conftest import ROOT
from far_studies import (
    STUDY,
    XQUAD,
    aya,
    commit_in,
    far_run,
    far_study,
    model,
    table_repository,
    xquad,
)
from mothertongue import hub
from mothertongue.errors import InputError
from standin_hub import TOKEN, Hub, Repository


@pytest.mark.slow
def test_a_prefetched_study_runs_with_the_hub_switched_off(tmp_path):
    folder = far_study(tmp_path / "study", STUDY)
    targets = (
        "results/evaluate/tiny/base/none/none/seed0/xquad/es.json",
        "results/sample/native/es.jsonl",
    )
    repositories = [model(tmp_path / "model"), xquad(), aya()]
    with Hub(repositories) as far:
        done = far_run(folder, "prefetch", HF_ENDPOINT=far.url)
        assert done.returncode == 0, done.stderr
        assert not any("pytorch_model.bin" in request for request in far.requests)
        assert not any("xquad.ru" in r for r in far.requests if r.startswith("GET google"))
    manifest = json.loads((folder / "results/prefetch/manifest.json").read_text())
    entries = {entry["repository"]: entry for entry in manifest["repositories"]}
    assert set(entries) == {"acme/tiny", "google/xquad", "acme/aya"}
    for repository in repositories:
        entry = entries[repository.name]
        assert entry["revision"] == repository.commit
        assert entry["asked"] == (XQUAD if repository.name == "google/xquad" else None)
        for file in entry["files"]:
            assert file["bytes"] == len(repository.files[file["path"]])
    # what the study left open is now fixed: a newer commit on the hub changes nothing
    repositories[2].commit = "f" * 40
    (folder / "cache/hub/datasets--acme--aya/refs/main").unlink(missing_ok=True)

    done = far_run(folder, *targets, HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    score = json.loads((folder / targets[0]).read_text())
    assert score["n"] == 4
    assert XQUAD[:12] in score["data"]["test"]
    assert score["provenance"]["revision"] == repositories[0].commit
    first = json.loads((folder / targets[1]).read_text().splitlines()[0])
    assert first["origin"]["revision"] == entries["acme/aya"]["revision"]


@pytest.mark.slow
def test_what_cannot_be_had_is_told_at_once(tmp_path):
    study = json.loads(json.dumps(STUDY))
    study["models"]["closed"] = {"base": "acme/closed", "parameters": 1e5, "gated": True}
    study["sample"]["dataset"] = {"hub": "acme/nothing"}
    study["evaluate"]["benchmarks"]["own"] = {
        **study["evaluate"]["benchmarks"]["xquad"],
        "task": "extractive-qa",
        "dataset": {"path": "reading_{language}.json"},
    }
    folder = far_study(tmp_path / "study", study)
    closed = Repository("model", "acme/closed", {"config.json": b"{}"}, gated=True)
    with Hub([Repository("model", "acme/tiny", {"config.json": b"{}"}), closed, xquad()]) as far:
        done = far_run(folder, "prefetch", HF_ENDPOINT=far.url)
        assert done.returncode != 0
        assert "2 of 4 repositories cannot be fetched" in done.stderr
        assert "accept its licence at https://huggingface.co/acme/closed" in done.stderr
        assert "HF_TOKEN" in done.stderr
        assert "acme/nothing: no such dataset on the hub" in done.stderr
        assert "Traceback" not in done.stderr
        assert not any("resolve" in r and "acme" in r for r in far.requests)
        assert not (folder / "results/prefetch").exists()

    done = far_run(folder, "results/evaluate/closed/base/none/none/seed0/own/es.json", "evaluate",
                   HF_HUB_OFFLINE="1")  # fmt: skip
    assert done.returncode != 0
    lines = done.stderr.splitlines()
    assert "no such file: reading_es.json (evaluate.benchmarks.own.dataset.path)" in done.stderr
    (told,) = [line for line in lines if "HF_HUB_OFFLINE is set" in line]
    for wanted in (
        "model acme/tiny (models.tiny.base)",
        "model acme/closed (models.closed.base)",
        "dataset google/xquad (tasks/xquad.yaml)",
        "dataset acme/nothing (sample.dataset)",
    ):
        assert wanted in told
    assert "snakemake --cores 1 prefetch" in told
    assert "Traceback" not in done.stderr
    assert not (folder / "results").exists()


def fetched_in_a_process(far: Hub, cache: Path, code: str, **environment: str) -> str:
    """Run code against the stand-in in a fresh Python: the client reads its settings once."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, "HF_ENDPOINT": far.url, "HF_HOME": str(cache), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


WISHES = """
import json
from pathlib import Path
import prefetch_hub
from mothertongue import hub
from mothertongue.errors import InputError
from mothertongue.study.requirements import Need
def attempt(*needs):
    try:
        prefetch_hub.main(needs=list(needs), lock_file=Path("{lock}"))
    except InputError as error:
        print(error)
attempt(Need("model", "acme/closed", "models.closed.base"))
attempt(Need("dataset", "google/xquad", "x", None, "xquad.fr", "validation"))
attempt(Need("dataset", "google/xquad", "x", None, "xquad.es", "test"))
attempt(Need("dataset", "google/xquad", "x", "v9", "xquad.es", "validation"))
lock = hub.read_lock("{lock}")
files = {{e["repository"]: [f["path"] for f in e["files"]] for e in lock["repositories"]}}
print(json.dumps(files))
damaged = next(Path("{cache}").rglob("snapshots/*/config.json"))
damaged.write_bytes(b"changed")
attempt(Need("model", "acme/closed", "models.closed.base"))
"""


@pytest.mark.slow
def test_a_token_opens_a_gated_model_and_odd_wishes_are_named(tmp_path):
    closed = Repository("model", "acme/closed", {"config.json": b"{}"}, gated=True)
    lock, cache = tmp_path / "manifest.json", tmp_path / "cache"
    with Hub([closed, xquad()]) as far:
        code = WISHES.format(lock=lock, cache=cache)
        out = fetched_in_a_process(far, cache, code, HF_TOKEN=TOKEN)
    assert '{"acme/closed": ["config.json"]}' in out
    assert "BuilderConfig 'xquad.fr' not found" in out
    assert "no split 'test' (there are: validation)" in out
    assert "google/xquad@v9: no such revision on the hub" in out
    assert "not the content that the manifest holds of acme/closed" in out


def benchmark_repositories(folder: Path) -> list[Repository]:
    """Small stand-ins for the data of five benchmarks, in the columns and layouts of the real."""
    options = dict(zip(("option_a", "option_b", "option_c", "option_d"), "wxyz", strict=True))
    machine = {
        split: [
            {
                "id": f"{s}/{split}/{n}",
                "instruction": f"m {split} {s} {n}",
                **options,
                "answer": "B",
            }
            for s in ("anatomy", "virology")
            for n in range(5)
        ]
        for split in ("test", "train")
    }
    human = [
        {"Question": f"h {s} {n}", "A": 1, "B": 2, "C": 3, "D": 4, "Answer": "B", "Subject": s}
        for s in ("anatomy", "virology")
        for n in range(6)
    ]
    subjects = yaml.safe_load((ROOT / "tasks" / "ceval.yaml").read_text())["metadata"]["subjects"]
    exam = {"A": "1", "B": "2", "C": "3", "D": "4", "answer": "A"}
    ceval = {
        s: {
            "val": [{"id": 0, "question": f"val {s}", **exam}],
            "dev": [{"id": n, "question": f"dev {s} {n}", **exam} for n in range(5)],
        }
        for s in subjects
    }
    gold = {"text": ["sí"], "answer_start": [0]}
    passage = {"title": "t", "context": "c", "answers": gold}
    tydiqa = {
        split: [
            {"id": f"{language}-{split}-{n}", "question": f"{language} {split} {n}", **passage}
            for language in ("arabic", "russian")
            for n in range(2)
        ]
        for split in ("train", "validation")
    }
    steps = {"answer": "Respuesta paso a paso: dos y dos. La respuesta es 4.", "answer_number": 4}
    mgsm = {
        "train": [{"question": f"Pregunta: ¿{n}?", **steps} for n in range(8)],
        "test": [{"question": f"¿{n} y 2?", "answer": None, "answer_number": n} for n in range(3)],
    }
    primary = {"train": [{"id": "none"}]}
    zipped = archive(folder / "cmmlu.zip").read_bytes()
    return [
        table_repository("alexandrainst/m_mmlu", {"es": machine}),
        table_repository(
            "openai/MMMLU", {"ES_LA": {"test": human}}, commit_in("_mmlu.yaml", "human")
        ),
        table_repository("ceval/ceval-exam", ceval, commit_in("ceval.yaml", "test")),
        table_repository(
            "google-research-datasets/tydiqa",
            {"primary_task": primary, "secondary_task": tydiqa},
            commit_in("tydiqa.yaml", "test"),
        ),
        table_repository("juletxara/mgsm", {"es": mgsm}, commit_in("mgsm.yaml", "test")),
        Repository(
            "dataset",
            "lmlmcat/cmmlu",
            {"cmmlu_v1_0_1.zip": zipped},
            commit=commit_in("cmmlu.yaml", "archive"),
        ),
    ]


BENCHMARKS = """
import json, os
from pathlib import Path
import fetch_cmmlu
from mothertongue.evaluate.data import load
from mothertongue.study.tasks import read_task
found = {{}}
for name, language in (
    ("mt-mmlu", "es"), ("ht-mmlu", "es"), ("ceval", "zh"), ("tydiqa", "ru"), ("mgsm", "es")
):
    task = read_task(name, Path("{tasks}"))
    report = {{}}
    made = load(**task["metadata"], language=language, shots=task["num_fewshot"], report=report)
    found[name] = {{key: list(rows) for key, rows in made.items()}} | {{"report": report}}
archive = read_task("cmmlu", Path("{tasks}"))["metadata"]["archive"]
paths = {{key: Path("{cache}") / f"{{key}}.parquet" for key in ("test", "dev")}}
fetch_cmmlu.main(archive=archive, lock=Path("none"), **paths)
print("RESULT" + json.dumps(found))
"""


@pytest.mark.slow
def test_benchmarks_come_from_the_hub_in_their_own_layouts(tmp_path):
    repositories = benchmark_repositories(tmp_path)
    with Hub(repositories) as far:
        code = BENCHMARKS.format(tasks=ROOT / "tasks", cache=tmp_path)
        out = fetched_in_a_process(far, tmp_path / "cache", code)
        assert not any(r.startswith("GET") and "primary_task/" in r for r in far.requests)
    found = json.loads(out.partition("RESULT")[2])
    machine, human = found["mt-mmlu"], found["ht-mmlu"]
    assert [i["id"] for i in machine["test"]] == [i["id"] for i in human["test"]]
    assert len(machine["test"]) == 10
    assert human["test"][0]["question"] == "h anatomy 0"
    assert machine["demonstrations"] == human["demonstrations"]
    assert machine["report"]["dropped"] == {
        "human-translated items without a machine-translated partner": 2
    }
    assert repositories[0].commit[:12] in machine["report"]["sources"]["machine"]
    assert len(found["ceval"]["test"]) == 52
    assert len(found["ceval"]["demonstrations"]) == 5 * 52
    assert found["ceval"]["test"][0]["id"] == "accountant/0"
    assert [i["question"] for i in found["tydiqa"]["test"]] == [
        "russian validation 0",
        "russian validation 1",
    ]
    assert [i["question"] for i in found["tydiqa"]["demonstrations"]] == ["russian train 0"]
    assert [i["answer_number"] for i in found["mgsm"]["test"]] == ["0", "1", "2"]
    shots = found["mgsm"]["demonstrations"]
    assert len(shots) == 5
    assert shots[0]["question"] == "¿0?"
    assert shots[0]["solution"] == "dos y dos. La respuesta es 4."
    assert pl.read_parquet(tmp_path / "dev.parquet").height == 2


def test_a_manifest_that_is_none_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json: not a manifest"):
        hub.read_lock(tmp_path / "manifest.json")
    assert hub.read_lock(tmp_path / "none.json") == {}
