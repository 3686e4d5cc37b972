"""Ask which processes run, and end them: ancestors, start times, process groups."""

import contextlib
import os
import signal
import sys
from pathlib import Path

ABOVE = "MOTHERTONGUE_ABOVE"  # environment variable: "pid birth" of the Snakemake of a group


def snakemake_above() -> tuple[int, str] | None:
    """The topmost Snakemake above this process, on a cluster that of the job's group: (pid, birth)."""
    if told := os.environ.get(ABOVE):
        number, birth = told.split()
        if alive((int(number), birth)):
            return int(number), birth
    found, pid = None, os.getppid()
    while pid > 1:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            parent = int(stat(pid)[1])
        except (OSError, ValueError, IndexError):
            break
        if b"snakemake" in command:
            found = (pid, born(pid))
        pid = parent
    return found


def stat(pid: int) -> list[str]:
    """Fields of /proc/pid/stat behind the name: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def born(pid: int) -> str:
    """When a process started: with its id it names it for good."""
    return stat(pid)[19]


def alive(process: tuple[int, str]) -> bool:
    """Whether the process (pid, start time) still runs."""
    try:
        return born(process[0]) == process[1] and stat(process[0])[0] not in "ZX"
    except (OSError, IndexError):
        return False


def die_with_parent() -> None:
    """Ask the kernel (Linux) to end this process when the one that forked it ends."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def kill_group(pid: int, number: int) -> None:
    """Send a signal to a process and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def leave(status: int) -> None:
    """End a forked process without the parent's exit handlers."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)
