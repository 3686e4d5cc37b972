"""Parameters that a model declines, and those that a study gives."""

import json

import pytest
from mothertongue.api import Ask, Engine, Service, Store, Unanswerable, make_client
from mothertongue.api.adapt import declined
from standin import page
from standin_vendor import Server, chat, completion

DECLINES = [
    ("max_tokens", "'max_tokens' cannot be used; use 'max_completion_tokens' instead.", "max_completion_tokens"),
    ("max_tokens", "Unsupported parameter: max_tokens", "max_completion_tokens"),
    ("max_tokens", "max_tokens: this model knows max_output_tokens only", "max_output_tokens"),
    ("temperature", "'temperature' does not support 0 with this model. Only the default (1) value is.", "not sent"),
    ("temperature", "`temperature` must be strictly positive", "not sent"),
    ("seed", "seed: Extra inputs are not permitted", "not sent"),
    ("seed", "This server has no support for the field 'seed'", "not sent"),
    ("temperature", "Temperature must be > 0", "not sent"),
    ("temperature", "参数temperature不支持", "not sent"),
    ("seed", "无效的字段：seed", "not sent"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "told", "action"), DECLINES)
@pytest.mark.parametrize("backend", ["openai", "cohere"])
def test_a_declined_parameter_is_learnt_once(backend, name, told, action):
    def answer(handler, body):
        if name in json.loads(body):
            handler.send({"error": {"message": told}, "message": told}, 400)
        else:
            handler.send(page(backend, "Hola", "stop"))

    with Server(answer) as server:
        client = make_client(Service(backend, "m", server.url(backend)))
        requests = [client.chat_request(f"Say {i}", max_tokens=64, seed=3) for i in range(3)]
        assert [client.send(request, 5).text for request in requests] == ["Hola"] * 3
        bodies = [json.loads(body) for _, _, body in server.seen]
    assert [name in body for body in bodies] == [True, False, False, False]
    assert [body.get(action) for body in bodies[1:]] == [64 if "max" in action else None] * 3
    assert name in requests[0]  # its identity in the store is what was asked for
    assert len(client.notes) == 1 and name in client.notes[0] and told[:30] in client.notes[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "refusal",
    [
        {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
        {"detail": "seed: unknown field"},
        {"errors": ["the field seed is not known here"]},
        b"seed is not supported",
        {"error": {"message": "Value is not valid", "param": "body.seed"}},
    ],
)
def test_a_declined_parameter_is_learnt_from_other_forms_of_errors(refusal):
    def answer(handler, body):
        if "seed" in json.loads(body):
            handler.send(refusal, 422)
        else:
            handler.send(page("openai", "Hola", "stop"))

    with Server(answer) as server:
        client = make_client(Service("openai", "m", server.url("openai")))
        assert client.send(client.chat_request("Say it", seed=3), 5).text == "Hola"
    assert len(client.notes) == 1 and "seed is not sent" in client.notes[0]


def test_an_error_without_a_message_is_told_by_its_body():
    def answer(handler, body):
        handler.send({"detail": [{"loc": ["body", "messages"], "msg": "far too long"}]}, 422)

    with Server(answer) as server:
        client = make_client(Service("openai", "m", server.url("openai")))
        with pytest.raises(Unanswerable, match=r"answered 422.*far too long"):
            client.send(client.chat_request("Say it"), 5)


@pytest.mark.parametrize(
    ("told", "parameter"),
    [
        ("max_tokens is too large: 64. This model supports at most 32", None),
        ("max_tokens must be less than 50", "max_tokens"),
        ("The text was filtered: 'plant the seed at a temperature of 20'", "messages"),
        ("your prompt about the temperature was flagged", None),
    ],
)
def test_a_refusal_about_something_else_is_no_declined_parameter(told, parameter):
    assert declined(told, parameter, {"max_tokens": 64, "temperature": 0.0, "seed": 1}) is None


def test_parameters_of_the_study_are_sent_as_they_are_and_never_dropped():
    def answer(handler, body):
        handler.send({"error": {"message": "Unsupported parameter: seed"}}, 400)

    with Server(answer) as server:
        more = {"top_k": 5, "temperature": None, "seed": 7, "nested": {"a": [1]}}
        client = chat(server.url("openai"), parameters=more)
        request = client.chat_request("Say it", max_tokens=9)
        with pytest.raises(Unanswerable, match="seed"):
            client.send(request, 5)
        (body,) = [json.loads(body) for _, _, body in server.seen]
    assert body["nested"] == {"a": [1]} and (body["top_k"], body["seed"]) == (5, 7)
    assert "temperature" not in body
    plain = chat(None).chat_request("Say it", max_tokens=9)
    assert chat(None, parameters={}).chat_request("Say it", max_tokens=9) == plain


def test_a_filter_that_quotes_the_text_teaches_nothing():
    def answer(handler, body):
        if b"filtered" in body:
            handler.send({"error": {"message": "not allowed: 'the seed, the temperature'"}}, 400)
        else:
            handler.send(completion({"content": "Hola"}))

    with Server(answer) as server:
        client = chat(server.url("openai"))
        with pytest.raises(Unanswerable, match="not allowed"):
            client.send(client.chat_request("filtered", seed=1), 5)
        client.send(client.chat_request("Say it", seed=1), 5)
        body = json.loads(server.seen[-1][2])
    assert (body["temperature"], body["seed"]) == (0.0, 1)
    assert client.notes == []


def test_a_second_attempt_is_told_what_was_wrong_byte_for_byte():
    """The request decides the key of a stored reply: a changed word would be paid for again."""
    client = chat("http://localhost:1/v1")
    request = client.chat_request("Rate it.", system="Be fair.")
    told = client.say_what_was_wrong(request, 2, ["no rating", "$5 ${told}"])
    assert told == {
        **request,
        "messages": [
            {"role": "system", "content": "Be fair."},
            {
                "role": "user",
                "content": "Attempt 2: the previous reply to this request could not be used (no rating,"
                " $5 ${told}). Follow the instructions below exactly.\nRate it.",
            },
        ],
    }
    untold = client.say_what_was_wrong(request, 3, [])["messages"][-1]["content"]
    assert untold.startswith("Attempt 3: the previous reply to this request could not be used. Fol")


def test_what_a_service_declines_is_noted_in_the_store(tmp_path):
    def answer(handler, body):
        if "temperature" in json.loads(body):
            handler.send({"error": {"message": "no temperature here"}}, 400)
        else:
            handler.send(completion({"content": "Hola"}))

    with Server(answer) as server, Store(tmp_path / "s.sqlite") as store:
        client = chat(server.url("openai"))
        engine = Engine(client, store, account="a")
        assert [o.status for o in engine.run([Ask(client.chat_request("Hi"))])] == ["ok"]
        (note,) = store.notes("a")
    assert "temperature is not sent" in note and "no temperature here" in note


LLAMA = (
    "1 validation error: {'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), "
    "'msg': \"Input should be 'text' or 'json_object'\", 'input': 'json_schema'}"
)


@pytest.mark.slow
def test_a_schema_is_given_as_llama_cpp_wants_it():
    """llama-cpp-python's server answers 500 to a schema in OpenAI's form; that is no fault to wait for."""
    schema = {"type": "object", "properties": {"rating": {"type": "integer"}}}

    def answer(handler, body):
        if json.loads(body)["response_format"]["type"] == "json_schema":
            handler.send({"error": {"message": LLAMA}}, 500)
        else:
            handler.send(page("openai", '{"rating": 4}', "stop"))

    with Server(answer) as server:
        client = make_client(Service("openai", "m", server.url("openai")))
        request = client.chat_request("Rate", schema=schema)
        assert [client.send(request, 5).text for _ in range(2)] == ['{"rating": 4}'] * 2
        bodies = [json.loads(body)["response_format"] for _, _, body in server.seen]
    assert [one["type"] for one in bodies] == ["json_schema", "json_object", "json_object"]
    assert bodies[1]["schema"] == schema and request["response_format"]["type"] == "json_schema"
