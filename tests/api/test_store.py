"""The store of replies: stores of version 1.0.0, its size, and limits over many processes."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from mothertongue.api import Ask, Engine, Reply, Store, request_key
from mothertongue.api.packing import pack, unpack
from mothertongue.api.replay import export_replies
from mothertongue.api.slots import Slots

VERSION_1 = """
CREATE TABLE replies (
    key TEXT PRIMARY KEY, account TEXT, status TEXT, request TEXT, text TEXT, finish TEXT,
    input_tokens INTEGER, output_tokens INTEGER, characters INTEGER, raw TEXT, problems TEXT,
    cost REAL, at REAL) WITHOUT ROWID;
CREATE TABLE rejected (
    key TEXT, account TEXT, problems TEXT, text TEXT, raw TEXT, cost REAL, at REAL);
CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT) WITHOUT ROWID;
CREATE TABLE limits (
    account TEXT, kind TEXT, free_at REAL, PRIMARY KEY (account, kind)) WITHOUT ROWID;
CREATE TABLE spent (account TEXT PRIMARY KEY, usd REAL) WITHOUT ROWID;
CREATE TABLE reserved (
    account TEXT, owner TEXT, usd REAL, PRIMARY KEY (account, owner)) WITHOUT ROWID;
CREATE TABLE replayed (digest TEXT);
"""
WORDS = [
    "agua",
    "casa",
    "río",
    "puente",
    "mañana",
    "город",
    "мост",
    "река",
    "城市",
    "大桥",
    "河流",
    "早晨",
    "people",
    "walk",
    "there",
]


def old_store(path, number=400):
    """A store as version 1.0.0 left it; returns its requests and texts."""
    draw = random.Random(1)
    kept = []
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(VERSION_1)
        for i in range(number):
            text, asked = (" ".join(draw.choices(WORDS, k=draw.randint(30, 120))) for _ in "ab")
            request = {"service": "openai", "base_url": None, "model": "m", "temperature": 0.0}
            request["messages"] = [{"role": "user", "content": f"Translate.\n\n{asked} {i}"}]
            raw = {"id": str(i), "choices": [{"index": 0, "message": {"content": text}}]}
            raw["usage"] = {"prompt_tokens": 10, "completion_tokens": 10}
            told = json.dumps(raw, ensure_ascii=False)
            row = (request_key(request), "a", "ok", json.dumps(request, ensure_ascii=False))
            row += (text, "stop", 10, 10, 0, told, "[]", 0.01, 1.7e9 + i)
            db.execute(f"INSERT INTO replies VALUES ({','.join('?' * 13)})", row)
            kept.append((request, text, raw))
        bad = ("a", '["empty"]', "", '{"id": "x"}', 0.01, 1.7e9)
        db.execute("INSERT INTO rejected VALUES (?,?,?,?,?,?,?)", ("k", *bad))
        db.execute("INSERT INTO spent VALUES ('a', 4.01)")
    return kept


class Silent:
    def send(self, request, timeout):
        raise AssertionError("asked again")


def check_taken_over(path, kept):
    """Every reply of the old store is there, word for word, and none is asked for again."""
    with Store(path) as store:
        outcomes = list(Engine(Silent(), store, account="a").run(Ask(r) for r, _, _ in kept))
        assert [(o.text, o.reply.raw) for o in outcomes] == [(text, raw) for _, text, raw in kept]
        assert store.spent("a") == 4.01
        assert store.tried(["k"])["k"][0][1].raw == {"id": "x"}
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        assert "replies_1" not in {name for (name,) in store._db.execute(tables)}


def test_a_store_of_version_1_is_taken_over_at_less_than_half_its_size(tmp_path):
    path = tmp_path / "replies.sqlite"
    kept = old_store(path)
    before = path.stat().st_size
    check_taken_over(path, kept)
    assert path.stat().st_size < 0.5 * before
    check_taken_over(path, kept)  # the second time there is nothing to be done


def test_a_new_store_has_less_than_half_the_size_of_an_old_one(tmp_path):
    kept = old_store(tmp_path / "old.sqlite")
    with Store(tmp_path / "new.sqlite") as store:
        for request, text, raw in kept:
            store.put(
                request_key(request), request, Reply(text, "stop", 10, 10, 0, raw), account="a"
            )
    sizes = [(tmp_path / f"{name}.sqlite").stat().st_size for name in ("new", "old")]
    assert sizes[0] < 0.5 * sizes[1]


KILLED = """
import os, signal, sys
sys.path[:0] = [sys.argv[1]]
import mothertongue.api.schema as schema
from mothertongue.api import Store
steps = 0
def count():
    global steps
    steps += 1
    if steps == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
prepare = schema.prepare
def watched(db):
    db.set_progress_handler(count, 100)
    prepare(db)
import mothertongue.api.store as module
module.prepare = watched
Store(sys.argv[2])
print(steps)
"""


@pytest.mark.slow
def test_a_kill_while_a_store_is_taken_over_loses_nothing(tmp_path, root):
    path = tmp_path / "replies.sqlite"
    kept = old_store(path, 120)
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "replies.sqlite").write_bytes(path.read_bytes())

    def run(file, step):
        command = [
            sys.executable,
            "-c",
            KILLED,
            str(root / "workflow_scripts"),
            str(file),
            str(step),
        ]
        return subprocess.run(command, capture_output=True, text=True)

    steps = int(run(tmp_path / "whole" / "replies.sqlite", 0).stdout)
    kills = 0
    for part in (0.1, 0.4, 0.7, 0.9):
        kills += run(path, max(1, int(part * steps))).returncode == -signal.SIGKILL
    assert kills >= 3
    check_taken_over(path, kept)


def test_many_may_take_an_old_store_over_at_once(tmp_path):
    path = tmp_path / "replies.sqlite"
    kept = old_store(path, 60)
    threads = [threading.Thread(target=lambda: Store(path).close()) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_taken_over(path, kept)


@pytest.mark.parametrize("text", ["", "x", "Hola, señor 城市 \u2028 \ud83d", "long " * 20000])
def test_packing_loses_nothing(text):
    for beside in (None, "", text, "other"):
        assert unpack(pack(text, beside), beside) == text
    assert unpack(text) == text
    assert pack(None) is None


def test_an_old_export_and_an_old_store_give_the_same_replay(tmp_path):
    kept = old_store(tmp_path / "old.sqlite", 20)
    with Store(tmp_path / "old.sqlite") as store:
        assert export_replies(store, tmp_path / "replies.parquet") == 20
    with Store(tmp_path / "new.sqlite", replay=tmp_path / "replies.parquet") as store:
        outcomes = list(Engine(Silent(), store, account="a").run(Ask(r) for r, _, _ in kept))
    assert [o.reply.raw for o in outcomes] == [raw for _, _, raw in kept]


# limits over many processes

JOB = """
import json, sys, urllib.request
sys.path[:0] = [sys.argv[1]]
from mothertongue.api import Ask, CallSettings, Engine, Price, Reply, Store
class Client:
    def send(self, request, timeout):
        with urllib.request.urlopen(sys.argv[3] + request["text"], timeout=timeout) as answer:
            return Reply(answer.read().decode(), characters=5)
settings = CallSettings.of(json.loads(sys.argv[5]))
with Store(sys.argv[2]) as store:
    engine = Engine(Client(), store, account="a", settings=settings, price=Price(characters=2e5))
    texts = [f"{sys.argv[4]}-{i}" for i in range(int(sys.argv[6]))]
    print(sum(o.status == "ok" for o in engine.run(Ask({"text": text}) for text in texts)))
"""


class Counting(ThreadingHTTPServer):
    """Counts calls at the same time, their moments, and what each text was billed."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, latency):
        super().__init__(("127.0.0.1", 0), Count)
        self.latency, self.lock = latency, threading.Lock()
        self.busy = self.busiest = 0
        self.billed, self.times = Counter(), []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *exc):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass


class Count(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        with server.lock:
            server.busy += 1
            server.busiest = max(server.busiest, server.busy)
            server.billed[self.path] += 1
            server.times.append(time.monotonic())
        time.sleep(server.latency)
        with server.lock:
            server.busy -= 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"fine")


def start(root, folder, server, name, settings, number):
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    store = str(folder / "s.sqlite")
    rest = [str(root / "workflow_scripts"), store, url, name, json.dumps(settings), str(number)]
    return subprocess.Popen(
        [sys.executable, "-c", JOB, *rest],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_concurrency_holds_over_processes_and_kills(tmp_path, root):
    """Three jobs, four calls at a time; one is killed while it calls, and its calls are made up."""
    with Counting(0.1) as server:
        settings = {"concurrency": 4}
        jobs = [start(root, tmp_path, server, name, settings, 30) for name in "abc"]
        while len(server.times) < 12:
            time.sleep(0.01)
        jobs[1].kill()
        jobs[1].wait()
        jobs[1] = start(root, tmp_path, server, "b", settings, 30)
        told = [job.communicate(timeout=120)[0].split()[-1] for job in jobs]
        assert told == ["30"] * 3
        # a call of the killed job may still be answered by the server while its slot is free again
        assert 3 <= server.busiest <= 4 + 4
        assert len(server.billed) == 90
        assert server.billed.total() <= 90 + 4  # in flight at the kill


@pytest.mark.slow
def test_28_jobs_at_once_keep_every_limit(tmp_path, root):
    """Concurrency 4, 1,200 requests a minute and a budget of 100 calls, over 28 processes."""
    settings = {"concurrency": 4, "requests_per_minute": 1200, "budget": 100.0}
    with Counting(0.1) as server:
        jobs = [start(root, tmp_path, server, f"j{i:02}", settings, 5) for i in range(28)]
        for job in jobs:
            job.communicate(timeout=300)
        assert server.busiest <= 4
        assert server.billed.total() == len(server.billed) == 100
        times = sorted(server.times)
        assert times[-1] - times[0] >= 0.9 * 99 * 60 / 1200
    with Store(tmp_path / "s.sqlite") as store:
        assert store.spent("a") == pytest.approx(100.0)
        stored = store._db.execute("SELECT count(*) FROM replies").fetchone()[0]
    assert stored == 100


@pytest.mark.slow
def test_a_slot_of_a_dead_process_is_free_at_once(tmp_path, root):
    path = tmp_path / "slots.lock"
    code = (
        "import sys, time; sys.path[:0] = [sys.argv[1]]\n"
        "import threading; from pathlib import Path; from mothertongue.api.slots import Slots\n"
        "Slots.of(Path(sys.argv[2])).take(1, threading.Event()); print('held', flush=True)\n"
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(root / "workflow_scripts"), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        slots, ended = Slots.of(path), threading.Event()
        threading.Timer(0.3, ended.set).start()
        assert slots.take(1, ended) is None
        threading.Timer(0.2, os.kill, (holder.pid, signal.SIGKILL)).start()
        started = time.monotonic()
        slot = slots.take(1, threading.Event())
        assert slot == 0 and time.monotonic() - started < 5
        slots.give(slot)
