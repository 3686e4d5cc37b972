"""Keys: where they go, and how they stay out of what is written."""

import json

import pytest
from mothertongue.api import Service, make_client
from mothertongue.api.keys import Secret, goes_to_vendor
from mothertongue.errors import InputError
from mothertongue.secrets import key_in_address
from standin import page
from standin_vendor import KEY, Server, answering, ask, chat, completion, translator


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["openai", "cohere"])
def test_an_address_in_the_environment_does_not_lead_a_key_away(monkeypatch, backend):
    with Server(answering(backend)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url("openai"))
        monkeypatch.setenv("CO_API_URL", server.url())
        monkeypatch.setenv(f"{backend.upper()}_API_KEY", KEY)
        client = make_client(Service(backend, "m")).client()
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


@pytest.mark.slow
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


@pytest.mark.slow
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
