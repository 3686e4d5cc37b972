"""Pairwise judges and a jury as rules of a foreign workflow: answers that were made elsewhere."""

import csv

import pytest
import yaml
from conftest import ROOT, run_snakemake
from foreign import snakefile
from mothertongue.files import read_jsonl, write_jsonl
from pairing import shown
from standin_batch import JudgeServer

WANTED = """expand("ours/correlate/judges/{name}.csv", name=["wins", "biases", "strengths", "alpha", "members"]),
        "ours/report/pairs.html",
        "ours/report/jury.html\""""


@pytest.mark.slow
def test_pairs_and_a_jury_in_a_foreign_workflow(tmp_path):
    words = {"native": "buena", "google": "mala", "cohere": "mala"}
    for data, word in words.items():
        rows = [
            {"id": f"q{i}", "prompt": f"¿{i}?", "answer": f"{data}: {word} {'bien ' * (i % 5)}{i}"}
            for i in range(6)
        ]
        write_jsonl(tmp_path / f"ours/answer/theirs/{data}/es/high/seed1/open/es.jsonl", rows)

    def reply(prompt, nth):
        first, second = shown(prompt)
        if "buena" in first + second:
            return "[[A]]" if "buena" in first else "[[B]]"
        return "[[A]]" if first < second else "[[B]]"

    with JudgeServer(reply=reply) as server:
        api = {"concurrency": 8}
        duel = {
            "backend": "openai",
            "base_url": server.openai,
            "mode": "pairwise",
            "reply": "brackets",
        }
        duel["api"] = api
        batch = {"poll": 0.05}
        study = {
            "languages": {"es": {}},
            "translate": {
                "translators": {
                    name: {"backend": "recorded", "memory": ["none.jsonl"]}
                    for name in ("google", "cohere")
                }
            },
            "models": {"theirs": {"base": "Qwen/Qwen1.5-0.5B", "parameters": 5.0e8}},
            "finetune": {"learning_rates": {"high": 1.0e-4}, "seeds": [1]},
            "conditions": [{"data": [*words], "scope": ["es"], "lr": ["high"]}],
            "answer": {"questions": {"open": {"path": "q.jsonl", "origin": "native", "languages": ["es"]}}},
            "judge": {
                "judges": {
                    "one": {**duel, "model": "qwen-max"},
                    "two": {**duel, "model": "m2", "against": "all", "batch": batch},
                },
                "juries": {"both": {"mode": "pairwise", "by": "majority"}},
            },
        }  # fmt: skip
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
        (tmp_path / "mothertongue").symlink_to(ROOT)
        (tmp_path / "Snakefile").write_text(snakefile("judge.smk", wanted=WANTED), encoding="utf-8")
        done = run_snakemake("--cores", "2", cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        assert server.requests == 24  # judge one: two pairs of sets, six questions, both orders
        assert len(server.batches) == 1  # judge two: three pairs of sets in one batch
        again = run_snakemake("--dry-run", cwd=tmp_path)
        assert "Nothing to be done" in again.stdout + again.stderr
    place = tmp_path / "ours/judge/both/theirs/native/es/high/seed1/open"
    assert {row["verdict"] for row in read_jsonl(place / "es.against-google.jsonl")} == {"win"}
    with (tmp_path / "ours/correlate/judges/wins.csv").open(newline="") as handle:
        found = {(row["judge"], row["data"], row["against"]): row for row in csv.DictReader(handle)}
    assert len(found) == 2 + 3 + 2
    assert float(found["one", "native", "google"]["win_rate"]) == 1.0
    assert float(found["two", "google", "cohere"]["win_rate"]) == 0.0
    with (tmp_path / "ours/correlate/judges/members.csv").open(newline="") as handle:
        told = {row["judge"]: row["own_family"] for row in csv.DictReader(handle)}
    assert told == {"one": "theirs", "two": ""}
