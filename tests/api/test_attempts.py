"""Attempts at one request: each asks differently, the best reply is kept, a bad start stops the set."""

import json
import time

import pytest
from mothertongue.api import Ask, CallSettings, Engine, Price, Reply, Store, Verdict, request_key
from mothertongue.errors import InputError
from standin_client import Client, run


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


@pytest.mark.slow
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
