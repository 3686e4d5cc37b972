"""What a terminal shows while a study runs: from records, and by Snakemake itself on a real terminal."""

import os
import pty
import re
import sqlite3
import subprocess
import sys

import pytest
from conftest import ROOT
from mothertongue.process.screen import Screen, money, stages_of_rules, telling_lines
from mothertongue.study.paths import REPLIES
from rich.console import Console

STAGES = {"finetune_lora": "finetune", "evaluate_benchmark": "evaluate", "sample_aya": "sample"}


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


def shown(what) -> str:
    console = Console(width=100, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(what)
    return console.export_text()


def screen(clock, **jobs):
    made = Screen(stages=STAGES, now=clock, replies=REPLIES)
    made.planned({**jobs, "total": sum(jobs.values())})
    return made


def test_every_rule_has_the_stage_that_it_writes_into():
    stages = stages_of_rules()
    assert stages["finetune_lora"] == stages["mix_training_set"] == "finetune"
    assert stages["keep_best"] == "translate"
    assert (stages["roundtrip_out"], stages["judge_answers"]) == ("roundtrip", "judge")
    assert Screen(stages=stages).stage_of("ours_evaluate_benchmark") == "evaluate"
    assert Screen(stages=stages).stage_of("another") == "another"


def test_bars_count_jobs_by_stage_in_the_order_of_the_data():
    clock = Clock()
    one = screen(clock, evaluate_benchmark=4, finetune_lora=2, sample_aya=1)
    one.started([1])  # Snakemake says so before it says what the job is
    one.job(1, "finetune_lora", {"model": "tiny", "data": "native"}, ["results/finetune/x"])
    clock.at = 75
    text = shown(one)
    assert [line.split()[0] for line in text.splitlines()[:3]] == ["sample", "finetune", "evaluate"]
    assert "finetune_lora tiny/native  0:01:15" in text
    assert "0 of 7 jobs" in text
    one.finished(1)
    assert "1/2" in shown(one)
    assert "left" not in shown(one)  # nothing runs


def test_time_left_is_told_once_every_rule_has_a_finished_job():
    clock = Clock()
    one = screen(clock, finetune_lora=3, evaluate_benchmark=2)
    for number, rule, seconds in ((1, "finetune_lora", 100), (2, "finetune_lora", 60)):
        one.job(number, rule, {}, [])
        one.started([number])
        clock.at += seconds
        assert one.seconds_left() is None
        one.finished(number)
    one.job(3, "evaluate_benchmark", {}, [])
    one.started([3])
    clock.at += 10
    one.finished(3)
    assert one.seconds_left() == pytest.approx(80 + 10)  # one job at a time so far
    assert Screen(stages=STAGES, now=clock).seconds_left() is None


def test_time_left_counts_jobs_that_run_together():
    clock = Clock()
    one = screen(clock, finetune_lora=4)
    one.started([])
    for number in (1, 2):
        one.job(number, "finetune_lora", {}, [])
    one.started([1, 2])
    clock.at = 50
    one.finished(1)
    one.finished(2)
    assert one.seconds_left() == pytest.approx(50)


def test_money_is_what_this_run_spent(tmp_path):
    store = tmp_path / "results/.work/api/replies.sqlite"
    assert money(store) is None
    store.parent.mkdir(parents=True)
    with sqlite3.connect(store) as database:
        database.execute("CREATE TABLE spent (account TEXT PRIMARY KEY, usd REAL)")
        database.execute("INSERT INTO spent VALUES ('google', 1.5)")
    one = screen(Clock(), sample_aya=1)
    one.job(1, "sample_aya", {}, [f"{tmp_path}/results/sample/native/es.jsonl"])
    assert one.store == store
    with sqlite3.connect(store) as database:
        database.execute("UPDATE spent SET usd = 1.75")
    assert one.dollars() == pytest.approx(0.25)
    assert "$0.25 paid to services" in shown(one)


def test_the_lines_that_matter_of_a_log(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("reading\nTraceback (most recent call last):\n  File x\nValueError: no rows\n")
    assert telling_lines(str(log)) == ("ValueError: no rows",)
    log.write_text("one\ntwo\nthree\nfour\n")
    assert telling_lines(str(log)) == ("two", "three", "four")
    assert telling_lines(str(tmp_path / "none")) == telling_lines(None) == ()


SNAKEFILE = """
rule all:
    input: "results/finetune/b.txt"
rule first:
    output: "results/sample/a.txt"
    log: "logs/a.log"
    shell: "sleep 1; echo made > {output}"
rule second:
    input: "results/sample/a.txt"
    output: "results/finetune/b.txt"
    log: "logs/b.log"
    shell: "echo 'Error: {input}: no column instruction; name it' > {log}; exit FAILS"
"""


def on_a_terminal(folder, *arguments) -> tuple[int, str]:
    """Run Snakemake with a terminal of 100 columns as its output; its exit status and what was drawn."""
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    environment = {**os.environ, "COLUMNS": "100", "LINES": "40", "TERM": "xterm"}
    run = subprocess.Popen(
        command, cwd=folder, stdin=inner, stdout=inner, stderr=inner, env=environment
    )
    os.close(inner)
    seen = b""
    while True:
        try:
            part = os.read(outer, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        seen += part
    os.close(outer)
    return run.wait(), re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode(errors="replace"))


@pytest.mark.slow
@pytest.mark.parametrize("fails", [False, True])
def test_snakemake_shows_bars_on_a_terminal_and_one_block_of_errors(tmp_path, fails):
    text = SNAKEFILE.replace("FAILS", "1" if fails else "0; echo > {output}")
    if not fails:
        text = text.replace("exit 0;", "")
    (tmp_path / "Snakefile").write_text(text)
    status, screen_text = on_a_terminal(tmp_path, "--logger", "study")
    assert (status != 0) == fails, screen_text
    assert "jobs" in screen_text and "spent" in screen_text
    assert "Select jobs to execute" not in screen_text
    if fails:
        block = screen_text[screen_text.index("1 job failed") :]
        assert "Error: results/sample/a.txt: no column instruction; name it" in block
        assert "log: logs/b.log" in block
        assert screen_text.count("1 job failed") == 1
    else:
        assert "failed" not in screen_text
        assert "3 of 3 jobs" in screen_text
        status, screen_text = on_a_terminal(tmp_path, "--logger", "study")
        assert "Nothing to be done" in screen_text


@pytest.mark.slow
def test_without_a_terminal_lines_are_snakemake_s_own(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE.replace("exit FAILS", "echo > {output}"))
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "Snakefile").write_text((tmp_path / "Snakefile").read_text())

    def lines(place, *more):
        command = [sys.executable, "-m", "snakemake", "--cores", "1", *more]
        done = subprocess.run(command, cwd=tmp_path / place, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        text = re.sub(
            r"(?m)^\[.*\]$|Complete log.*|Elapsed.*|Workflow ID.*|.*Date:.*|.*/(one|two).*|Command:.*",
            "",
            done.stderr,
        )
        return [line for line in text.splitlines() if line.strip()]

    assert lines("one", "--logger", "study") == lines("two")


def test_the_profile_asks_for_bars_on_a_terminal_alone():
    text = (ROOT / "profiles/default/config.yaml").read_text(encoding="utf-8")
    assert "sys.stderr.isatty()" in text
    assert "?if watched and not asked:\n  logger: [study]" in text


def test_snakemake_s_start_imports_nothing_of_a_package_that_the_snakefile_chooses():
    code = (
        "import sys, snakemake_logger_plugin_study as plugin;"
        "print([name for name in sys.modules if name.partition('.')[0] in ('mothertongue', 'rich')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
