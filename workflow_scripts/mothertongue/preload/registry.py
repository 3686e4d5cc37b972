"""What this process has loaded for the jobs that it runs or forks."""

import os
from typing import Any, Protocol


class Loadable(Protocol):
    """Something that takes long to load; equal keys mean that one loaded copy serves both.

    With an attribute `alone` that is true, the process that holds it is never forked, on a CPU either.
    """

    @property
    def key(self) -> str:
        """What tells one from another, with the files that it is loaded from."""

    def load(self) -> Any:
        """Load it."""


_loaded: dict[str, Any] = {}  # filled in a base server; its children inherit it
_loaded_by: dict[str, int] = {}  # process ids


def held(key: str) -> Any | None:
    """What this process holds under a key, or None."""
    return _loaded.get(key)


def keep(key: str, loaded: Any) -> None:
    """Hold something for the jobs to come."""
    _loaded[key] = loaded
    _loaded_by[key] = os.getpid()


def who_loaded(key: str) -> str:
    """A line for a job's log: which process loaded a base. As many processes, as many loads."""
    if key in _loaded:
        return f"the base is held by the preloaded process {_loaded_by[key]}"
    return f"the base is loaded by this job's own process {os.getpid()}"
