"""The batch route by its rules: planned and run in a study, and from another workflow."""

import copy
import re

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, run_snakemake
from mothertongue.files import read_json, read_jsonl, write_jsonl
from mothertongue.study import read_study
from standin_batch import JudgeServer

ODD = "It is fine.\u2028It is\u0085long. Rating: [[4]]"  # separators that split no line
MODULE = """
module judging:
    snakefile:
        "mothertongue/rules/judge.smk"
    config:
        {config}
    pathvars:
        results="ours",


use rule * from judging as ours_*


rule all:
    default_target: True
    input:
        {files},
"""


def judge(server):
    entry = {"label": "batched", "backend": "openai", "model": "judge-1", "reply": "brackets"}
    entry |= {"base_url": server.openai, "batch": {"poll": 0.05}, "api": {"check_retries": 0}}
    return {"judges": {"batched": entry}}


def answered(path, count=3):
    rows = [
        {"id": f"{i}", "prompt": f"¿{path.stem} {i}?", "answer": str(path)} for i in range(count)
    ]
    write_jsonl(path, rows)


@pytest.mark.slow
def test_in_a_study(tmp_path):
    folder = checkout(tmp_path / "study")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config["conditions"] = [{"data": ["native"], "scope": ["es", "zh"], "lr": ["high"]}]
    with JudgeServer(reply=lambda prompt, nth: "[[2]]" if "revised" in prompt else ODD) as server:
        config["judge"] = judge(server)
        (folder / "mine.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        sets = read_study(copy.deepcopy(config), ROOT).answers
        places = [f"{a.condition.path}/{a.questions}/{a.language}.jsonl" for a in sets]
        for place in places:
            answered(folder / "results" / "answer" / place)
        ratings = [f"results/judge/batched/{place}" for place in places]
        # the answers stand there already: only the judge's rules may run
        only = ["--allowed-rules", "ask_in_batches", "judge_answers", "--configfile", "mine.yaml"]
        done = run_snakemake("--cores", "2", *only, "--", *ratings, cwd=folder)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        assert len(server.batches) == 1, "one batch for all sets"
        assert server.requests == 0, "nothing is asked singly"
        assert set(server.sent.values()) == {1}
        assert len(server.sent) == 3 * len(places) == 12
        seen = [read_jsonl(folder / path) for path in ratings]

        # one set of answers changes: its ratings are made again, of what its answers are now
        changed = folder / "results" / "answer" / places[1]
        rows = read_jsonl(changed)
        write_jsonl(changed, [{**row, "answer": "revised"} for row in rows[:2]] + rows[2:])
        done = run_snakemake("--cores", "2", *only, "--", *ratings, cwd=folder)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        counts = dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE))
        assert counts == {"ask_in_batches": "1", "judge_answers": "4", "total": "5"}
        assert len(server.batches) == 2 and server.requests == 0
        assert set(server.sent.values()) == {1} and len(server.sent) == 12 + 2
        now = [read_jsonl(folder / path) for path in ratings]
        assert [row["rating"] for row in now[1]] == [2.0, 2.0, 4.0]
        assert now[:1] + now[2:] == seen[:1] + seen[2:], "as before, and from the store"
    assert read_json(folder / "results/judge/batched.batch.json")["collected"] == 2
    for rows in seen:
        assert [row["rating"] for row in rows] == [4.0] * 3
        assert rows[0]["replies"][0]["text"] == ODD, "the raw reply is kept as it came"
    store = folder / "results" / ".work" / "api" / "replies.sqlite"
    assert store.is_file()


@pytest.mark.slow
def test_from_another_workflow(tmp_path):
    (tmp_path / "mothertongue").symlink_to(ROOT)
    places = [f"theirs/{data}/es/high/seed1/questions/es.jsonl" for data in ("native", "other")]
    with JudgeServer(reply=lambda prompt, nth: ODD) as server:
        server.skip = lambda key: key.startswith("0")
        config = {"languages": {"es": {}}, "judge": judge(server)}
        files = [f"ours/judge/batched/{place}" for place in places]
        text = MODULE.format(config=config, files=", ".join(map(repr, files)))
        (tmp_path / "Snakefile").write_text(text, encoding="utf-8")
        for place in places:
            answered(tmp_path / "ours" / "answer" / place, 20)
        done = run_snakemake("--cores", "2", cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        assert len(server.batches) == 2, "a batch for each set that is no study's"
        assert server.requests < 10, "only what the batches left is asked singly"
        assert sum(server.sent.values()) == 40
        again = run_snakemake("--dry-run", cwd=tmp_path)
        assert "Nothing to be done" in again.stdout + again.stderr
    for path in files:
        assert [row["rating"] for row in read_jsonl(tmp_path / path)] == [4.0] * 20
    assert not (tmp_path / "results").exists()
    assert (tmp_path / "ours/.work/api/replies.sqlite").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["batched.batch.json"])
def test_the_batch_alone_can_be_asked_for(tmp_path, wanted):
    """The judge's batch report is a target of its own (a study's answers are planned for it)."""
    folder = checkout(tmp_path / "study")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    with JudgeServer() as server:
        config["judge"] = judge(server)
        (folder / "mine.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        target = f"results/judge/{wanted}"
        dry = run_snakemake("--dry-run", "--configfile", "mine.yaml", "--", target, cwd=folder)
    assert dry.returncode == 0, dry.stdout[-2000:] + dry.stderr[-4000:]
    assert "ask_in_batches" in dry.stdout + dry.stderr
