"""Finished results of a job of a group outlive the failure of the group, in the same run and no other."""

import pytest
from mothertongue.process.attempts import RUN, finished_once, forget, put_back


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Make a score in a run; returns whether it was computed, and where results lie."""
    monkeypatch.chdir(tmp_path)

    def run(number, text="score"):
        monkeypatch.setenv(RUN, number)
        computed = []

        def make():
            computed.append(number)
            for path in outputs:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

        finished_once(list(map(str, outputs)), str(results), str(kept), make)
        return bool(computed)

    results = tmp_path / "results"
    kept = results / ".work/finished"
    outputs = [results / "evaluate/es.json", results / "evaluate/es.items.parquet"]
    return run, outputs, results, kept


def test_the_next_attempt_of_a_run_puts_it_back_and_another_run_computes_it(study):
    run, outputs, _, _ = study
    assert run("one")
    then = [path.stat().st_mtime_ns for path in outputs]
    for path in outputs:
        path.unlink()
    assert not run("one", "not asked")
    assert [path.read_text() for path in outputs] == ["score", "score"]
    assert [path.stat().st_mtime_ns for path in outputs] == then
    assert run("two", "new")
    assert outputs[0].read_text() == "new"


def test_without_a_group_nothing_is_kept(study, monkeypatch):
    run, outputs, _, kept = study
    assert run("")
    outputs[0].unlink()
    assert run("") and not kept.exists()


def test_the_end_of_a_failed_run_puts_back_what_is_missing(study):
    run, outputs, results, kept = study
    run("one")
    outputs[0].unlink()
    outputs[1].write_text("newer")
    assert put_back(str(results), str(kept)) == [outputs[0]]
    assert [path.read_text() for path in outputs] == ["score", "newer"]
    forget(str(kept))
    assert put_back(str(results), str(kept)) == [] and not kept.exists()


def test_half_of_a_result_is_not_put_back(study):
    run, outputs, _, kept = study
    run("one")
    (kept / "one/evaluate/es.json").unlink()
    outputs[0].unlink()
    assert run("one", "again")
    assert outputs[1].read_text() == "again"
