"""Batch mode through the real OpenAI client: submit, survive kills, collect, fall back per item."""

import os
import signal
import subprocess
import sys
import time

import ask_in_batches
import judge_answers
import pytest
from judging import RUN, answers
from judging_in_batches import batch_arguments
from mothertongue.api import Store
from mothertongue.errors import InputError
from mothertongue.files import read_json, read_jsonl
from mothertongue.judge.prompt import judge_prompt
from standin_batch import JudgeServer, rating_for


@pytest.mark.slow
def test_batches_then_single_requests_for_the_rest(tmp_path):
    rows = answers(tmp_path / "answers.jsonl", 100)
    with JudgeServer() as server:
        server.skip = lambda key: key.startswith("0")
        rate, ask = batch_arguments(tmp_path, server)
        ask_in_batches.main(**ask)
        assert len(server.batches) == 3
        assert server.requests == 0
        report = read_json(tmp_path / "batch.json")
        assert report["submitted"] == 100
        assert 0 < report["left"] < 30
        with Store(rate["operating"]["store"]) as store:
            spent = store.spent("judge")
        assert spent == pytest.approx(report["collected"] * 0.5 * (100 * 10 + 20 * 30) / 1e6)
        judge_answers.main(**rate)
        assert server.requests == report["left"]
        assert set(server.sent.values()) == {1}
        ask_in_batches.main(**ask)
        assert len(server.batches) == 3  # nothing is left to ask
    expected = [rating_for(judge_prompt(row["prompt"], row["answer"])) for row in rows]
    assert [row["rating"] for row in read_jsonl(tmp_path / "ratings.jsonl")] == expected


def test_a_lost_reply_to_the_submission_pays_nothing_twice(tmp_path):
    answers(tmp_path / "answers.jsonl", 10)
    with JudgeServer() as server:
        server.lost_creates = 1
        ask_in_batches.main(**batch_arguments(tmp_path, server)[1])
        assert len(server.batches) == 1
        assert set(server.sent.values()) == {1}


def test_a_rejected_batch_is_one_line(tmp_path):
    answers(tmp_path / "answers.jsonl", 5)
    with JudgeServer() as server:

        def reject(batch):
            batch["status"] = "failed"
            batch["errors"] = {"object": "list", "data": [{"message": "token limit reached"}]}

        server.complete = reject
        with pytest.raises(InputError, match="rejects batch batch-0: token limit reached"):
            ask_in_batches.main(**batch_arguments(tmp_path, server)[1])


@pytest.mark.slow
def test_a_declined_parameter_costs_one_more_batch_not_the_full_price(tmp_path):
    rows = answers(tmp_path / "answers.jsonl", 10)
    with JudgeServer() as server:
        server.declines = "temperature"
        rate, ask = batch_arguments(tmp_path, server)
        ask_in_batches.main(**ask)
        assert len(server.batches) == 2
        assert read_json(tmp_path / "batch.json") == {"submitted": 20, "collected": 10, "left": 0}
        judge_answers.main(**rate)
        assert server.requests == 0
        assert set(server.sent.values()) == {1}
    assert len(read_jsonl(tmp_path / "ratings.jsonl")) == len(rows)


def test_budget_stops_before_submitting(tmp_path):
    answers(tmp_path / "answers.jsonl", 5)
    with JudgeServer() as server:
        ask = batch_arguments(tmp_path, server, api={"budget": 0.0001})[1]
        with pytest.raises(InputError, match="budget"):
            ask_in_batches.main(**ask)
        assert not server.batches
        assert not server.files


@pytest.mark.slow
def test_killed_at_any_moment_submits_nothing_twice(tmp_path, root):
    answers(tmp_path / "answers.jsonl", 100)
    with JudgeServer() as server:
        given = batch_arguments(tmp_path, server)[1]
        code = RUN.replace("judge_answers", "ask_in_batches")
        code = code.format(paths=[str(root / "workflow_scripts")], arguments=repr(given))
        for kill in range(6):
            process = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ))
            if kill < 5:
                before, until = len(server.files) + sum(server.looks.values()), time.time() + 20
                while (
                    len(server.files) + sum(server.looks.values()) == before
                    and process.poll() is None
                    and time.time() < until
                ):
                    time.sleep(0.002)
                time.sleep(0.01 * kill)
                process.send_signal(signal.SIGKILL)
                process.wait()
            else:
                assert process.wait(120) == 0
        assert len(server.sent) == 100
        assert set(server.sent.values()) == {1}
