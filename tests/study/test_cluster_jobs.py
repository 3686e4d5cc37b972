"""What jobs ask of a cluster: true to the size of the model, growing with each attempt."""

import re
import shutil

import pytest
from conftest import checkout, run_snakemake
from mothertongue.study import inference_jobs as resources
from mothertongue.study import training_jobs as tuning
from mothertongue.study.cards import named

SMALL, LARGE = 4.64e8, 1.417e10


def test_memory_holds_the_weights_and_grows_with_the_model_and_the_attempt():
    for parameters in (SMALL, LARGE):
        first, second = (resources.memory_mb(parameters, n) for n in (1, 2))
        assert first * 1e6 > 2 * parameters  # 16-bit weights pass through the host's memory
        assert second == 1.5 * first or abs(second - 1.5 * first) <= 1
    assert resources.memory_mb(LARGE) > resources.memory_mb(SMALL)


def test_minutes_grow_with_the_model_the_tokens_and_the_attempt():
    small = resources.minutes(SMALL, resources.UNKNOWN)
    large = resources.minutes(LARGE, resources.UNKNOWN)
    assert 10 < small < large < 24 * 60
    assert resources.minutes(LARGE, resources.answer_tokens(50, 512)) < large
    twice = resources.minutes(LARGE, resources.UNKNOWN, attempt=2)
    assert 2 * large - 2 <= twice <= 2 * large


def test_a_tiny_model_runs_on_a_core_and_still_gets_the_time_it_needs():
    assert tuning.gpus(1.1e6) == 0
    assert resources.minutes(1.1e6, resources.UNKNOWN, gpu=0) >= 10


def test_minutes_follow_the_size_of_the_benchmark():
    """39 minutes were asked for every benchmark of a 7B model, and 2 to 9 needed (estimated)."""
    seven = {name: resources.minutes(7e9, resources.evaluation_tokens(name, None))
             for name in resources.TASKS}  # fmt: skip
    assert all(10 < minutes < 39 for minutes in seven.values()), seven
    assert seven["ceval"] < seven["cmmlu"] < seven["mt-mmlu"]
    few = resources.minutes(7e9, resources.evaluation_tokens("cmmlu", 50))
    assert few == 11
    unknown = resources.evaluation_tokens("anything", None)
    assert unknown == resources.UNKNOWN
    assert resources.evaluation_tokens("anything", 100).read < unknown.read / 10


def test_minutes_follow_the_card_and_the_quantisation():
    fast, slow = (named(name) for name in ("h100", "l4"))
    tokens = resources.evaluation_tokens("mt-mmlu", None)
    by_card = [resources.minutes(LARGE, tokens, card=card) for card in (fast, slow)]
    assert by_card[0] < by_card[1]
    assert resources.minutes(LARGE, tokens, quantisation="none", card=slow) < by_card[1]
    hours = [tuning.runtime_minutes(LARGE, quantisation=kind) for kind in ("int8", "none")]
    assert 1.5 < hours[0] / hours[1] < 2.5


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("sbatch"), reason="the profile's executor needs SLURM")
def test_evaluations_and_answers_of_the_paper_can_share_jobs(tmp_path):
    """Snakemake refuses a group whose members differ in a resource that is a text."""
    folder = checkout(tmp_path / "study")
    done = run_snakemake(
        *("--profile", "slurm", "--configfile", "studies/paper.yaml", "-n", "--quiet", "rules"),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counts = dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE))
    assert (counts["evaluate_benchmark"], counts["answer_questions"]) == ("1376", "288")
