"""Stop a run in good order: on a signal, or shortly before the scheduler's time limit."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

SIGNALS = ("SIGTERM", "SIGUSR1", "SIGUSR2")
log = logging.getLogger("mothertongue.finetune")


class Interrupted(RuntimeError):
    """The run was asked to stop and has written a checkpoint; running it again continues."""


class StopRequest:
    """Whether, and why, the run should stop after the present step."""

    def __init__(self, deadline: float | None = None):
        self.deadline = deadline
        self.reason: str | None = None

    def check(self, step_seconds: float = 0.0) -> bool:
        """True once a signal has come, or the time left would not do for two more steps."""
        if self.reason is None and self.deadline is not None:
            left = self.deadline - time.time()
            if left < 60 + 2 * step_seconds:
                self.reason = f"the time limit is {max(0, left):.0f} s away"
        return self.reason is not None


def job_end(environment: Mapping[str, str] = os.environ) -> float | None:
    """When SLURM will end this job (seconds since 1970), if it says so."""
    try:
        return float(environment["SLURM_JOB_END_TIME"])
    except (KeyError, ValueError):
        return None


@contextmanager
def stop_requests(deadline: float | None = None) -> Iterator[StopRequest]:
    """Collect stop signals for the block instead of dying of them."""
    request = StopRequest(deadline)

    def note(number: int, _frame: object) -> None:
        request.reason = f"signal {signal.Signals(number).name}"

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {}
    for name in SIGNALS:
        number = getattr(signal, name)
        before[number] = signal.signal(number, note)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
