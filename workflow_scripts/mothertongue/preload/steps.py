"""On a cluster: one job server for all jobs of a group, outside of their steps.

SLURM runs each job of a group as a step of its own (srun), and ends what a step has started with it. The
Snakemake of the group, which stands above the steps, therefore starts the job server when a job asks
for it, and is the process that the job server lives as long as.
"""

import atexit
import contextlib
import os
import pickle
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from ..process.attempts import RUN
from ..process.children import ABOVE, born
from ..process.devices import private_folder
from .messages import receive, send
from .sockets import dial, listen

STARTER = "MOTHERTONGUE_STARTER"  # environment variable of the jobs of a group: whom to ask


@dataclass(frozen=True, slots=True)
class Start:
    """A process to be started; `log` is a file for what it prints."""

    command: list[str]
    environment: dict[str, str]
    folder: str
    log: str


def share_among_steps() -> None:
    """In the Snakemake of a group: offer its jobs to start what they share, by environment variables."""
    folder = private_folder()
    if folder is None or STARTER in os.environ:
        return
    address = folder / f"starter-{os.getpid()}.sock"
    try:
        listener = listen(address)
    except OSError:
        return
    atexit.register(address.unlink, missing_ok=True)
    os.environ[STARTER] = str(address)
    os.environ[ABOVE] = f"{os.getpid()} {born(os.getpid())}"
    os.environ[RUN] = os.environ.get("SLURM_JOB_NAME", "")  # the executor's id of a run
    threading.Thread(target=_start_for, args=(listener,), daemon=True).start()


def _start_for(listener: socket.socket) -> None:
    while True:
        connection = listener.accept()[0]
        with connection, contextlib.suppress(OSError, EOFError, pickle.UnpicklingError):
            asked: Start | None = receive(connection)
            if asked is not None:
                process = spawn(asked)
                send(connection, (process.pid, born(process.pid)))


def spawn(what: Start) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own, so that Ctrl-C reaches it through its jobs only."""
    with open(what.log, "wb") as log:
        return subprocess.Popen(
            what.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=what.folder,
            env=what.environment,
            start_new_session=True,
        )


def start(what: Start) -> tuple[int, str]:
    """Start a process: outside of this job's step where that is offered, else here. Its id and birth."""
    if STARTER in os.environ:
        with contextlib.suppress(OSError):
            connection = dial(Path(os.environ[STARTER]))
            if connection is not None:
                with connection:
                    send(connection, what)
                    found: tuple[int, str] | None = receive(connection)
                    if found is not None:
                        return found
    process = spawn(what)
    return process.pid, born(process.pid)
