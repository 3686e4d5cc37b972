"""Run a fine-tuning in several processes, one per GPU, under PyTorch's launcher."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError
from ..process.children import die_with_parent
from ..process.stop import SIGNALS, Interrupted
from .recipe import Job

PACKAGES = Path(__file__).resolve().parents[2]
STOP_SECONDS = 120  # for the step that runs and the checkpoint, when told to stop


def launch_command(job: Path, *, processes: int) -> list[str]:
    """This module in several processes on one machine, under PyTorch's launcher.

    `accelerate launch --cpu` starts a single process whatever `--num_processes` says (accelerate
    1.15), so both kinds of device go through the launcher that accelerate itself uses for GPUs.
    """
    return [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *("--nproc-per-node", str(processes)),
        *("--signals-to-handle", ",".join((*SIGNALS, "SIGINT", "SIGHUP", "SIGQUIT"))),
        *("--shutdown-timeout", str(STOP_SECONDS)),
        *("-m", "mothertongue.finetune.launch", str(job)),
    ]


def finetune_in_processes(job: Job, processes: int) -> None:
    """Start `processes` processes that share every effective batch, and wait for them.

    A stop signal is passed on to them; they write a checkpoint and this raises `Interrupted`. They
    stop in the same way when this process is killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.json"
        path.write_text(job.to_json(), encoding="utf-8")
        paths = os.pathsep.join(filter(None, [str(PACKAGES), os.environ.get("PYTHONPATH")]))
        child = subprocess.Popen(
            launch_command(path, processes=processes),
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": str(job.threads)},
            preexec_fn=die_with_parent,
        )
        with _signals_passed_on(child):
            status = child.wait()
        complaint = path.with_suffix(".complaint")
        if complaint.is_file():
            kind, _, text = complaint.read_text(encoding="utf-8").partition(": ")
            if kind == "InputError":
                raise InputError(text)
            if kind == "Interrupted":
                raise Interrupted(text)
            raise RuntimeError(f"{kind}: {text}")
        if status:
            raise RuntimeError(f"fine-tuning on {processes} devices failed with status {status}")


@contextlib.contextmanager
def _signals_passed_on(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let a stop signal reach the launcher instead of ending this process."""
    numbers = [getattr(signal, name) for name in SIGNALS]
    before = {n: signal.signal(n, lambda number, _: child.send_signal(number)) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """One of several processes: read the job, do this process's part.

    The first of them that fails leaves one line about why, since the others then fail, too.
    """
    import logging

    import torch

    from .run import finetune
    from .workers import AcceleratedWorkers

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", force=True)
    path = Path(sys.argv[1])
    try:
        job = Job.from_json(path.read_text(encoding="utf-8"))
        torch.set_num_threads(max(1, job.threads))
        finetune(job, AcceleratedWorkers())
    except Exception as error:
        with contextlib.suppress(FileExistsError), path.with_suffix(".complaint").open("x") as file:
            file.write(f"{type(error).__name__}: {error}")
        raise


if __name__ == "__main__":
    main()
