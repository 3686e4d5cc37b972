"""The engine and its clients: keys, refusals, waiting, limits, leases, progress."""

import json
import os
import pty
import subprocess
import sys
import threading
import time

import pytest
from mothertongue.api import (
    Ask,
    CallSettings,
    Engine,
    Price,
    Reply,
    Store,
    Temporary,
    Verdict,
    request_key,
)
from mothertongue.api.clients import Secret, retry_after, status_error
from mothertongue.errors import InputError
from standin import StandIn, invented
from translating import API, english_rows, translate

CANARY = "canary-0123456789-secret"
KEYS = ("OPENAI_API_KEY", "COHERE_API_KEY", "GOOGLE_API_KEY")
SERVICES = ("openai", "cohere", "google-cloud")


def named(backend, **more):
    """Settings that name the key of a service, so that it goes to a server of one's own."""
    return {**API, "key": f"{backend.split('-')[0].upper()}_API_KEY", **more}


class Client:
    """A service in this process; `reply` may raise."""

    def __init__(self, reply=lambda request: Reply("fine")):
        self.reply, self.sent = reply, []

    def send(self, request, timeout):
        self.sent.append((time.time(), request))
        return self.reply(request)


def run(folder, client, texts, *, check=None, **settings):
    """Outcomes of some asks; `folder` holds the store."""
    with Store(folder / "s.sqlite") as store:
        engine = Engine(
            client, store, account="a", settings=CallSettings(**{"backoff": 0.01, **settings})
        )
        check = {"check": check} if check else {}
        return list(engine.run(Ask({"text": text}, **check) for text in texts)), engine


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


class Judged(Client):
    """A client that can ask differently. Replies are drawn from `replies`, one per call."""

    def __init__(self, *replies):
        self.left = list(replies)
        super().__init__(lambda request: Reply(self.left.pop(0)))

    def again(self, request, attempt, problems):
        return {**request, "note": f"{attempt}: {', '.join(problems)}"}


def judged(reply):
    """SelfTestResults by the reply's words: `hard`, `two soft`, `bad`, else fine."""
    known = {"hard": Verdict(["hard"], 5, True), "two soft": Verdict(["x", "y"], 3)}
    return known.get(reply.text, Verdict(["bad"], 4) if reply.text == "bad" else Verdict())


def test_each_attempt_asks_differently_and_the_least_severe_reply_is_kept(tmp_path):
    client = Judged("hard", "two soft", "bad")
    (outcome,), _ = run(tmp_path, client, ["one"], check=judged, check_retries=2)
    assert (outcome.text, outcome.status, outcome.problems) == (
        "two soft",
        "quarantined",
        ["x", "y"],
    )
    assert [request.get("note") for _, request in client.sent] == [None, "2: hard", "3: x, y"]
    (outcome,), _ = run(tmp_path, client, ["one"], check=judged, check_retries=2)
    assert (outcome.text, outcome.stored, len(client.sent)) == ("two soft", True, 3)


def test_an_unusable_reply_is_asked_on_by_the_next_run_and_never_the_same_twice(tmp_path):
    client = Judged("hard", "hard", "hard", "fine")
    (outcome,), _ = run(tmp_path, client, ["one"], check=judged, check_retries=1)
    assert (outcome.status, outcome.hard, len(client.sent)) == ("quarantined", True, 2)
    (outcome,), _ = run(tmp_path, client, ["one"], check=judged, check_retries=1)
    assert (outcome.status, outcome.text) == ("ok", "fine")
    assert len({json.dumps(request) for _, request in client.sent}) == 4


def test_a_service_that_always_answers_the_same_is_asked_once(tmp_path):
    client = Judged("hard")
    client.deterministic = True
    for _ in range(2):
        (outcome,), _ = run(tmp_path, client, ["one"], check=judged, check_retries=3)
        assert (outcome.hard, len(client.sent)) == (True, 1)


def test_a_reply_is_stored_before_it_is_checked(tmp_path):
    def fails(reply):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(tmp_path, Client(), ["one"], check=fails)
    silent = Judged()
    (outcome,), _ = run(tmp_path, silent, ["one"])
    assert (outcome.text, silent.sent) == ("fine", [])


def test_the_next_call_is_on_its_way_while_a_reply_is_checked(tmp_path):
    calls = []

    def slow(request):
        calls.append(time.monotonic())
        time.sleep(0.05)
        calls.append(-time.monotonic())
        return Reply("fine")

    def check(reply):
        time.sleep(0.05)
        return []

    started = time.monotonic()
    outcomes, _ = run(tmp_path, Client(slow), "abcdefghijklmnopqrst", check=check, concurrency=1)
    assert time.monotonic() - started < 20 * 0.1 - 0.5  # 2 s one after another, 1.05 s at best
    assert [outcome.status for outcome in outcomes] == ["ok"] * 20
    assert [call > 0 for call in calls] == [True, False] * 20  # one call at a time, as configured


def test_a_reply_that_was_stored_but_not_checked_before_a_kill_is_asked_on(tmp_path):
    """The claim of the dead process tells that its reply was never checked."""
    request = {"text": "one"}
    with Store(tmp_path / "s.sqlite") as store:
        store.put(request_key(request), request, Reply("bad"), account="a", release=False)
        dead = (request_key(request), "999999999:1")
        store._db.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", dead)
    client = Judged("fine")
    (outcome,), _ = run(tmp_path, client, ["one"], check=judged)
    assert (outcome.status, outcome.text) == ("ok", "fine")
    assert client.sent[0][1]["note"] == "2: bad"


@pytest.mark.parametrize("concurrency", [1, 4, 48])
def test_a_set_whose_first_replies_are_all_unusable_stops(tmp_path, concurrency):
    def reply(request):
        time.sleep(0.005)
        return Reply("hard", characters=1)

    client = Client(reply)
    settings = {"give_up": 12, "check_retries": 2, "concurrency": concurrency}
    with Store(tmp_path / "s.sqlite") as store:
        price = Price(characters=1e6)
        engine = Engine(client, store, account="a", settings=CallSettings(**settings), price=price)
        with pytest.raises(InputError, match=r"first 12 replies.*hard 12.*'text \d+'.*\$12\.0000"):
            list(engine.run(Ask({"text": f"text {i}"}, judged) for i in range(500)))
    assert len(client.sent) == 12


def test_one_good_reply_and_the_set_goes_on(tmp_path):
    reply = lambda request: Reply("fine" if request["text"] == "3" else "hard")  # noqa: E731
    client = Client(reply)
    texts = list(map(str, range(40)))
    outcomes, engine = run(tmp_path, client, texts, check=judged, give_up=5, concurrency=1)
    assert [o.hard for o in outcomes].count(True) == engine.counts.hard == 39
    assert len(client.sent) == 1 + 39 * 3


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


def test_many_may_open_a_new_store_at_once(tmp_path):
    """Each opens it in the same moment, some forty times."""
    import threading

    def open_one(folder, start, failed):
        start.wait()
        try:
            Store(folder / "s.sqlite").close()
        except InputError as error:
            failed.append(error)

    failed = []
    for turn in range(40):
        start = threading.Barrier(4)
        arguments = (tmp_path / str(turn), start, failed)
        threads = [threading.Thread(target=open_one, args=arguments) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


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


WORKER = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from pathlib import Path
from translating import english_rows, translate

class Server:
    url = sys.argv[3]
    base_url = lambda self, backend: self.url + "/v1"

api = {"concurrency": 8, "timeout": 10, "retries": 5, "backoff": 0.05}
translate(Path(sys.argv[2]), Server(), english_rows(60), api=api,
          store_file=Path(sys.argv[2]).parent / "one.sqlite")
"""


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


@pytest.mark.slow
def test_two_rules_on_one_store_pay_once(tmp_path, root):
    """The same texts by two processes at the same time: every text is sent once in all."""
    paths = json.dumps([str(root / "workflow_scripts"), str(root / "tests/support")])
    with StandIn(latency=0.1) as server:
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", WORKER, paths, str(tmp_path / name), server.url],
                stdout=subprocess.DEVNULL,
            )
            for name in ("first", "second")
        ]
        assert [worker.wait(120) for worker in workers] == [0, 0]
        assert server.busiest > 1
        assert set(server.arrived.values()) == {1}
    one, two = (tmp_path / name / "es.jsonl" for name in ("first", "second"))
    assert one.read_bytes() == two.read_bytes()


def test_a_reply_that_comes_between_two_looks_is_not_paid_again(tmp_path):
    """Another process answers, and gives its claim back, just before ours is granted."""
    request, client = {"text": "one"}, Client()
    key = request_key(request)
    with Store(tmp_path / "s.sqlite") as other, Store(tmp_path / "s.sqlite") as store:
        other.owner = f"{os.getppid()}:"
        assert other.claim([key]) == {key}
        claim, calls = store.claim, []

        def late(keys):
            calls.append(keys)
            if len(calls) == 2:
                other.put(key, request, Reply("theirs"), account="a")
            return claim(keys)

        store.claim = late
        (outcome,) = Engine(client, store, account="a").run([Ask(request)])
    assert (outcome.text, outcome.stored, client.sent) == ("theirs", True, [])


def test_a_claim_of_a_dead_process_is_taken_over(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        store._db.execute("INSERT INTO claims VALUES ('k1', ?)", (f"{dead.pid}:1",))
        store._db.execute("INSERT INTO claims VALUES ('k2', ?)", (f"{os.getppid()}:",))
        # a number that was given to another process since
        store._db.execute("INSERT INTO claims VALUES ('k3', ?)", (f"{os.getppid()}:1",))
        assert store.claim(["k1", "k2", "k3"]) == {"k1", "k3"}


BAR = """
import os, sys, time
sys.path[:0] = [sys.argv[1]]
from mothertongue.api.progress import Progress
progress = Progress("google", 400, lambda: 1.5)
for _ in range(400):
    progress.add(sent=True)
    time.sleep(0.004)
progress.close()
"""


def test_the_bar_shows_segments_rate_time_left_and_money(root):
    """On a real terminal (a pty); the log gets lines of its own."""
    command = [sys.executable, "-c", BAR, str(root / "workflow_scripts")]
    child, terminal = pty.fork()
    if child == 0:
        with open(os.devnull, "w") as log:
            os.dup2(log.fileno(), 1)
            os.execv(command[0], command)
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the terminal's other end is closed
            break
        if not part:
            break
        shown += part
    assert os.waitpid(child, 0)[1] == 0
    bar = shown.decode().split("\r")[1]
    for told in ("[#", "google:", " of 400 (", "/s", " left", "$1.5000 so far"):
        assert told in bar, bar


def test_no_terminal_no_bar(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", BAR, str(os.path.dirname(os.path.dirname(__file__)) + "/workflow_scripts")],
        capture_output=True, text=True, start_new_session=True, check=True,
    )  # fmt: skip
    assert "400 of 400 (100 %), 400 sent" in done.stdout
    assert "\x1b" not in done.stdout


def test_money_is_counted_over_runs_and_never_above_the_budget(tmp_path):
    price = Price(characters=1e4)  # one cent a character
    reply = lambda request: Reply("ok", characters=len(request["text"]))  # noqa: E731
    texts = [f"{i:03}".ljust(10, "x") for i in range(100)]
    for budget, sent in ((1.0, 10), (2.5, 25)):
        client = Client(reply)
        with Store(tmp_path / "s.sqlite") as store:
            settings = {"budget": budget, "concurrency": 8}
            engine = Engine(
                client, store, account="a", settings=CallSettings(**settings), price=price
            )
            with pytest.raises(InputError, match="has no room for the next call"):
                list(engine.run(Ask({"text": text}) for text in texts))
            assert store.spent("a") == pytest.approx(sent * 0.1)


def test_an_export_is_read_again_by_a_new_store(tmp_path):
    from mothertongue.api.replay import export_replies

    run(tmp_path, Client(), ["one", "two"])
    with Store(tmp_path / "s.sqlite") as store:
        assert export_replies(store, tmp_path / "replies.parquet") == 2
    for _ in range(2):  # the second time after the store was deleted
        with Store(tmp_path / "new.sqlite", replay=tmp_path / "replies.parquet") as store:
            engine = Engine(Client(), store, account="a")
            assert [o.status for o in engine.run(Ask({"text": t}) for t in ("one", "two"))] == [
                "ok",
                "ok",
            ]
        (tmp_path / "new.sqlite").unlink()


def test_memory_does_not_grow_with_the_number_of_asks(tmp_path):
    """However many there are, only a bounded window of them is read ahead (bench/ has megabytes)."""
    from mothertongue.api.engine import BATCH, WINDOW

    read, ahead = 0, 0

    def asks():
        nonlocal read
        for _ in range(4 * WINDOW):
            read += 1
            yield Ask({"text": "the same"})

    with Store(tmp_path / "s.sqlite") as store:
        engine = Engine(Client(), store, account="a")
        for done, _ in enumerate(engine.run(asks()), start=1):
            ahead = max(ahead, read - done)
        assert engine.counts.sent == 1
    assert read == engine.counts.asked == 4 * WINDOW
    assert ahead <= WINDOW + BATCH


def test_what_is_paid_and_not_stored_is_never_more_than_calls_at_a_time(tmp_path, monkeypatch):
    """A kill at any moment loses that much at most, also where the disk is slow."""
    pending, most, lock = 0, 0, threading.Lock()
    put = Store.put

    def sent(request):
        nonlocal pending, most
        with lock:
            pending += 1
            most = max(most, pending)
        time.sleep(0.02)
        return Reply("fine")

    def stored(self, *args, **kwargs):
        nonlocal pending
        time.sleep(0.05)
        put(self, *args, **kwargs)
        with lock:
            pending -= 1

    monkeypatch.setattr(Store, "put", stored)
    outcomes, _ = run(tmp_path, Client(sent), [str(n) for n in range(40)], concurrency=4)
    assert [outcome.status for outcome in outcomes] == ["ok"] * 40
    assert most == 4
