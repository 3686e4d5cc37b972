"""Full disks, damaged files, wrong clocks: a clear line, nothing lost, and the next run goes on."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from conftest import ROOT, checkout, planned, run_snakemake
from json_rows import read_dataset, write_dataset
from mothertongue.api import Ask, CallSettings, Engine, Reply, Store
from mothertongue.api.rescue import rescue
from mothertongue.errors import InputError
from mothertongue.finetune.checkpoint import NAME, load_checkpoint, save_checkpoint
from mothertongue.process.log import fault_of, log_to
from standin import StandIn
from translating import english_rows, translate

TRANSLATE = """
import sys; sys.path[:0] = {paths!r}
from pathlib import Path
from types import SimpleNamespace as Server
from mothertongue.process.log import log_to
from translating import english_rows, translate
with log_to(Path({log!r})):
    translate(Path({folder!r}), Server(base_url=lambda backend: {url!r}), english_rows(400))
"""


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 400 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_what_arrived_is_not_paid_again(tmp_path, small_disk, root):
    paths = [str(root / "workflow_scripts"), str(root / "tests/support")]
    with StandIn() as server:
        given = {"paths": paths, "url": server.base_url("openai"), "folder": str(small_disk / "s")}
        code = TRANSLATE.format(**given, log=str(tmp_path / "log"))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 1, done.stderr
        (line,) = [x for x in done.stderr.splitlines() if x.startswith("Error:")]
        assert "full" in line and "run the same command again" in line
        assert not (small_disk / "s" / "es.jsonl").exists()
        assert not list(small_disk.rglob("*.tmp*"))
        enlarge = ["mount", "-o", "remount,size=30m", str(small_disk)]
        subprocess.run(enlarge, check=True)
        before = server.billed.total()
        made = translate(small_disk / "s", server, english_rows(400))
        assert before >= 10  # api.give_up bounds the calls before a reply is stored
        again = server.billed.total() - len(server.billed)
        assert again <= 48  # in flight when the disk was full: twice 24 calls
    assert len(made) == 400


@pytest.mark.slow
def test_a_damaged_store_is_one_line_and_what_can_be_read_is_saved(tmp_path):
    with StandIn() as server:
        translate(tmp_path / "s", server, english_rows(300))
        store = tmp_path / "s" / "replies.sqlite"
        with sqlite3.connect(store) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damaged = bytearray(store.read_bytes())
        middle = len(damaged) // 2 // 4096 * 4096
        damaged[middle : middle + 4096] = os.urandom(4096)
        store.write_bytes(bytes(damaged))
        (tmp_path / "s" / "es.jsonl").unlink()
        with pytest.raises((sqlite3.DatabaseError, InputError)) as caught:
            translate(tmp_path / "s", server, english_rows(300))
        told = fault_of(caught.value) or str(caught.value)
        assert "docs/troubleshooting.md" in told or "not a usable reply store" in told
        saved = rescue(store)
        paid = server.billed.total()
        made = translate(tmp_path / "s", server, english_rows(300))
        assert len(made) == 300
        assert saved > 0.8 * paid
        assert server.billed.total() - paid == paid - saved  # only what was lost


def test_a_file_that_is_no_store_is_named(tmp_path):
    (tmp_path / "replies.sqlite").write_bytes(b"garbage" * 1000)
    with pytest.raises(InputError, match=r"replies\.sqlite: not a usable reply store"):
        Store(tmp_path / "replies.sqlite")


@pytest.mark.slow
def test_a_clock_that_is_set_does_not_touch_the_limits(tmp_path, monkeypatch):
    """Ten calls a second, while somebody sets the clock back by a day and ahead by two."""
    sent = []

    class Client:
        def send(self, request, timeout):
            sent.append(time.monotonic())
            shift = {3: -86400, 6: 86400}.get(len(sent), 0)
            monkeypatch.setattr(time, "time", lambda: 1.8e9 + shift)
            return Reply("fine")

    with Store(tmp_path / "s.sqlite") as store:
        settings = {"requests_per_minute": 600}
        engine = Engine(Client(), store, account="a", settings=CallSettings.of(settings))
        assert len(list(engine.run(Ask({"text": str(i)}) for i in range(10)))) == 10
    assert 0.8 < sent[-1] - sent[0] < 5


def test_limits_of_an_earlier_start_of_the_machine_do_not_count(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store._db.execute("INSERT INTO limits VALUES ('a', 'requests_per_minute@old', 9e9)")
        assert store.take("a", {"requests_per_minute": 1.0}) == 0.0
        assert 0 < store.take("a", {"requests_per_minute": 1.0}) <= 1.0


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_checkpoint_that_was_cut_is_started_over(tmp_path, cut):
    save_checkpoint(tmp_path, {"fingerprint": "f", "step": 3})
    assert load_checkpoint(tmp_path, "f")["step"] == 3
    content = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(content[:cut] if cut != -1 else content[:-200])
    assert load_checkpoint(tmp_path, "f") is None


def test_the_next_writer_of_a_file_removes_what_a_killed_one_left(tmp_path):
    for name in (".es.17.tmp.jsonl", ".es.pivot.17.tmp.jsonl", ".es.17.tmp.json"):
        (tmp_path / name).write_text("half", encoding="utf-8")
    write_dataset(tmp_path / "es.jsonl", english_rows(2))
    left = sorted(path.name for path in tmp_path.iterdir())  # other files' writers may be at work
    assert left == [".es.17.tmp.json", ".es.pivot.17.tmp.jsonl", "es.jsonl"]


def test_a_dataset_that_was_cut_names_its_line(tmp_path):
    path = tmp_path / "es.jsonl"
    write_dataset(path, english_rows(5))
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) - 40], encoding="utf-8")
    with pytest.raises(InputError, match="line 5: not valid JSON"):
        read_dataset(path)


def test_a_fault_of_the_machine_is_told_in_the_log_and_on_the_terminal(tmp_path, capfd):
    with pytest.raises(SystemExit), log_to(tmp_path / "rule.log"):
        raise RuntimeError("cannot save") from OSError(28, "No space left", "results/x.json")
    told = capfd.readouterr().err
    assert "Error: results/x.json: the disk is full; free some space" in told


UNPRIVILEGED = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", sys.executable)


@pytest.fixture
def unprivileged():
    """Run this Python with arguments, as a user whom permissions stop."""
    if shutil.which("setpriv") is None or os.getuid() != 0:
        pytest.skip("needs setpriv and root, whom permissions do not stop otherwise")

    def run(*arguments: str, **options) -> subprocess.CompletedProcess:
        command = [*UNPRIVILEGED, *arguments]
        return subprocess.run(command, capture_output=True, text=True, **options)

    return run


SAMPLED = "results/sample/native/es.jsonl"


@pytest.mark.slow
def test_results_that_cannot_be_written(tmp_path, unprivileged):
    folder = checkout(tmp_path / "study")
    (folder / "results").mkdir()
    (folder / "results").chmod(0o555)
    done = unprivileged("-m", "snakemake", SAMPLED, "--cores", "1", cwd=folder)
    assert done.returncode != 0
    assert "cannot write into results: read-only, or no permission; make it" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" not in done.stderr
    (folder / "results").chmod(0o755)
    assert run_snakemake(SAMPLED, "--cores", "1", cwd=folder).returncode == 0


@pytest.mark.slow
def test_a_working_folder_that_cannot_be_written_is_one_line(tmp_path, unprivileged):
    folder = checkout(tmp_path / "study")
    folder.chmod(0o555)
    try:
        done = unprivileged("-m", "snakemake", "--dry-run", cwd=folder)
    finally:
        folder.chmod(0o755)
    assert done.returncode == 1
    assert f"{folder}: Snakemake keeps its records there and cannot write them" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_of_two_starts_in_one_folder_the_second_is_refused_and_the_first_goes_on(tmp_path):
    folder = checkout(tmp_path / "study")
    command = [sys.executable, "-m", "snakemake", SAMPLED, "--cores", "1"]
    first = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    locks = folder / ".snakemake" / "locks"
    while not (locks.is_dir() and any(locks.iterdir())):
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)  # so that it surely still works
    try:
        second = run_snakemake(SAMPLED, "--cores", "1", cwd=folder)
        assert second.returncode != 0
        assert "Directory cannot be locked" in second.stderr + second.stdout
        assert not (folder / SAMPLED).exists()
    finally:
        first.send_signal(signal.SIGCONT)
    told, _ = first.communicate(timeout=120)
    assert first.returncode == 0, told.decode()[-3000:]
    assert planned(folder, "--", SAMPLED) == {}


def commands(page: str, heading: str) -> str:
    """The commands that a page gives under a heading."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return section.split("```", 2)[1].strip()


@pytest.mark.slow
def test_files_of_a_clock_that_was_ahead_are_refused_until_they_are_dated_today(tmp_path):
    folder = checkout(tmp_path / "study")
    mixed = "results/finetune/sets/native/es/train.jsonl"
    assert run_snakemake(SAMPLED, "--cores", "1", cwd=folder).returncode == 0
    for path in (folder / "results").rglob("*"):
        dated = path.stat().st_mtime + 86400
        os.utime(path, (dated, dated))
    refused = run_snakemake(mixed, "--cores", "1", "--quiet", "all", cwd=folder)
    assert refused.returncode != 0
    told = refused.stderr + refused.stdout
    assert f"dated ahead of this machine's clock: {SAMPLED};" in told
    assert not (folder / mixed).exists()
    mend = commands("troubleshooting.md", 'A file is "dated ahead of this machine\'s clock"')
    subprocess.run(mend, shell=True, cwd=folder, check=True)
    assert (folder / SAMPLED).stat().st_mtime <= time.time()
    assert run_snakemake(mixed, "--cores", "1", cwd=folder).returncode == 0
    assert planned(folder, "--", mixed) == {}


def test_every_folder_that_is_written_is_looked_at_before_the_first_job(tmp_path, unprivileged):
    """A folder that is written to after days of work stands beside one that may be written now."""
    (tmp_path / "late").mkdir(mode=0o555)
    (tmp_path / "file").write_text("", encoding="utf-8")
    code = (
        "import sys; from mothertongue.files import refuse_unwritable; from mothertongue.process.log import"
        f" log_to\nwith log_to({str(tmp_path / 'log')!r}): refuse_unwritable(sys.argv[1:])"
    )
    done = unprivileged("-c", code, "early/x", "late/a/b", "file/c", "x", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: cannot write into late, file: read-only, or no permiss")
    assert unprivileged("-c", code, "early/x", "y", cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_a_home_that_cannot_be_written_is_one_line(tmp_path):
    folder = checkout(tmp_path / "study")
    nowhere = {k: v for k, v in os.environ.items() if k != "XDG_CACHE_HOME"} | {"HOME": "/dev/null"}
    done = run_snakemake("--dry-run", cwd=folder, env=nowhere)
    assert done.returncode == 1
    assert "/dev/null/.cache: Snakemake keeps a cache there and cannot write it; set" in done.stderr
    assert "Traceback" not in done.stderr
    cache = {**nowhere, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert run_snakemake(SAMPLED, "--cores", "1", cwd=folder, env=cache).returncode == 0


STOPPED = """
import sys, time
from mothertongue.process.log import log_to
with log_to(sys.argv[1]):
    print("at work", flush=True)
    time.sleep(60)
"""


def test_ctrl_c_is_one_line(tmp_path, root):
    log = tmp_path / "rule.log"
    environment = {**os.environ, "PYTHONPATH": str(root / "workflow_scripts")}
    command = [sys.executable, "-c", STOPPED, str(log)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as job:
        while not (log.is_file() and "at work" in log.read_text(encoding="utf-8")):
            time.sleep(0.05)
        job.send_signal(signal.SIGINT)
        told = job.stderr.read()
    assert job.returncode == 130
    assert told == "Stopped by Ctrl-C; what is finished is kept; run the same command again\n"
    assert log.read_text(encoding="utf-8") == f"at work\n{told}"


STORED = """
from mothertongue.inference.finished import Store
from mothertongue.process.log import log_to
with log_to({log!r}):
    Store({folder!r}, "k")
"""
LOAD = """
from mothertongue.process.log import log_to
from mothertongue.inference.models import load_base
with log_to({log!r}):
    load_base("org/tiny", quantisation="none")
"""
NEED = """
from mothertongue.study.requirements import Need, missing
print(missing([Need("model", "org/tiny", "models.tiny.base")], {}))
"""


@pytest.mark.slow
def test_caches_that_may_not_be_read_are_named(tmp_path, root, unprivileged):
    """Finished chunks of an evaluation, and a model in the hub's cache."""
    (tmp_path / "k.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / "k.jsonl").chmod(0)
    folder = tmp_path / "hub" / "models--org--tiny"
    (folder / "snapshots").mkdir(parents=True)
    folder.chmod(0)
    environment = {**os.environ, "PYTHONPATH": str(root / "workflow_scripts")}
    environment |= {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    log, at = str(tmp_path / "log"), str(tmp_path)
    kept = unprivileged("-c", STORED.format(log=log, folder=at), env=environment)
    assert kept.returncode == 1
    assert f"Error: {tmp_path}/k.jsonl: no permission" in kept.stderr
    loaded = unprivileged("-c", LOAD.format(log=log), env=environment)
    assert loaded.returncode == 1
    assert f"org/tiny: no permission to read the local cache, {folder}" in loaded.stderr
    named = unprivileged("-c", NEED, env=environment)
    assert named.returncode == 0, named.stderr
    assert f"no permission to read the local cache, {folder}" in named.stdout
    assert "prefetch" not in named.stdout
