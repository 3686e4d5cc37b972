"""A warm process: pay the start of torch, transformers and a base model once, not once per job.

Starting Python with torch, transformers, peft and lm-eval costs about eight CPU seconds, loading
a 7B base minutes; a study has hundreds of jobs, and Snakemake starts a fresh Python for each. The
first job that calls `run_warm` starts a background process which imports the heavy libraries;
from then on a job's Python only sends its arguments there, a *forked child* does the work, and
the job ends with the child's status. One output file per job, staleness, logs and retries stay
Snakemake's; only the start-up is shared.

How a script calls it (evaluate_benchmark, answer_questions, finetune_lora):

    from mothertongue.preload import base_of_model, run_warm

    with log_to(snakemake.log[0]):
        run_warm(
            "answer_questions",  # this script's own name
            dict(questions=…, …),  # what main() takes
            base=base_of_model(model, quantisation, dtype),
        )

`run_warm(module, keywords, base=…)` imports `module` (from workflow_scripts/) in the child and
calls its `main(**keywords)`; keywords are Paths and plain values. Inside `main` take the base by

    with warm.borrowed(base_of_model(model, quantisation, dtype)) as (model, tokenizer): …

which is the copy that the warm process holds, or `models.load_base` where there is none; put the
adapter on it with `models.attach_adapter`, and do not change the base itself. Jobs that need no
held base (`finetune_lora`, `build_base`) leave `base` out and share the imports only. Set `torch.set_num_threads(threads)` in `main`: the
parent has one thread, so that it can be forked.

* **Tree.** server (imports) -> one holder per base (imports + base, one thread) -> one child per
  job. On a CPU children share the holder's weights copy-on-write. A process in which CUDA has
  started cannot be forked: the server sees no GPU, and the holder of a base on a GPU is a Python of
  its own that runs the jobs in itself, one at a time, and takes adapters off after each; if it is
  busy, the next job runs in its own process.
* **GPUs.** A job that asks for GPUs leases them first (devices.py). A holder on a leased device
  that is not the job's own ends, and its memory is free, before the job starts. Jobs without a base
  (a fine-tuning) then run in their own process: beside hours on a GPU its start is nothing.
* **Whose.** One server per user, host, folder of the study, Slurm job (SLURM_JOB_ID), Python,
  code (names and times of the files) and of the environment variables that libraries read when
  they are imported. Its socket stands in a directory that only the user can enter.
* **Logs.** The child writes to the job's own stdout and stderr (passed as file descriptors).
* **Kills.** A stop signal to the job's process is passed on to the child as SIGTERM, and the job
  waits for what the child still does (a training writes a checkpoint). When the job's process goes
  away, the child gets SIGTERM, too. Either way SIGKILL follows after `grace` seconds. When the
  child is killed, the job fails with that signal.
* **End.** The server leaves within a second after the Snakemake process above it is gone, or
  after two minutes without work. SIGTERM (Slurm's end of a job) ends it and its children.
* **Without it.** MOTHERTONGUE_WARM=0, a system without fork or /proc, a server that cannot be
  started or reached: `main` runs in the job's own process, as if this module did not exist.
* Snakemake's benchmark files then show the wall time of a job but not the child's memory and CPU
  time; score and provenance files carry their own seconds.
"""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..process.children import snakemake_above
from ..process.devices import environment_of, leased
from .bases import Spec, held, key_of, strip_adapters
from .connect import connect
from .messages import receive, send
from .work import call

STOPS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)


class WarmFailure(RuntimeError):
    """The work of a job failed in the warm process; the traceback stands in the job's log."""


def base_of_model(model: dict[str, Any], quantisation: str, dtype: str) -> Spec:
    """The base that a job needs, as the key under which the warm process keeps it."""
    return {
        "base": model["base"],
        "revision": model.get("revision"),
        "quantisation": quantisation,
        "dtype": dtype,
        "trust_remote_code": bool(model.get("trust_remote_code", False)),
    }


@contextlib.contextmanager
def borrowed(spec: Spec) -> Iterator[tuple[Any, Any]]:
    """Yield (model, tokenizer) of a base: the held copy, else freshly loaded.

    A held copy gets its adapters taken off afterwards.
    """
    key = key_of(spec)
    if key in held:
        print("the base is held by the warm process", flush=True)
        try:
            yield held[key]
        finally:
            strip_adapters(held[key][0])
        return
    from ..inference import models

    yield models.load_base(**spec)


def run_warm(
    module: str,
    keywords: dict[str, Any],
    *,
    base: Spec | None = None,
    gpus: int = 0,
    grace: float = 20.0,
) -> None:
    """Run `module.main(**keywords)` in the warm process, or here if there is none.

    `gpus` is what the job asks for: with 0 it computes on the CPU. A job without a base that asks
    for GPUs always runs here. A job that is told to stop gets `grace` seconds before it is killed.
    Raises InputError where there are fewer GPUs than asked for.
    """
    if base is None and gpus:
        with claimed(gpus):
            call(module, keywords)
        return
    with leased(gpus, key_of(base) if base else "") as devices:
        os.environ.update(environment_of(devices))
        _run_shared(module, keywords, base, devices, grace)


@contextlib.contextmanager
def claimed(gpus: int) -> Iterator[None]:
    """Lease GPUs for what this very process computes, and free them of held bases.

    Enter it before torch is imported. With 0 this process computes on the CPU.
    """
    with leased(gpus) as devices:
        os.environ.update(environment_of(devices))
        if devices:
            _free(devices)
        yield


def _free(devices: list[str]) -> None:
    """Let a running server end what it holds on some GPUs."""
    connection = connect(start=False) if _allowed() else None
    if connection is not None:
        with connection, contextlib.suppress(OSError):
            send(connection, {"free": devices, "ancestor": None}, [1, 2])
            receive(connection)


def _run_shared(
    module: str, keywords: dict[str, Any], base: Spec | None, devices: list[str], grace: float
) -> None:
    """Run a job in a process that other jobs share, or here if there is none."""
    connection = connect() if _allowed() else None
    if connection is None:
        call(module, keywords)
        return
    with connection:
        request = {
            "module": module,
            "keywords": keywords,
            "base": base,
            "devices": devices,
            "folder": os.getcwd(),
            "environment": dict(os.environ),
            "ancestor": snakemake_above(),
            "grace": grace,
        }
        try:
            send(connection, request, [1, 2])
            answer = receive(connection)
        except OSError:
            answer = None
        if answer is None or answer["state"] == "declined":  # nothing has been started
            call(module, keywords)
            return
        answer = None
        with _stops_passed_on(connection), contextlib.suppress(OSError):
            answer = receive(connection)
    if answer is None:
        raise WarmFailure("the warm process ended before the job did; run it again")
    _raise_as_told(answer)


@contextlib.contextmanager
def _stops_passed_on(connection: socket.socket) -> Iterator[None]:
    """Let a stop signal end the child, and this process only when the child has ended.

    A half-closed connection looks to the server like a job that went away, but still brings the
    child's answer.
    """

    def pass_on(*_: Any) -> None:
        with contextlib.suppress(OSError):  # the answer is here already
            connection.shutdown(socket.SHUT_WR)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, pass_on) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_as_told(answer: dict[str, Any]) -> None:
    """Fail as the child failed."""
    if answer["state"] == "input error":
        raise InputError(answer["text"])
    if answer["state"] == "error":
        raise type(answer["type"], (WarmFailure,), {})(answer["text"])
    if answer["state"] == "killed":
        text = f"the job was killed by signal {answer['signal']}"
        if answer["signal"] == signal.SIGKILL:
            text += " (out of memory, or somebody killed it)"
        raise WarmFailure(text)


def _allowed() -> bool:
    return (
        os.environ.get("MOTHERTONGUE_WARM", "1") != "0"
        and hasattr(os, "fork")
        and hasattr(socket, "send_fds")
        and Path("/proc/self/stat").exists()
    )
