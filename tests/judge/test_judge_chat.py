"""Chat judges through the real OpenAI and Cohere clients against a server on loopback."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import answer_questions
import draw_questions
import judge_answers
import pytest
from answering import tiny  # noqa: F401
from judging import RUN, answers, arguments
from mothertongue.api import Reply
from mothertongue.files import read_jsonl
from mothertongue.judge.chat import checker
from mothertongue.judge.prompt import judge_prompt
from mothertongue.judge.records import Item, Rating
from mothertongue.judge.settings import JudgeSpec
from mothertongue.judge.task import Task
from mothertongue.judge.totals import summarise
from standin_batch import JudgeServer, rating_for


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["openai", "cohere"])
def test_rates_every_answer_once(tmp_path, backend):
    rows = answers(tmp_path / "answers.jsonl")
    with JudgeServer() as server:
        judge_answers.main(**arguments(tmp_path, server, backend))
        assert set(server.sent.values()) == {1}
        assert len(server.sent) == 60
        judge_answers.main(**arguments(tmp_path, server, backend))
        assert server.requests == 60  # the second time everything is in the store
    rated = read_jsonl(tmp_path / "ratings.jsonl")
    expected = [rating_for(judge_prompt(row["prompt"], row["answer"])) for row in rows]
    assert [row["rating"] for row in rated] == expected
    assert rated[0]["replies"][0]["text"].startswith("It is fine.")
    assert summarise(map(Rating.from_json, rated)).complete


def test_repeats_are_averaged_and_more_of_them_ask_only_the_new(tmp_path):
    answers(tmp_path / "answers.jsonl", 5)
    with JudgeServer(reply=lambda prompt, nth: "Rating: [[4]]") as server:
        judge_answers.main(**arguments(tmp_path, server))
        judge_answers.main(**arguments(tmp_path, server, repeats=3))
        assert server.requests == 15
    rated = read_jsonl(tmp_path / "ratings.jsonl")
    assert [len(row["replies"]) for row in rated] == [3] * 5


def test_unreadable_replies_are_asked_again_and_then_unscored(tmp_path):
    answers(tmp_path / "answers.jsonl", 6)

    def reply(prompt, nth):
        if "Pregunta 1?" in prompt:
            return "A solid 4 out of 5."  # never readable
        if "Pregunta 2?" in prompt and nth < 3:
            return "Rating: [[6]]"
        if "Pregunta 3?" in prompt:
            return 400  # declined by the server
        return "Rating: [[4]]"

    with JudgeServer(reply=reply) as server:
        judge_answers.main(**arguments(tmp_path, server))
    rated = read_jsonl(tmp_path / "ratings.jsonl")
    assert [row["rating"] for row in rated] == [4.0, None, 4.0, None, 4.0, 4.0]
    assert "no [[rating]]" in rated[1]["unscored"]
    assert rated[1]["replies"][0]["text"] == "A solid 4 out of 5."
    assert "declines" in rated[3]["unscored"]
    total = summarise(map(Rating.from_json, rated))
    assert (total.scored, total.total, total.mean) == (4, None, 4.0)


def test_what_was_wrong_is_told_without_a_number():
    for reply, form in (("I say [[3]] or [[4]].", "brackets"), ('{"rating": 4.25}', "json")):
        task = Task(JudgeSpec.of({"backend": "openai", "model": "m"}))
        (problem,) = checker(task, Item("a", "", ""), form)(Reply(reply))
        assert problem
        assert not any(char.isdigit() for char in problem)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("language", ["es", "ru", "zh"])
def test_the_50_real_questions(tmp_path, shared, tiny, language):
    """The study's own translated questions through answer, judge and total."""
    source = shared / "data" / "questions" / f"translated_{language}.jsonl"
    draw_questions.main(
        source=str(source),
        drawn=None,
        language=language,
        instructions={},
        aya={},
        questions=tmp_path / "questions.jsonl",
        limit=None,
    )
    answer_questions.main(
        questions=tmp_path / "questions.jsonl",
        adapter=tiny / "adapter" / "adapter_model.safetensors",
        weights=None,
        answers=tmp_path / "answers.jsonl",
        provenance=tmp_path / "answers.provenance.json",
        partial=tmp_path / "partial.jsonl",
        model={"base": str(tiny / "base"), "revision": None},
        quantisation="int8",
        dtype="auto",
        template="alpaca",
        max_new_tokens=16,
        temperature=0.0,
        batch_tokens="auto",
    )
    with JudgeServer() as server:
        judge_answers.main(**arguments(tmp_path, server))
    asked = [row["id"] for row in read_jsonl(source)]
    rated = read_jsonl(tmp_path / "ratings.jsonl")
    assert [row["id"] for row in rated] == asked
    total = summarise(map(Rating.from_json, rated))
    assert total.complete
    assert total.asked == 50
    assert 50 <= total.total <= 250


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["openai", "cohere"])
def test_2000_ratings_through_faults_and_kills(tmp_path, root, backend):
    """20 % faults and five kill -9: every item scored once and billed once (+ in flight)."""
    rows = answers(tmp_path / "answers.jsonl", 2000)
    expected = [rating_for(judge_prompt(row["prompt"], row["answer"])) for row in rows]
    chance = random.Random(5)
    with JudgeServer(faults=0.2, latency=0.03) as server:
        given = arguments(tmp_path, server, backend)
        paths = [str(root / "workflow_scripts")]
        code = RUN.format(paths=paths, arguments=repr(given))
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        kills = 0
        while True:
            process = subprocess.Popen(
                [sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL
            )
            if kills < 5:
                before, until = server.requests, time.monotonic() + 30
                while server.requests == before and time.monotonic() < until:
                    time.sleep(0.01)
                time.sleep(chance.uniform(0.1, 0.5))
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    kills += 1
                process.wait()
                assert not Path(given["ratings"]).exists() or process.returncode == 0
                continue
            assert process.wait(300) == 0
            break
        good = server.good
    rated = read_jsonl(given["ratings"])
    assert kills == 5
    assert [row["rating"] for row in rated] == expected
    # beside what was spoilt on purpose, nothing is billed twice but what was in flight at a kill
    assert len(good) == 2000
    assert sum(good.values()) <= 2000 + 5 * given["operating"]["api"]["concurrency"]
