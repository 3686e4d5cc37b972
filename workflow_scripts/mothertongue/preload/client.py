"""What a job's own process does: send the job to a process that is ready for it, and wait."""

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
from .connect import connect
from .messages import Answer, Free, Request, receive, send
from .registry import Loadable
from .work import call

STOPS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)


class JobFailed(RuntimeError):
    """A job failed in the preloaded process; the traceback is in the job's log."""


def run_preloaded(
    module: str,
    keywords: dict[str, Any],
    *,
    base: Loadable | None = None,
    gpus: int = 0,
    grace: float = 20.0,
) -> None:
    """Run `module.main(**keywords)` in the preloaded process, or here if there is none.

    `gpus` is what the job asks for: with 0 it computes on the CPU. A job without a base that asks
    for GPUs always runs here. A job that is told to stop gets `grace` seconds before it is killed.
    Raises InputError where there are fewer GPUs than asked for.
    """
    if base is None and gpus:
        with claimed(gpus):
            call(module, keywords)
        return
    key = base.key if base else None
    with leased(gpus, key or "") as devices:
        os.environ.update(environment_of(devices))
        connection = connect() if _allowed() else None
        if connection is None:
            call(module, keywords)
            return
        request = Request(
            module=module,
            keywords=keywords,
            base=base,
            key=key,
            devices=devices,
            folder=os.getcwd(),
            environment=dict(os.environ),
            ancestor=snakemake_above(),
            grace=grace,
        )
        with connection:
            _run_there(connection, request)


@contextlib.contextmanager
def claimed(gpus: int) -> Iterator[None]:
    """Lease GPUs for what this very process computes, and free them of loaded bases.

    Enter it before torch is imported. With 0 this process computes on the CPU.
    """
    with leased(gpus) as devices:
        os.environ.update(environment_of(devices))
        if devices:
            _free(devices)
        yield


def _free(devices: list[str]) -> None:
    """Let a running job server end the base servers on some GPUs."""
    connection = connect(begin=False) if _allowed() else None
    if connection is not None:
        with connection, contextlib.suppress(OSError):
            send(connection, Free(devices), [1, 2])
            receive(connection)


def _run_there(connection: socket.socket, request: Request) -> None:
    """Let the job server do a job, or do it here if it declines."""
    answer: Answer | None = None
    with contextlib.suppress(OSError):
        send(connection, request, [1, 2])
        answer = receive(connection)
    if answer is None or answer.state == "declined":  # nothing has been started
        call(request.module, request.keywords)
        return
    answer = None
    with _stops_passed_on(connection), contextlib.suppress(OSError):
        answer = receive(connection)
    if answer is None:
        raise JobFailed("the preloaded process ended before the job did; run it again")
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


def _raise_as_told(answer: Answer) -> None:
    """Fail as the child failed."""
    if answer.state == "input error":
        raise InputError(answer.text)
    if answer.state == "error":
        raise type(answer.kind, (JobFailed,), {})(answer.text)
    if answer.state == "killed":
        text = f"the job was killed by signal {answer.signal}"
        if answer.signal == signal.SIGKILL:
            text += " (out of memory, or somebody killed it)"
        raise JobFailed(text)


def _allowed() -> bool:
    return (
        os.environ.get("MOTHERTONGUE_WARM", "1") != "0"
        and hasattr(os, "fork")
        and hasattr(socket, "send_fds")
        and Path("/proc/self/stat").exists()
    )
