"""Memory of a card: only its lack is taken for it, and what it taught is kept for the next job."""

import logging
import subprocess
import sys

import pytest
import torch
from mothertongue.errors import InputError, is_out_of_memory
from mothertongue.finetune.train import TrainingError
from mothertongue.inference.budgets import Remembered, memory_folder, remembered

WHERE = {"base": "owner/base", "quantisation": "int8", "dtype": "torch.bfloat16"}


def allocator_error() -> Exception:
    """What PyTorch's own allocator raises on the CPU."""
    try:
        torch.empty(1 << 50, dtype=torch.uint8)
    except RuntimeError as error:
        return error
    raise AssertionError("a petabyte was given")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        pytest.param("allocator", id="allocator"),
    ],
)
def test_lack_of_memory_is_recognised(error):
    assert is_out_of_memory(allocator_error() if error == "allocator" else error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        RuntimeError(
            "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"
        ),
        RuntimeError("the row 'a text about being out of memory' has no output"),
        RuntimeError("shapes do not match"),
        TrainingError("out of memory with one example of 512 tokens; lower finetune.max_length"),
        InputError("CUDA out of memory"),
        MemoryError(),
    ],
)
def test_other_errors_are_not_taken_for_it(error):
    assert not is_out_of_memory(error)


def test_every_place_asks_the_one_function(root):
    """No second list of words: the text stands in errors.py (and in what we say ourselves)."""
    asks = [
        path.relative_to(root).as_posix()
        for folder in ("workflow_scripts", "bench")
        for path in (root / folder).rglob("*.py")
        if "OutOfMemoryError" in (text := path.read_text(encoding="utf-8"))
        or '"out of memory" in' in text
    ]
    assert asks == ["workflow_scripts/mothertongue/errors.py"]


def test_the_smallest_batch_is_remembered_by_base_type_and_card(tmp_path, caplog):
    memory = remembered(tmp_path, "evaluate", card="NVIDIA A100-SXM4-80GB", **WHERE)
    assert memory.at_most(9000) == 9000
    memory.note(4000)
    memory.note(2000)
    memory.note(3000)
    with caplog.at_level(logging.WARNING):
        assert memory.at_most(9000) == 2000
    assert "at most 2000 tokens instead of 9000" in caplog.text
    assert memory.at_most(1500) == 1500
    for other in (
        remembered(tmp_path, "finetune", card="NVIDIA A100-SXM4-80GB", **WHERE),
        remembered(tmp_path, "evaluate", card="Tesla T4", **WHERE),
        remembered(
            tmp_path, "evaluate", card="NVIDIA A100-SXM4-80GB", **WHERE | {"quantisation": "none"}
        ),
        remembered(
            tmp_path, "evaluate", card="NVIDIA A100-SXM4-80GB", **WHERE | {"base": "owner/other"}
        ),
    ):
        assert other.at_most(9000) == 9000
    assert remembered(None, "evaluate", card="Tesla T4", **WHERE) is None


def test_folders_of_one_name_are_two_bases(tmp_path):
    paths = set()
    for name in ("a", "b"):
        (tmp_path / name / "base").mkdir(parents=True)
        base = {**WHERE, "base": str(tmp_path / name / "base")}
        paths.add(remembered(tmp_path, "evaluate", card="cpu", **base).path)
    assert len(paths) == 2


def test_a_damaged_file_and_one_that_cannot_be_written_stop_no_job(tmp_path):
    memory = Remembered(tmp_path / "one.txt", "evaluate")
    memory.path.write_bytes(
        b"evaluate 700\n\xff\xfe\nevaluate\nevaluate -1\nfinetune 3\nevaluate 8"
    )
    assert memory.least() == 700  # a line without its end was cut off
    blocked = Remembered(tmp_path / "one.txt" / "below.txt", "evaluate")
    blocked.note(5)
    assert blocked.at_most(9) == 9


MANY = """
import sys
from pathlib import Path
from mothertongue.inference.budgets import Remembered
for number in range(500):
    Remembered(Path(sys.argv[1]), "evaluate").note(int(sys.argv[2]) + number)
"""


def test_jobs_that_note_at_once_lose_nothing(tmp_path):
    jobs = [
        subprocess.Popen([sys.executable, "-c", MANY, str(tmp_path / "one.txt"), str(start)])
        for start in (5000, 3000, 7000)
    ]
    assert [job.wait(timeout=60) for job in jobs] == [0, 0, 0]
    lines = (tmp_path / "one.txt").read_text().splitlines()
    assert sorted(lines) == sorted(
        f"evaluate {start + number}" for start in (5000, 3000, 7000) for number in range(500)
    )
    assert Remembered(tmp_path / "one.txt", "evaluate").least() == 3000


def test_a_failure_for_lack_of_memory_halves_the_batch_of_the_retry(tmp_path):
    memory = Remembered(tmp_path / "one.txt", "evaluate")
    with pytest.raises(RuntimeError, match="shapes"), memory.halved_by_failure(lambda: 800):
        raise RuntimeError("shapes do not match")
    assert memory.least() is None
    with pytest.raises(RuntimeError), memory.halved_by_failure(lambda: 800):
        raise torch.OutOfMemoryError("CUDA out of memory.")
    assert memory.at_most(800) == 400


def test_it_lies_below_the_undeclared_work_of_the_results(tmp_path):
    work = tmp_path / "results/.work/finetune/tiny/native"
    assert (
        memory_folder(work) == memory_folder(work.parents[1]) == tmp_path / "results/.work/memory"
    )
    assert memory_folder(tmp_path / "elsewhere") is None
