"""Waiting: Retry-After, limits per minute, a service that is down."""

import time

import pytest
from mothertongue.api import Reply, Temporary
from mothertongue.api.clients import retry_after
from mothertongue.errors import InputError
from standin_client import Client, run


@pytest.mark.slow
def test_retry_after_holds_every_call_back(tmp_path):
    """One 429 with `Retry-After: 1` lets all threads wait, and the same call comes again."""
    first = []

    def reply(request):
        if not first:
            first.append(time.time())
            raise Temporary("busy", 1.0)
        time.sleep(0.02)
        return Reply("fine")

    client = Client(reply)
    outcomes, engine = run(tmp_path, client, map(str, range(60)), concurrency=2)
    assert {o.status for o in outcomes} == {"ok"}
    assert engine.counts.retried == 1
    late = [at - first[0] for at, _ in client.sent if at > first[0] + 0.1]
    assert len(late) >= 58
    assert min(late) >= 0.99


@pytest.mark.parametrize(
    ("value", "seconds"), [("2", 2.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), (None, None)]
)
def test_retry_after_is_read(value, seconds):
    assert retry_after({"retry-after": value} if value else None) == seconds


def test_retry_after_as_a_date():
    from email.utils import formatdate

    assert 8 < retry_after({"Retry-After": formatdate(time.time() + 10, usegmt=True)}) <= 10


def test_a_server_that_asks_for_a_long_wait_is_taken_at_its_word(tmp_path):
    def reply(request):
        raise Temporary("busy", 3600.0)

    with pytest.raises(InputError, match="asks to wait 3600 s; run again after that"):
        run(tmp_path, Client(reply), map(str, range(100)))


def test_a_dead_service_does_not_cost_hours(tmp_path):
    def reply(request):
        raise Temporary("nobody answers")

    client = Client(reply)
    with pytest.raises(InputError, match="calls in a row brought no reply"):
        run(tmp_path, client, map(str, range(5000)), backoff=0.0, retries=3, concurrency=4)
    assert len(client.sent) < 100


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("s: Connection refused", False),
        ("s: no reply within 60 s", True),
    ],
)
def test_the_log_says_at_once_and_not_too_often_that_no_reply_comes(tmp_path, capsys, why, advice):
    """A server that is down, or slower than `timeout`, is tried for minutes."""

    def reply(request):
        raise Temporary(why)

    with pytest.raises(InputError):
        run(tmp_path, Client(reply), map(str, range(20)), backoff=0.0, retries=2, concurrency=2)
    lines = [line for line in capsys.readouterr().out.splitlines() if "without a reply" in line]
    assert len(lines) == 1
    assert f"so far: 1, the last: {why}" in lines[0] and "tried up to 3 times" in lines[0]
    assert ("raise api.timeout or lower api.concurrency" in lines[0]) == advice


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "per_minute", "amount"),
    [
        ("requests_per_minute", 1200, 1),
        ("characters_per_minute", 120_000, 100),
        ("tokens_per_minute", 60_000, 2 * 25),
    ],
)
def test_limits_per_minute_hold_over_two_engines(tmp_path, kind, per_minute, amount):
    """Two runs of one account on one store share the limit (100 characters, 25 tokens a text)."""
    import threading

    clients = [Client(), Client()]
    texts = [f"{i:04}".ljust(100, "x") for i in range(24)]
    limits = {kind: per_minute}
    threads = [
        threading.Thread(target=run, args=(tmp_path, client, part), kwargs=limits)
        for client, part in zip(clients, (texts[:12], texts[12:]), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = sorted(at for client in clients for at, _ in client.sent)
    assert len(sent) == 24
    least = (len(sent) - 1) * 60 * amount / per_minute
    # The first call may be late on a busy machine; without a limit all take a tenth of this.
    assert 0.7 * least <= sent[-1] - sent[0] < 4 * least + 5


@pytest.mark.slow
def test_a_clock_that_is_set_back_breaks_no_limit_and_pays_nothing_twice(tmp_path, monkeypatch):
    real, behind, calls = time.time, [0.0], []
    monkeypatch.setattr(time, "time", lambda: real() - behind[0])

    def answer(request):
        calls.append(time.monotonic())
        behind[0] = 3600.0 * (len(calls) // 8)  # an hour, twice
        return Reply("fine")

    texts, limits = [str(n) for n in range(20)], {"concurrency": 4, "requests_per_minute": 1200}
    started = time.monotonic()
    outcomes, _ = run(tmp_path, Client(answer), texts, **limits)
    assert [outcome.status for outcome in outcomes] == ["ok"] * 20
    assert calls[-1] - calls[0] >= 0.9 * 19 * 0.05 and time.monotonic() - started < 10
    outcomes, _ = run(tmp_path, Client(answer), texts, **limits)
    assert all(outcome.stored for outcome in outcomes) and len(calls) == 20
