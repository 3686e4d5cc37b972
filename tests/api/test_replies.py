"""Replies in the shapes that vendors and gateways give them, and errors inside good ones."""

import judge_answers
import pytest
from mothertongue.api import Stop, Temporary, Unanswerable
from mothertongue.api.shapes import read_chat
from mothertongue.api.statuses import error_inside
from mothertongue.errors import InputError
from mothertongue.files import read_jsonl, write_jsonl
from standin_vendor import CLIENTS, Server, ask, completion, translator


@pytest.mark.parametrize(
    ("raw", "text", "finish"),
    [
        (completion({"content": "Hola"}, finish_reason="stop"), "Hola", "stop"),
        (completion({"content": [{"type": "text", "text": "Ho"}, {"type": "text", "text": "la"}]}), "Hola", "stop"),
        (completion({"content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hola"}]}), "Hola", "stop"),
        (completion({"content": [{"type": "reasoning", "text": "Hm"}, {"type": "output_text", "text": "Hola"}]}), "Hola", "stop"),
        (completion({"content": [{"type": "text", "text": {"value": "Hola", "annotations": []}}]}), "Hola", "stop"),
        (completion({"content": ["Ho", "la"]}), "Hola", "stop"),
        (completion({"content": {"type": "text", "text": "Hola"}}), "Hola", "stop"),
        (completion({"content": "Hola", "reasoning_content": "Hm [[2]]"}), "Hola", "stop"),
        (completion({"content": None, "reasoning": "Hm"}, finish_reason="length"), None, "length"),
        (completion({"content": None, "refusal": "I will not."}), None, "refusal"),
        (completion({"content": [{"type": "refusal", "refusal": "No."}]}), None, "refusal"),
        (completion({"content": "Hola"}, finish_reason="MAX_TOKENS"), "Hola", "length"),
        ({"choices": [{"text": "Hola", "finish_reason": "stop"}]}, "Hola", "stop"),
        ({"message": {"content": [{"type": "text", "text": "Hola"}]}, "finish_reason": "COMPLETE"}, "Hola", "stop"),
        ({"choices": []}, None, "unreadable"),
        ({"answer": "Hola", "usage": {"prompt_tokens": 3}}, None, "unreadable"),
    ],
)  # fmt: skip
def test_shapes_of_a_reply(raw, text, finish):
    reply = read_chat(raw)
    assert (reply.text, reply.finish, reply.raw) == (text, finish, raw)


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 5}, (3, 5)),
        ({"input_tokens": 3.0, "output_tokens": 5.0}, (3, 5)),
        ({"billed_units": {"input_tokens": 3, "output_tokens": 5}}, (3, 5)),
        ({"prompt_tokens": "many", "completion_tokens": None}, (None, None)),
        (None, (None, None)),
        ([], (None, None)),
    ],
)
def test_usage_may_be_anything_or_missing(usage, counts):
    reply = read_chat({**completion({"content": "x"}), "usage": usage})
    assert (reply.input_tokens, reply.output_tokens) == counts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raw", "kind", "words"),
    [
        ({"error": {"message": "the wallet is empty", "code": 402}}, Stop, "the wallet is empty"),
        ({"error": {"message": "no such thing", "code": "model_not_found"}}, Stop, "no such thing"),
        ({"error": {"message": "slow down", "code": 429}}, Temporary, "slow down"),
        ({"error": {"message": "Provider error", "code": 502, "metadata": {"raw": "upstream is gone"}}}, Temporary, "upstream is gone"),
        ({"error": "model is loading, try again"}, Temporary, "model is loading"),
        ({"error": {"type": "invalid_request_error", "message": "bad field"}}, Unanswerable, "bad field"),
        ({"object": "error", "message": "prompt too long", "code": 400}, Unanswerable, "prompt too long"),
        ({"detail": "Incorrect API key given"}, Stop, "Incorrect API key given"),
        ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}, "choices": None}, Stop, "insufficient balance"),
        ({"choices": [{"message": {"content": ""}, "error": {"code": 503, "message": "worker died"}}]}, Temporary, "worker died"),
    ],
)  # fmt: skip
def test_an_error_inside_a_200_is_told_in_the_servers_words(raw, kind, words):
    error = error_inside(raw, "the gateway")
    assert type(error) is kind
    assert words in str(error)
    with Server(lambda handler, body: handler.send(raw)) as server:
        for backend in ("openai", "cohere", "google-cloud"):
            if backend == "google-cloud" and "choices" in raw:
                continue
            with pytest.raises(kind, match=words):
                ask(translator(backend, server.url(backend)))


@pytest.mark.parametrize(
    "content", ["Hola", {"choices": [{"message": {"content": "x"}}], "error": None}]
)
def test_a_good_reply_holds_no_error(content):
    assert error_inside(content, "x") is None
    assert (
        error_inside({"message": {"content": [{"type": "text", "text": "an error"}]}}, "x") is None
    )


@pytest.mark.slow
@pytest.mark.parametrize("backend", CLIENTS)
def test_a_page_instead_of_json_is_told_in_its_own_words(backend):
    told = b"<html><body>502 the gateway is tired</body></html>"
    answer = lambda handler, body: handler.send(told, form="text/html")  # noqa: E731
    with Server(answer) as server, pytest.raises(Temporary) as caught:
        ask(translator(backend, server.url(backend)))
    assert "\n" not in str(caught.value)
    assert backend == "google" or "the gateway is tired" in str(caught.value)


def test_three_refused_ratings_are_an_error(tmp_path):
    rows = [{"id": f"q{i}", "prompt": "Why?", "answer": f"Because {i}."} for i in range(3)]
    write_jsonl(tmp_path / "answers.jsonl", rows)
    spec = {"backend": "openai", "model": "m", "temperature": 0.0, "max_tokens": 64, "repeats": 1}
    operating = {"api": {}, "replay": None, "store": str(tmp_path / "s.sqlite"), "price": {}}
    refusal = {"error": {"message": "this deployment takes no requests"}}
    with Server(lambda handler, body: handler.send(refusal, 400)) as server:
        spec["base_url"] = server.url("openai")
        arguments = {"answers": tmp_path / "answers.jsonl", "ratings": tmp_path / "ratings.jsonl"}
        with pytest.raises(InputError, match="this deployment takes no requests"):
            judge_answers.main(**arguments, judge="j", spec=spec, operating=operating)
    assert not (tmp_path / "ratings.jsonl").exists()


def test_a_rating_in_parts_reaches_the_file(tmp_path):
    rows = [{"id": "q", "prompt": "Why?", "answer": "Because."}]
    write_jsonl(tmp_path / "answers.jsonl", rows)
    parts = [{"type": "thinking", "thinking": "[[2]]"}, {"type": "text", "text": "Good. [[4]]"}]
    spec = {"backend": "openai", "model": "m", "temperature": 0.0, "max_tokens": 64, "repeats": 1}
    operating = {"api": {}, "replay": None, "store": str(tmp_path / "s.sqlite"), "price": {}}
    with Server(lambda handler, body: handler.send(completion({"content": parts}))) as server:
        spec["base_url"] = server.url("openai")
        arguments = {"answers": tmp_path / "answers.jsonl", "ratings": tmp_path / "ratings.jsonl"}
        judge_answers.main(**arguments, judge="j", spec=spec, operating=operating)
    assert read_jsonl(tmp_path / "ratings.jsonl")[0]["rating"] == 4.0
