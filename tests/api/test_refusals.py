"""What a service refuses: a run or a text, in one line and without its key."""

import pytest
from mothertongue.api import Reply
from mothertongue.api.clients import Secret, status_error
from mothertongue.errors import InputError
from standin import StandIn, invented
from standin_client import Client, run
from translating import API, english_rows, translate

CANARY = "canary-0123456789-secret"
KEYS = ("OPENAI_API_KEY", "COHERE_API_KEY", "GOOGLE_API_KEY")
SERVICES = ("openai", "cohere", "google-cloud")


def named(backend, **more):
    """Settings that name the key of a service, so that it goes to a server of one's own."""
    return {**API, "key": f"{backend.split('-')[0].upper()}_API_KEY", **more}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "status", "body", "told"),
    [
        ("openai", 401, {"error": {"message": "Incorrect API key provided: KEY"}}, "API key"),
        ("cohere", 401, {"message": "invalid api token KEY"}, "API key"),
        ("google-cloud", 400, {"error": {"message": "API key not valid: KEY"}}, "API key"),
        ("google-cloud", 403, {"error": {"message": "Method doesn't allow KEY"}}, "API key"),
        ("openai", 429, {"error": {"message": "You exceeded your current quota"}}, "no quota"),
        ("cohere", 429, {"message": "limited to 1000 API calls / month; per month"}, "no quota"),
        ("google-cloud", 403, {"error": {"message": "Daily Limit Exceeded"}}, "no quota"),
        ("openai", 404, {"error": {"message": "The model m does not exist"}}, "model's name"),
        ("openai", 400, {"error": {"message": "Unsupported value: temperature"}}, "all rejected"),
        ("cohere", 400, {"message": "unknown field"}, "all rejected"),
    ],
)
def test_a_refusal_stops_at_once_in_one_line(tmp_path, monkeypatch, backend, status, body, told):
    for name in KEYS:
        monkeypatch.setenv(name, CANARY)
    with StandIn() as server:
        server.refusal = status, body
        with pytest.raises(InputError, match=told) as caught:
            translate(
                tmp_path / "s", server, english_rows(300), backend=backend, api=named(backend)
            )
        assert server.keys == {CANARY}
        assert server.arrived.total() <= 3 * API["concurrency"]
    assert "\n" not in str(caught.value)
    assert f" {status}" in str(caught.value)
    assert CANARY not in str(caught.value)
    assert not (tmp_path / "s" / "es.jsonl").exists()


def test_a_missing_or_impossible_key_is_one_line(tmp_path, monkeypatch):
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    with StandIn() as server:
        for value in (None, f"{CANARY}\nrest", f"{CANARY} rest", f"{CANARY}é"):
            if value:
                monkeypatch.setenv("GOOGLE_API_KEY", value)
            api = named("google-cloud")
            with pytest.raises(InputError, match="GOOGLE_API_KEY") as caught:
                translate(tmp_path / "s", server, english_rows(3), backend="google-cloud", api=api)
            assert "\n" not in str(caught.value)
            assert CANARY not in str(caught.value)
        assert not server.arrived


def test_a_key_shows_itself_nowhere(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    secret = Secret("OPENAI_API_KEY")
    assert CANARY not in f"{secret!r} {secret} {secret.hide(ValueError(f'bad {CANARY}'))}"
    assert secret.reveal() == CANARY


@pytest.mark.slow
@pytest.mark.parametrize("backend", SERVICES)
def test_a_key_said_back_in_a_good_answer_is_not_stored(tmp_path, monkeypatch, backend):
    for name in KEYS:
        monkeypatch.setenv(name, CANARY)
    with StandIn(lambda text: f"{invented(text)} {CANARY}") as server:
        more = {"max_quarantined": 1.0, "api": named(backend)}
        translate(tmp_path / "s", server, english_rows(2), backend=backend, **more)
        assert server.keys == {CANARY}
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file


def test_google_cloud_waits_when_a_minute_is_used_up(tmp_path, monkeypatch):
    """403 "User Rate Limit Exceeded" passes; it is not the key's fault."""
    monkeypatch.setenv("GOOGLE_API_KEY", CANARY)
    with StandIn() as server:
        server.refusal = 403, {"error": {"message": "User Rate Limit Exceeded"}}
        api = {**API, "retries": 1}
        with pytest.raises(InputError, match="User Rate Limit"):
            translate(tmp_path / "s", server, english_rows(3), backend="google-cloud", api=api)
        server.refusal = None
        assert translate(tmp_path / "s", server, english_rows(3), backend="google-cloud")


def test_a_text_that_the_service_rejects_fails_and_the_set_goes_on(tmp_path):
    rows = english_rows(30)
    bad = rows[7]["instruction"]

    def reply(request):
        if request["text"] == bad:
            raise status_error(400, "content filter", None, "the server")
        return Reply(invented(request["text"]))

    texts = [row["instruction"] for row in rows]
    outcomes, engine = run(tmp_path, Client(reply), texts, concurrency=1)
    assert [o.status for o in outcomes].count("ok") == 29
    assert outcomes[7].problems == ["the server answered 400: content filter (1 call)"]
    assert (outcomes[7].refused, outcomes[7].http_status, outcomes[7].calls) == (True, 400, 1)
    assert engine.counts.sent == 30  # asked once
    assert engine.counts.refused == 1
    engine.raise_failures("a set")  # the caller counts it


def test_a_text_that_is_never_answered_fails_after_its_attempts_and_the_set_goes_on(tmp_path):
    def reply(request):
        if request["text"] == "7":
            raise status_error(500, "", None, "the server")
        return Reply("fine")

    outcomes, engine = run(tmp_path, Client(reply), map(str, range(30)), retries=3)
    assert [o.status for o in outcomes].count("ok") == 29
    assert outcomes[7].problems == ["the server answered 500 (4 calls)"]
    assert (outcomes[7].refused, outcomes[7].http_status) == (False, 500)
    with pytest.raises(InputError, match=r"1 of 30 requests to a brought no reply.*500"):
        engine.raise_failures("a set")
