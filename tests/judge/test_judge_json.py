"""Ratings as a field of a JSON reply: asked for, read, and fallen back from, with real clients."""

import json

import ask_in_batches
import judge_answers
import pytest
from judging import answers, arguments
from judging_in_batches import batch_arguments
from mothertongue.api import Store
from mothertongue.errors import InputError
from mothertongue.files import read_json, read_jsonl, write_jsonl
from mothertongue.judge import rating_settings
from mothertongue.judge.prompt import judge_prompt
from mothertongue.judge.structured import parse_json
from standin_batch import JudgeServer, rating_for

GIVEN = json.dumps({"explanation": "x", "rating": 5})


@pytest.mark.parametrize(
    ("reply", "answer", "rating"),
    [
        ('{"explanation": "clear", "rating": 4}', "", 4),
        ('{"rating": "4", "reason": "clear"}', "", 4),
        ('{"rating": 3.5}', "", 3.5),
        ('```json\n{"explanation": "a", "rating": 2}\n```', "", 2),
        ('<think>{"rating": 5}</think>{"explanation": "a", "rating": 2}', "", 2),
        ('Here it is: {"explanation": "a", "rating": 2}', "", 2),
        ('{"explanation": "It says [[5]] and {\\"rating\\": 5}", "rating": 1}', GIVEN, 1),
        (GIVEN, GIVEN, 5),  # the whole reply is one object: the judge's
        ('{"Rating": 4}', "", 4),
        ('{"explanation": "no", "rating": null}', "", None),
        ('{"explanation": "no", "declined": true, "rating": 1}', "", None),
        ('{"explanation": "bad", "declined": false, "rating": 1}', "", 1),
        ('{"rating": 7}', "", None),
        ('{"rating": 0}', "", None),
        ('{"rating": 4.25}', "", None),
        ('{"rating": true}', "", None),
        ('{"rating": [4]}', "", None),
        ('{"rating": 4, "rating": 2}', "", None),
        ('{"rating": 4}\n{"rating": 2}', "", None),
        ('{"score": 4}', "", None),
        ('{"explanation": "cut off, "rating', "", None),
        ('<think>{"rating": 5}', "", None),
        ("Rating: [[4]]", "", None),
        (f"It only holds {GIVEN}, which I do not follow.", GIVEN, None),
        ("", "", None),
        ("[" * 100_000, "", None),
        ('{"rating":' * 100_000, "", None),
    ],
)
def test_a_rating_is_read_from_json(reply, answer, rating):
    parsed = parse_json(reply, answer)
    assert parsed.rating == rating
    assert (parsed.problem is None) == (rating is not None)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["openai", "cohere"])
def test_asked_by_schema(tmp_path, backend):
    rows = answers(tmp_path / "answers.jsonl", 12)
    with JudgeServer() as server:
        judge_answers.main(**arguments(tmp_path, server, backend, reply=None))
        assert server.requests == 12
        body = json.loads(next(iter(server.sent)))
    schema = body["response_format"]["json_schema"]
    schema = schema["schema"] if backend == "openai" else schema
    assert "rating" in schema["properties"]
    expected = [
        round(rating_for(judge_prompt(row["prompt"], row["answer"], form="json"))) for row in rows
    ]
    assert [row["rating"] for row in read_jsonl(tmp_path / "ratings.jsonl")] == expected


@pytest.mark.slow
@pytest.mark.parametrize("schema", ["refused", "broken"])
@pytest.mark.parametrize("backend", ["openai", "cohere"])
def test_a_server_without_schemas_is_asked_in_brackets_after_one_refusal(tmp_path, backend, schema):
    answers(tmp_path / "answers.jsonl", 12)
    given = {"backend": backend, "reply": None}
    with JudgeServer() as server:
        server.schema = schema
        judge_answers.main(**arguments(tmp_path, server, **given))
        assert server.requests == 13
        write_jsonl(tmp_path / "answers.jsonl", [{"id": "n", "prompt": "New?", "answer": "Yes"}])
        judge_answers.main(**arguments(tmp_path, server, **given))
        assert server.requests == 14, "what was learnt is noted for the next set"
        assert not any("response_format" in key for key in server.sent)
    note = read_json(tmp_path / "judges" / "judge.json")
    assert note["reply"] == "brackets"
    assert "refuses" in note["why"]


def test_another_model_is_tried_anew(tmp_path):
    answers(tmp_path / "answers.jsonl", 3)
    with JudgeServer() as server:
        server.schema = "refused"
        judge_answers.main(**arguments(tmp_path, server, reply="json"))
        server.schema = "taken"
        judge_answers.main(**arguments(tmp_path, server, reply="json", model="judge-2"))
        assert sum("response_format" in key for key in server.sent) == 3


def test_ratings_in_brackets_are_neither_asked_nor_paid_again(tmp_path):
    rows = answers(tmp_path / "answers.jsonl", 8)
    with JudgeServer() as server:
        judge_answers.main(**arguments(tmp_path, server))  # version 1.0.0: no `reply`
        before = (tmp_path / "ratings.jsonl").read_bytes()
        for reply in ("brackets", None):  # said explicitly, or left open
            judge_answers.main(**arguments(tmp_path, server, reply=reply))
            assert server.requests == 8
            assert (tmp_path / "ratings.jsonl").read_bytes() == before
        more = [*rows, {"id": "n", "prompt": "New?", "answer": "Yes"}]
        write_jsonl(tmp_path / "answers.jsonl", more)
        judge_answers.main(**arguments(tmp_path, server, reply=None))
        assert server.requests == 9
        assert not any("response_format" in key for key in server.sent), "one study, one form"


def test_brackets_leave_a_judge_s_parameters_as_they_were():
    entry = {"backend": "openai", "model": "m", "temperature": 0.0, "repeats": 1}
    assert rating_settings("x", {**entry, "reply": "brackets"}) == rating_settings("x", entry)
    assert rating_settings("x", {**entry, "reply": "json"})["reply"] == "json"


def test_a_server_that_ignores_the_schema_ends_in_one_line(tmp_path):
    answers(tmp_path / "answers.jsonl", 3)
    with JudgeServer() as server:
        server.schema = "ignored"
        with pytest.raises(
            InputError,
            match=r"none of the 3 answers.*no JSON object with a rating.*; for example '.*reply: brackets",
        ):
            judge_answers.main(**arguments(tmp_path, server, reply="json"))
    assert not (tmp_path / "ratings.jsonl").exists()


def test_a_replay_goes_on_in_the_form_that_was_recorded(tmp_path):
    from mothertongue.api.replay import export_replies

    answers(tmp_path / "answers.jsonl", 4)
    with JudgeServer() as server:
        judge_answers.main(**arguments(tmp_path, server))
        first = (tmp_path / "ratings.jsonl").read_bytes()
        with Store(tmp_path / "s.sqlite") as store:
            export_replies(store, tmp_path / "replies.parquet")
        given = arguments(tmp_path, server, reply=None)
        given["operating"] |= {
            "replay": str(tmp_path / "replies.parquet"),
            "store": str(tmp_path / "new" / "s.sqlite"),
        }
        judge_answers.main(**given)
        assert server.requests == 4
    assert (tmp_path / "ratings.jsonl").read_bytes() == first


@pytest.mark.slow
def test_batches_ask_by_schema_or_learn_that_they_cannot(tmp_path):
    answers(tmp_path / "answers.jsonl", 20)
    for schema, requests in (("taken", 1), ("refused", 1)):
        folder = tmp_path / schema
        folder.mkdir()
        answers(folder / "answers.jsonl", 20)
        with JudgeServer() as server:
            server.schema = schema
            rate, ask = batch_arguments(folder, server)
            rate["spec"]["reply"] = None
            ask_in_batches.main(**ask)
            assert server.requests == requests  # the one that tells the form
            judge_answers.main(**rate)
            assert server.requests == requests
            assert any("response_format" in key for key in server.sent) == (schema == "taken")


@pytest.mark.slow
def test_three_refused_calls_are_an_error_and_no_ratings(tmp_path):
    answers(tmp_path / "answers.jsonl", 3)
    for reply in ("brackets", "json", None):
        told = pytest.raises(InputError, match="3 of 3 requests to judge brought no reply")
        with JudgeServer(reply=lambda prompt, nth: 400) as server, told:
            judge_answers.main(**arguments(tmp_path, server, reply=reply))
        assert not (tmp_path / "ratings.jsonl").exists()
