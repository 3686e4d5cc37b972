"""Keys come from the environment and appear nowhere: canaries through a whole study folder."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from conftest import SMALL, checkout, run_snakemake
from standin import StandIn, invented
from translating import back_to_english

CANARIES = {
    "OPENAI_API_KEY": "canary-openai-5f0e1d2c3b4a",
    "OUR_COHERE_KEY": "canary-cohere-a1b2c3d4e5f6",
    "GOOGLE_API_KEY": "canary-google-0918273645aa",
    "HF_TOKEN": "hf_canary000111222333444555",
}
SERVICES = {
    "openai": "OPENAI_API_KEY",
    "cohere": "OUR_COHERE_KEY",
    "google-cloud": "GOOGLE_API_KEY",
}


def lay_study(folder, server) -> None:
    """Three paid translators on a stand-in server; 14 rows of each language."""
    study = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    api = {"backoff": 0.02, "retries": 1, "timeout": 20}
    study["translate"] = {
        "max_quarantined": 1.0,
        "translators": {
            name: {
                "backend": name,
                "model": "m",
                "base_url": server.base_url(name),
                "api": {**api, "key": key, "budget": 5.0},
            }
            for name, key in SERVICES.items()
        },
    }
    study["prices"] = {
        "per_million": {name: {"characters": 20.0} for name in ("m", "google-cloud")}
    }
    study["languages"] = {"es": {}, "zh": {"cap": 14}}
    rows = []
    for language in ("en", "es", "zh"):
        lines = (folder / f"resources/demo/aya/{language}.jsonl").read_text(encoding="utf-8")
        rows += lines.splitlines()[:14]
    (folder / "aya.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    study["sample"] = {"dataset": {"path": "aya.jsonl"}, "multi": {"languages": ["es", "zh"]}}
    study["conditions"] = [
        {"data": ["native", *SERVICES], "scope": ["es"]},
        {"data": ["openai-rtt"], "scope": ["es"]},
    ]
    del study["evaluate"]["benchmarks"]["native-perplexity"]
    path = folder / "config.yaml"
    path.unlink()
    path.write_text(yaml.safe_dump(study), encoding="utf-8")


def both_ways(text: str) -> str:
    """Spanish rows of the demo into English, any other text into Spanish."""
    spanish = (SMALL / "resources/demo/aya/es.jsonl").read_text(encoding="utf-8")
    inside = json.dumps(text, ensure_ascii=False)[1:-1] in spanish
    return back_to_english(text) if inside else invented(text)


def leaks(folder) -> list[str]:
    """Files below a folder that hold a canary."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            found += [
                f"{path}: {name}" for name, key in CANARIES.items() if key.encode() in content
            ]
    return found


@contextmanager
def watch_arguments() -> Iterator[set[str]]:
    """Collect what `ps` shows anybody of every process of this machine, until the block ends."""
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue  # ended meanwhile

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
def test_canary_keys_are_used_and_written_nowhere(tmp_path):
    """A run that every service refuses, echoing the key; then one that succeeds, to the report."""
    folder = checkout(tmp_path / "study")
    environment = {**os.environ, **CANARIES, "PYTHONFAULTHANDLER": "1"}
    options = ("--cores", "2", "--keep-going", "--show-failed-logs", "--printshellcmds")
    goal = "results/translate/quality.svg"
    told = ""
    with StandIn(both_ways) as server, watch_arguments() as arguments_seen:
        lay_study(folder, server)
        server.refusal = 401, {"message": "bad key KEY", "error": {"message": "bad key KEY"}}
        failed = run_snakemake(goal, *options, cwd=folder, env=environment)
        assert failed.returncode != 0
        assert server.keys == {CANARIES[key] for key in SERVICES.values()}
        for name in SERVICES:
            log = (folder / f"logs/translate/{name}_es.log").read_text(encoding="utf-8")
            complaint = [line for line in log.splitlines() if line.startswith("Error: ")]
            assert len(complaint) == 1 and "answered 401" in complaint[0], log
            assert complaint[0] in failed.stderr + failed.stdout
        assert leaks(folder) == []
        server.refusal = None
        goals = (goal, "estimate", "export_replies")
        for arguments in ((*goals, *options), (goal, "--report", "report.html")):
            done = run_snakemake(*arguments, cwd=folder, env=environment)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
            told += done.stdout + done.stderr
    report = json.loads((folder / "results/translate/google-cloud/es.report.json").read_text())
    assert report["calls"]["sent"] > 0
    assert report["calls"]["spent_usd"] > 0
    assert (folder / "report.html").stat().st_size > 100_000
    assert leaks(folder) == []
    assert any("translate_texts.py" in line for line in arguments_seen)  # the jobs were seen
    told += failed.stdout + failed.stderr + "\n".join(arguments_seen)
    assert [name for name, key in CANARIES.items() if key in told] == []
