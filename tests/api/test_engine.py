"""A run of the engine: several at once, progress, money, memory, replay."""

import json
import os
import pty
import subprocess
import sys
import threading
import time

import pytest
from mothertongue.api import Ask, CallSettings, Engine, Price, Reply, Store, request_key
from mothertongue.errors import InputError
from standin import StandIn
from standin_client import Client, run


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
