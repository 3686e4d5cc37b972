"""Write losses to an experiment tracker, too, by accelerate's trackers (`finetune.track`).

Nothing depends on it: a tracker that fails is left alone for the rest of the run, with a warning. What
tensorboard keeps lies beside the adapter, in `track/`.
"""

import logging
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import InputError, first_line
from .recipe import Job

log = logging.getLogger("mothertongue.finetune")
PROJECT = "mothertongue"
NONE = "none"


class Tracking:
    """Where a run is followed: nowhere, unless `tracker` is one of accelerate's trackers.

    `place`: the folder or address under which a reader finds the run.
    """

    def __init__(self, name: str = NONE, tracker: Any = None, place: str | None = None):
        self.name, self.tracker, self.place = name, tracker, place

    def note(self, values: Mapping[str, float], step: int) -> None:
        """Write values at a step; a tracker that fails is not asked again."""
        if self.tracker is None:
            return
        try:
            self.tracker.log(dict(values), step=step)
        except Exception as error:  # of anyone's library
            log.warning(
                "finetune.track: %s fails and is left out: %s", self.name, first_line(error)
            )
            self.tracker = None

    def finish(self) -> None:
        """End the run at the tracker."""
        if self.tracker is not None:
            try:
                self.tracker.finish()
            except Exception as error:
                log.warning("finetune.track: %s: %s", self.name, first_line(error))

    @property
    def provenance(self) -> dict[str, Any]:
        """What provenance.json says of it; nothing if no tracker is asked for."""
        return {} if self.name == NONE else {"tracked": {"by": self.name, "place": self.place}}


def run_name(job: Job) -> str:
    """A run's name: its condition."""
    return "-".join(map(str, job.condition.values()))


def tracked(job: Job, *, first: bool) -> Tracking:
    """Start the tracker that a job names; `first`: whether this process is the one that writes.

    A tracker whose package is not installed is an `InputError`.
    """
    name = job.track
    if name == NONE or not first:
        return Tracking()
    if find_spec(name) is None:
        raise InputError(
            f"finetune.track: {name} is not installed where jobs run; pip install {name}, or set"
            " finetune.track: none"
        )
    from accelerate import PartialState
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS

    PartialState()  # trackers ask it which process they are in
    folder = job.provenance.parent / "track"
    settings = {key: str(value) for key, value in job.recipe.optimisation().items()}
    try:
        tracker = LOGGER_TYPE_TO_CLASS[name](**_arguments(name, job, folder))
        tracker.start()
        tracker.store_init_configuration(settings)
        return Tracking(name, tracker, _place(name, tracker, folder))
    except Exception as error:  # no account, no network, another version
        raise InputError(f"finetune.track: {name} cannot start: {first_line(error)}") from None


def _arguments(name: str, job: Job, folder: Path) -> dict[str, Any]:
    run = run_name(job)
    if name == "tensorboard":
        return {"run_name": run, "logging_dir": str(folder)}
    if (
        name == "mlflow"
    ):  # its store is that of MLFLOW_TRACKING_URI, by default a folder or file here
        return {"experiment_name": PROJECT, "run_name": run}
    return {"run_name": PROJECT, "name": run}  # accelerate's run_name is the project


def _place(name: str, tracker: Any, folder: Path) -> str | None:
    if name == "tensorboard":
        return str(folder)
    if name == "mlflow":
        return f"run {tracker.tracker.info.run_id}"
    run = tracker.tracker  # an address; of wandb offline, the folder of the run
    named = f"project {PROJECT}, run {getattr(run, 'name', '')}"
    return str(getattr(run, "url", None) or getattr(run, "dir", None) or named)
