"""Logs that are cut, doubled, empty or of another test: one line names the file, and what to do.

Their form is lm-eval's, as bench/compare_logs.py writes it; test_lm_eval_logs.py has lm-eval's own.
"""

import gzip
import json
import shutil

import numpy as np
import polars as pl
import pytest
from compare_logs import write_lm_eval
from mothertongue.compare.__main__ import main
from mothertongue.files import read_json, read_jsonl, write_json, write_jsonl

DATE = "2026-01-02T03-04-05.000001"
SAMPLES, RESULTS = f"samples_task0_{DATE}.jsonl", f"results_{DATE}.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two runs of two tasks with ten items each."""
    folder = tmp_path_factory.mktemp("whole")
    for seed, name in enumerate(("one", "two")):
        write_lm_eval(folder / name, np.random.default_rng(seed), 20, 0.5, tasks=2)
    return folder


def refused(capsys, *paths):
    """The one line with which runs are refused."""
    assert main([str(path) for path in paths]) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    return shown


# -- lm-eval -------------------------------------------------------------------------------------


def row_with(number=4, **values):
    """Give a sample other values; `...` takes a key away."""

    def change(folder):
        rows = read_jsonl(folder / SAMPLES)
        new = {**rows[number], **values}
        rows[number] = {key: value for key, value in new.items() if value is not ...}
        lines = [json.dumps(row) + "\n" for row in rows]  # NaN and Infinity, as lm-eval writes them
        (folder / SAMPLES).write_text("".join(lines), encoding="utf-8")

    return change


def results_with(key, value):
    """Say something else of the first task, or of the whole run."""

    def change(folder):
        content = read_json(folder / RESULTS)
        by_task = isinstance(content.get(key), dict) and key != "configs"
        write_json(
            folder / RESULTS,
            {**content, key: {**content[key], "task0": value} if by_task else value},
        )

    return change


def written(name, content):
    """Another content of a file."""
    return lambda folder: (folder / name).write_bytes(content)


def cut_in_a_character(folder):
    row_with(9, acc_norm=...)(folder)
    data = (folder / SAMPLES).read_bytes().rstrip() + "é".encode()
    (folder / SAMPLES).write_bytes(data[:-1])


def cut_results(folder):
    (folder / RESULTS).write_bytes((folder / RESULTS).read_bytes()[:-9])


def doubled(folder):
    rows = read_jsonl(folder / SAMPLES)
    write_jsonl(folder / SAMPLES, [*rows[:-1], rows[0]])


def packed(folder):
    path = folder / SAMPLES
    path.with_name(f"{SAMPLES}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()


def all_packed(folder):
    for path in list(folder.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()


def without_samples(folder):
    for path in folder.glob("samples_*"):
        path.unlink()


def without_any_log(folder):
    for path in folder.iterdir():
        path.unlink()
    (folder / "notes.md").write_text("nothing")


@pytest.mark.parametrize(
    ("change", "named", "said"),
    [
        (cut_in_a_character, SAMPLES, ", line 10: cut or damaged, no sample of lm-eval; evaluate again"),
        (written(SAMPLES, b""), SAMPLES, ": empty; evaluate again"),
        (written(SAMPLES, b"1\n2\n"), SAMPLES, ", line 1: cut or damaged, no sample of lm-eval"),
        (row_with(acc=float("nan")), SAMPLES, ": acc of 1 items is no finite number (first: item 4, nan);"),
        (row_with(acc=float("inf")), SAMPLES, ": acc of 1 items is no finite number (first: item 4, inf);"),
        (row_with(acc=...), SAMPLES, ": acc of 1 items is no finite number (first: item 4, nan);"),
        (row_with(acc="good"), SAMPLES, ", document 4: acc is no number; evaluate again"),
        (row_with(acc="1.0"), SAMPLES, ", document 4: acc is no number; evaluate again"),
        (row_with(acc=None), SAMPLES, ", document 4: acc is no number; evaluate again"),
        (row_with(doc_id="a"), SAMPLES, ", line 5: cut or damaged, no sample of lm-eval"),
        (doubled, SAMPLES, ": document 0 stands twice; delete the file, evaluate again"),
        (packed, RESULTS, f": no samples of task0 beside it; unpack {SAMPLES}.gz"),
        (all_packed, f"{RESULTS}.gz", ": packed; unpack it first"),
        (without_samples, RESULTS, ": no samples of task0 beside it; run lm-eval with --log_samples"),
        (written(RESULTS, b""), RESULTS, ": not valid JSON (Expecting value: line 1 column 1 (char 0)); evaluate again"),
        (cut_results, RESULTS, ": not valid JSON ("),
        (results_with("configs", {}), RESULTS, ": no task with samples; run lm-eval with --log_samples"),
        (results_with("configs", [1]), RESULTS, ": damaged, or not as the tool that it is of writes it ("),
        (results_with("n-samples", 4), RESULTS, ": damaged, or not as the tool that it is of writes it ("),
        (results_with("n-samples", {"effective": 12}), SAMPLES, ": 10 of the 12 samples of task0 are there"),
        (without_any_log, "two", ": no log in this folder; these are: lm-evaluation-harness (--log_samples)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_run_of_lm_eval(whole, tmp_path, capsys, change, named, said):
    two = shutil.copytree(whole / "two", tmp_path / "two")
    change(two)
    assert f"{two / named if named != 'two' else two}{said}" in refused(capsys, whole / "one", two)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (results_with("n-shot", 5), "shots 0 and 5"),
        (results_with("versions", 2.0), "task version 1.0 and 2.0"),
        (results_with("chat_template_sha", "abc"), "chat template none and abc"),
        (results_with("system_instruction", "Be brief."), "system prompt none and Be brief."),
        (row_with(prompt_hash="x"), "prompts of 1 of 10 items (demonstrations?)"),
        (row_with(doc_hash="x", acc=1.0), None),
    ],
)
def test_another_test_under_the_same_name_is_said_first(whole, tmp_path, capsys, change, said):
    two = shutil.copytree(whole / "two", tmp_path / "two")
    change(two)
    if said is None:  # another item: left out, and counted
        assert main([str(whole / "one"), str(two)]) == 0
        assert "task0: items that not all runs have, left out: 1 of one and 1 of two" in (
            " ".join(capsys.readouterr().out.split())
        )
        return
    line = refused(capsys, whole / "one", two)
    assert line.startswith(f"different tests: task0: one and two differ in {said}")
    assert "give --anyway to compare them all the same" in line


@pytest.mark.parametrize(
    ("copy", "used"),
    [("again/{}", SAMPLES), ("{}", SAMPLES.replace("03-04-05", "03-04-06"))],
)
def test_of_two_runs_of_a_model_the_last_by_name_is_used(whole, tmp_path, capsys, copy, used):
    """The same time in a folder below, or a second later beside it."""
    two = shutil.copytree(whole / "two", tmp_path / "two")
    for path in list(two.iterdir()):
        name = path.name if "/" in copy else path.name.replace("03-04-05", "03-04-06")
        (two / copy.format(name)).parent.mkdir(exist_ok=True)
        shutil.copy(path, two / copy.format(name))
    assert main([str(whole / "one"), str(two)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "task0 was run more than once (" in shown and f"; {two / used} is used" in shown


# -- lighteval, Inspect, tables ------------------------------------------------------------------


DETAILS = f"details_arc_{DATE}.parquet"
OLD = {"full_prompt": ["x"], "choices": [["a", "b"]], "metrics": [{"acc": 1.0}]}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"doc_id": [1], "acc": [1.0]}, "no columns doc and metric, or full_prompt and metrics, as lighteval"),
        ({"doc": ["x"], "metric": ["y"]}, "damaged, or not as the tool that it is of writes it ("),
        ({"full_prompt": ["x"], "metrics": [{"acc": None}]}, "no metric of items; evaluate again"),
        ({name: values[:0] for name, values in OLD.items()}, "empty; evaluate again"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_details_of_lighteval(tmp_path, capsys, columns, said):
    path = tmp_path / DETAILS
    pl.DataFrame(columns).write_parquet(path)
    assert f"{path}: {said}" in refused(capsys, path, tmp_path)


TABLE = b"item,score\n1,1\n2,0\n3,1\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("b.csv", b"", ": empty; evaluate again"),
        ("b.csv", b"item,score\n", ": no rows; evaluate again"),
        ("b.csv", TABLE[:-2], ": score of 1 items is no finite number (first: item 3, empty); score them"),
        ("b.csv", TABLE + b"4,-inf\n", ": score of 1 items is no finite number (first: item 4, -inf);"),
        ("b.csv", TABLE + b"4,good\n", ": no number where one is wanted (conversion from `str` to `f64`"),
        ("b.csv", TABLE + b",1\n", ": 1 rows have no item; give each an id of its own"),
        ("b.csv", TABLE + b"\xc3,1\n", ": cut or not readable (invalid utf-8 sequence)"),
        ("b.csv", TABLE.replace(b",", b";"), ": no columns item and score; found item;score"),
        ("b.csv.gz", gzip.compress(TABLE, mtime=0), ": packed; unpack it first"),
        ("b.jsonl", b'{"item": 1, "score": 1}\n{"item": 2, "no', ", line 2: not valid JSON ("),
        ("b.jsonl", b'{"item": 1, "score": 1}\n{"item": "\xc3', ", line 2: not UTF-8; save the file"),
        ("b.jsonl", b'{"item": 1, "score": 1}\n{"item": 2, "score": NaN}', ": score of 1 items is no finite"),
        ("b.jsonl", b'{"item": 1, "score": {"acc": 1}}', ": score is a list or an object; give one number"),
        ("b.parquet", b"", ": cut or damaged, no Parquet file; evaluate again"),
        ("b.eval", b"PK\x03\x04 cut", ": cut or damaged, no zip file; evaluate again"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_file(tmp_path, capsys, name, content, said):
    (tmp_path / "a.csv").write_bytes(TABLE)
    path = tmp_path / name
    path.write_bytes(content)
    assert f"{path}{said}" in refused(capsys, tmp_path / "a.csv", path)
