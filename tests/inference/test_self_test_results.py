"""What the start-up probe found is kept: once per base, for every job, in whatever order they write."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT
from mothertongue.inference import self_test
from mothertongue.inference.base import BaseSpec
from mothertongue.inference.prefix import PrefixLM
from mothertongue.inference.self_test_results import SelfTestResults, facts_of
from tiny_models import save_model


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("base") / "tiny")


def opened(base, folder, quantisation="none"):
    """A model class for a base that is loaded afresh, as by a job, and its file of verdicts."""
    spec = BaseSpec.of_model({"base": str(base)}, quantisation, "float32")
    model, tokenizer = spec.load()
    verdicts = SelfTestResults(folder, facts_of(model, spec))
    return PrefixLM(model, tokenizer, verdicts=verdicts), verdicts.path


def test_a_base_is_probed_once(base, tmp_path, monkeypatch):
    first, path = opened(base, tmp_path)
    assert first.share and first.by_block

    def probes(*_, **__):
        raise AssertionError("probed again")

    monkeypatch.setattr(self_test, "_self_test", probes)
    second, again = opened(base, tmp_path)
    assert again == path
    assert (second.share, second.by_block, second.notes) == (True, True, [])
    other, elsewhere = opened(base, tmp_path, quantisation="int8")
    assert elsewhere != path
    assert not other.share  # it was probed, and the probe fails here
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config, indent=3))  # another file than before
    assert opened(base, tmp_path)[1] != path


def test_a_bad_verdict_stays_and_a_failed_probe_does_not(base, tmp_path, monkeypatch):
    monkeypatch.setattr(self_test, "_self_test", lambda *_, **__: 0.5)
    assert not opened(base, tmp_path / "bad")[0].share
    monkeypatch.undo()
    assert not opened(base, tmp_path / "bad")[0].share

    def fails(*_, **__):
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(self_test, "_self_test", fails)
    assert not opened(base, tmp_path / "failed")[0].share
    monkeypatch.undo()
    assert opened(base, tmp_path / "failed")[0].share


@pytest.mark.parametrize("content", ["", "{", "[]", '{"24 tokens behind 12": "x"}'])
def test_a_damaged_file_is_made_anew(base, tmp_path, content):
    _, path = opened(base, tmp_path)
    whole = path.read_text()
    path.write_text(content)
    assert opened(base, tmp_path)[0].share
    assert path.read_text() == whole


JOB = """
import sys
from mothertongue.inference.self_test_results import SelfTestResults
verdicts = SelfTestResults(sys.argv[1], {"base": "one"})
for number in range(200):
    assert verdicts.kept(f"{number % 7}", lambda: float(number % 7)) == number % 7
    if number % 20 == 0:
        verdicts.path.unlink(missing_ok=True)
"""


def test_jobs_at_once_write_whole_files(tmp_path):
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", JOB, str(tmp_path)],
            env={"PYTHONPATH": str(ROOT / "workflow_scripts")},
        )
        for _ in range(4)
    ]
    assert [job.wait(timeout=120) for job in jobs] == [0] * 4
    (left,) = tmp_path.iterdir()
    assert set(json.loads(left.read_text())) <= {str(number) for number in range(7)}
