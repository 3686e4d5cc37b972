"""Who wrote an entry of the store, whether that process still lives, and a clock that all of them share."""

import os
import time
from pathlib import Path


def boot() -> str:
    """Names this start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:13]
    except OSError:
        return ""


BOOT = boot()


def since_boot() -> float:
    """Seconds of a clock that all processes of the machine share and nobody sets."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def start_of(pid: int) -> str:
    """When a process started (Linux), so that a reused number is not taken for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def alive(owner: str) -> bool:
    """Whether the process that wrote a claim still runs."""
    pid, _, start = owner.partition(":")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    now = start_of(int(pid))
    return not start or not now or now == start
