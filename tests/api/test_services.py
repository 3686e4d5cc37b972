"""Services as vendors and gateways are: shapes of replies, declined parameters, keys, transport."""

import json
import shutil
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import judge_answers
import pytest
from mothertongue.api import (
    Ask,
    Engine,
    Stop,
    Store,
    Temporary,
    Unanswerable,
    make_client,
)
from mothertongue.api.adapt import declined
from mothertongue.api.keys import Secret, goes_to_vendor
from mothertongue.api.shapes import read_chat
from mothertongue.api.statuses import error_inside, retry_after
from mothertongue.errors import InputError
from mothertongue.files import read_jsonl, write_jsonl
from mothertongue.secrets import key_in_address
from mothertongue.translate import make_translator
from standin import page

KEY = "canary-0123456789-secret"
CLIENTS = ("openai", "cohere", "google-cloud", "google")
LANGUAGES = {code: {"name": code, "script": "Latn", "google": code} for code in ("en", "es")}
PATHS = {"openai": "/v1", "google": "/m", "google-cloud": "/language/translate/v2"}


class Server(ThreadingHTTPServer):
    """Answers with `answer(handler, body)`; keeps the path, headers and body of every request."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.seen, self.scheme = answer, [], "http"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *exc):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass

    def url(self, backend="", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.server_address[1]}{PATHS.get(backend, '')}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.server.answer(self, body)

    def send(self, content, status=200, headers=None, form="application/json"):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": form,
            "Content-Length": len(data),
            **(headers or {}),
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)


def answering(backend, text="Hola a todos."):
    """A good answer of a service, whatever is asked."""
    form = "text/html; charset=utf-8" if backend == "google" else "application/json"
    return lambda handler, body: handler.send(page(backend, text, "stop"), form=form)


def translator(backend, url, **api):
    entry = {"backend": backend, "model": "m", "base_url": url, "api": api}
    return make_translator(entry, LANGUAGES)


def ask(client, timeout=5.0):
    return client.send(client.request("Hello to all of you.", "en", "es"), timeout)


def chat(url, **more):
    return make_client({"backend": "openai", "model": "m", "base_url": url, "api": {}, **more})


def completion(message, **more):
    return {"id": "1", "model": "m", "choices": [{"index": 0, "message": message, **more}]}


# replies in all their shapes


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


@pytest.mark.parametrize("backend", CLIENTS)
def test_a_page_instead_of_json_is_told_in_its_own_words(backend):
    told = b"<html><body>502 the gateway is tired</body></html>"
    answer = lambda handler, body: handler.send(told, form="text/html")  # noqa: E731
    with Server(answer) as server, pytest.raises(Temporary) as caught:
        ask(translator(backend, server.url(backend)))
    assert "\n" not in str(caught.value)
    assert backend == "google" or "the gateway is tired" in str(caught.value)


# parameters that a model declines

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


@pytest.mark.parametrize(("name", "told", "action"), DECLINES)
@pytest.mark.parametrize("backend", ["openai", "cohere"])
def test_a_declined_parameter_is_learnt_once(backend, name, told, action):
    def answer(handler, body):
        if name in json.loads(body):
            handler.send({"error": {"message": told}, "message": told}, 400)
        else:
            handler.send(page(backend, "Hola", "stop"))

    with Server(answer) as server:
        client = make_client({"backend": backend, "model": "m", "base_url": server.url(backend)})
        requests = [client.chat_request(f"Say {i}", max_tokens=64, seed=3) for i in range(3)]
        assert [client.send(request, 5).text for request in requests] == ["Hola"] * 3
        bodies = [json.loads(body) for _, _, body in server.seen]
    assert [name in body for body in bodies] == [True, False, False, False]
    assert [body.get(action) for body in bodies[1:]] == [64 if "max" in action else None] * 3
    assert name in requests[0]  # its identity in the store is what was asked for
    assert len(client.notes) == 1 and name in client.notes[0] and told[:30] in client.notes[0]


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
        client = make_client({"backend": "openai", "model": "m", "base_url": server.url("openai")})
        assert client.send(client.chat_request("Say it", seed=3), 5).text == "Hola"
    assert len(client.notes) == 1 and "seed is not sent" in client.notes[0]


def test_an_error_without_a_message_is_told_by_its_body():
    def answer(handler, body):
        handler.send({"detail": [{"loc": ["body", "messages"], "msg": "far too long"}]}, 422)

    with Server(answer) as server:
        client = make_client({"backend": "openai", "model": "m", "base_url": server.url("openai")})
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


# the whole call ends in time


def trickle(kind):
    def answer(handler, body):
        handler.close_connection = True
        write = handler.wfile.write
        if kind == "headers":
            for letter in b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: " + b"x" * 200:
                write(bytes([letter]))
                time.sleep(0.1)
            return
        write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        chunked = kind == "chunks"
        write(b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: 200\r\n\r\n")
        for _ in range(200):
            write(b"1\r\n \r\n" if chunked else b" ")
            time.sleep(0.1 if kind != "one-byte" else 3)

    return answer


@pytest.mark.parametrize("kind", ["headers", "body", "chunks", "one-byte"])
def test_a_call_ends_in_time_however_its_answer_trickles(kind):
    with Server(trickle(kind)) as server:
        for backend in CLIENTS:
            client = translator(backend, server.url(backend))
            with pytest.raises(Temporary):  # libraries are imported
                ask(client, 0.1)
            started = time.monotonic()
            with pytest.raises(Temporary, match=r"no reply within 0\.7 s"):
                ask(client, 0.7)
            assert 0.6 < time.monotonic() - started < 1.5, backend


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2),
        (
            {
                "retry-after": "Wed, 21 Oct 2015 07:28:09 GMT",
                "date": "Wed, 21 Oct 2015 07:28:00 GMT",
            },
            9,
        ),
    ],
)
def test_retry_after_is_read_against_the_servers_clock(headers, seconds):
    assert retry_after(headers) == seconds


# keys


@pytest.mark.parametrize("backend", ["openai", "cohere", "google-cloud"])
def test_a_key_goes_to_another_server_only_where_the_study_names_it(monkeypatch, backend):
    usual = f"{backend.split('-')[0].upper()}_API_KEY"
    for name in ("OPENAI_API_KEY", "COHERE_API_KEY", "CO_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-canary")
    with Server(answering(backend)) as server:
        assert ask(translator(backend, server.url(backend))).text == "Hola a todos."
        assert KEY not in str(server.seen)
        assert "org-canary" not in str(server.seen)
        assert ask(translator(backend, server.url(backend), key=usual)).text == "Hola a todos."
        assert KEY in str(server.seen[-1])
    monkeypatch.delenv(usual)
    with pytest.raises(InputError, match=f"set the environment variable {usual}"):
        ask(translator(backend, None))


@pytest.mark.parametrize("backend", ["openai", "cohere"])
def test_an_address_in_the_environment_does_not_lead_a_key_away(monkeypatch, backend):
    with Server(answering(backend)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url("openai"))
        monkeypatch.setenv("CO_API_URL", server.url())
        monkeypatch.setenv(f"{backend.upper()}_API_KEY", KEY)
        client = make_client({"backend": backend, "model": "m"}).client()
        told = str(getattr(client, "base_url", "")) or client._client_wrapper.get_base_url()
        assert "api." in told and "127.0.0.1" not in told


@pytest.mark.parametrize(
    ("service", "address", "own"),
    [
        ("openai", None, True),
        ("openai", "https://api.openai.com/v1", True),
        ("openai", "https://eu.api.openai.com/v1", True),
        ("openai", "http://api.openai.com/v1", False),
        ("openai", "https://api.openai.com.evil.org/v1", False),
        ("openai", "https://evil-api.openai.com.org", False),
        ("openai", "https://evilapi.openai.com/v1", False),
        ("openai", "https://api.cohere.com", False),
        ("cohere", "https://api.cohere.com", True),
        ("google-cloud", "https://translation.googleapis.com/language/translate/v2", True),
        ("google-cloud", "https://storage.googleapis.com/x", False),
    ],
)
def test_the_vendors_own_host(service, address, own):
    assert goes_to_vendor(service, address) is own


@pytest.mark.parametrize(
    "address",
    [
        "https://me:secret@host.org/v1",
        "https://token@host.org/v1",
        "https://me%40x:y%40host.org@host.org",
        "https://host.org/v1?api_key=abc",
        "https://host.org/v1?x=1&token=abcdef",
        "https://host.org/v1?q=9f3a77c1d2e4b5a6c7d8e9f0a1b2c3d4",
        "https://host.org/v1?sk-9f3a77c1d2",
        "https://host.org/v1#key=abc",
        "https://host.org/sk-9f3a77c1d2e4/v1",
        "https://host.org/proxy/9f3a77c1d2e4b5a6c7d8e9f0a1b2c3d4/v1",
        "https://host.org/canary-0123456789-secret/v1",
        "https://9f3a77c1d2e4b5a6c7d8e9f0a1b2c3d4.host.org/v1",
    ],
)
def test_a_key_inside_an_address_is_refused(monkeypatch, address):
    monkeypatch.setenv("SOME_API_KEY", KEY)
    assert key_in_address(address)
    with pytest.raises(InputError, match="base_url holds") as caught:
        chat(address)
    for secret in ("secret", "9f3a77c1d2", "abc", "token@"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        None,
        "http://127.0.0.1:8000/v1",
        "https://host.org/v1?api-version=2025-01-01-preview",
        "https://my-resource.openai.azure.com/openai/deployments/gpt-4o-2024-08-06",
        "https://host.org/models/meta-llama/Llama-3.1-70B-Instruct/v1",
        "https://host.org/v1/0b6ed40c-50c9-4d41-9f0c-3e1c5cbb7d0a",
    ],
)
def test_an_address_without_a_key_is_none_of_it(address):
    assert key_in_address(address) is None


@pytest.mark.parametrize("key", ["test", "EMPTY", "none", "12345", "password", "translation", "a"])
@pytest.mark.parametrize("backend", ["openai", "cohere", "google-cloud"])
def test_masking_never_changes_a_reply(monkeypatch, backend, key):
    monkeypatch.setenv("LOCAL_KEY", key)
    text = f"A {key} a day, {key.lower()}; 12345 translations none."
    with Server(answering(backend, text)) as server:
        reply = ask(translator(backend, server.url(backend), key="LOCAL_KEY"))
        assert key in str(server.seen)
    assert reply.text == text
    assert reply.raw == json.loads(page(backend, text, "stop"))


def test_a_number_that_is_a_key_leaves_usage_as_it_is(monkeypatch):
    monkeypatch.setenv("LOCAL_KEY", "1234567890123456")
    raw = {**completion({"content": "Id 1234567890123456"}), "created": 1234567890123456}
    with Server(lambda handler, body: handler.send(raw)) as server:
        client = chat(server.url("openai"), api={"key": "LOCAL_KEY"})
        assert client.send(client.chat_request("x"), 5).raw == raw


@pytest.mark.parametrize(
    ("key", "hidden"),
    [(KEY, True), ("a1b2c3d4", True), ("EMPTY", False), ("password", False), ("a1b2c3d", False)],
)
def test_errors_hide_keys_but_no_words(monkeypatch, key, hidden):
    monkeypatch.setenv("SOME_KEY", key)
    told = f"the server says {key} is wrong: https://x/{key}%2F"
    assert (key not in Secret("SOME_KEY").hide(told)) is hidden


def test_a_key_does_not_follow_a_redirect_to_another_host(monkeypatch):
    monkeypatch.setenv("LOCAL_KEY", KEY)
    for backend in ("openai", "cohere", "google-cloud"):
        with Server(answering(backend)) as other:
            target = other.url(host="localhost")

            def move(handler, body, target=target):
                handler.send(b"", 307, {"Location": target + handler.path})

            with Server(move) as server:
                assert ask(translator(backend, server.url(backend), key="LOCAL_KEY")).text
                assert KEY in str(server.seen)
            ((_, headers, body),) = other.seen
            assert KEY not in str(headers)
            assert b"Hello to all of you." in body  # a POST stays a POST


# the official client's transport


def forward(handler, body):
    """A plain HTTP proxy: fetches the absolute address that it is asked for."""
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(handler.path)
    onward = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    path = parts._replace(scheme="", netloc="").geturl()
    onward.request(handler.command, path, body, {"Content-Type": "application/json"})
    answer = onward.getresponse()
    handler.send(answer.read(), answer.status, form=answer.headers["content-type"])
    onward.close()


@pytest.mark.parametrize("backend", CLIENTS)
def test_proxies_of_the_environment_are_used_and_no_proxy_too(monkeypatch, backend):
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Server(answering(backend)) as server, Server(forward) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url())
        assert ask(translator(backend, server.url(backend))).text == "Hola a todos."
        assert len(proxy.seen) == len(server.seen) == 1
        assert proxy.seen[0][0].startswith(server.url(backend))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "127.0.0.1")
        assert ask(translator(backend, server.url(backend))).text == "Hola a todos."
        assert (len(proxy.seen), len(server.seen)) == (1, 2)


@pytest.mark.parametrize("backend", CLIENTS)
def test_a_proxy_that_trickles_is_bounded_too(monkeypatch, backend):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Server(trickle("body")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url())
        client = translator(backend, "http://service.invalid" + PATHS.get(backend, ""))
        started = time.monotonic()
        with pytest.raises(Temporary, match="no reply within"):
            ask(client, 0.7)
        assert time.monotonic() - started < 3


@contextmanager
def certified(folder):
    """A certificate for localhost, made for this test; yields its file and a server's context."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    made = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made, *name]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    yield folder / "cert.pem", context


@pytest.mark.parametrize("backend", CLIENTS)
def test_a_bundle_of_certificates_is_taken(tmp_path, monkeypatch, backend):
    with certified(tmp_path) as (bundle, context), Server(answering(backend)) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
        url = server.url(backend, host="localhost")
        with pytest.raises(Temporary):
            ask(translator(backend, url))
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, str(bundle))
        assert ask(translator(backend, url)).text == "Hola a todos."


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
