"""What input functions start from: the study, and where its jobs are planned and run."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import patterns_of
from ..process.devices import gpus_to_ask
from ..study import Study
from ..study.paths import MANIFEST, REPLIES, Layout
from ..urls import is_url

IN_RULES = Layout()  # paths that begin with Snakemake's <results>


@dataclass(frozen=True, slots=True)
class Plan:
    """A study that is being planned.

    `root`: the folder of Snakefile, tasks/ and resources/; `results`: the folder that `<results>`
    stands for; `local`: whether jobs run on this very host; `refusal`: makes the exception that ends
    a run with one clear line.
    """

    study: Study
    root: Path
    results: str
    local: bool
    refusal: Callable[[InputError], Exception]

    @property
    def config(self) -> dict[str, Any]:
        """The completed configuration."""
        return self.study.config

    @property
    def files(self) -> Layout:
        """The files of the study, by their real names."""
        return Layout(self.results)

    @property
    def store(self) -> str:
        """The store of replies."""
        return self.files.at(REPLIES)

    @property
    def lock(self) -> str:
        """The lock of the hub's commits, written by the target `prefetch`."""
        return self.files.at(MANIFEST)

    @property
    def tasks(self) -> tuple[Path, ...]:
        """The task pack, and the study's own files and folders of tasks."""
        return (self.root / "tasks", *map(Path, self.config["evaluate"]["tasks"]))

    def tasks_from(self, folder: str | Path) -> str | list[str]:
        """The same as a rule's parameter, for jobs that run in a folder; the pack alone where that is all."""
        pack, *own = self.tasks
        first = os.path.relpath(pack, folder)
        return [first, *map(str, own)] if own else first

    @property
    def gpus(self) -> int | None:
        """GPUs of a model's job, where the study or this host decides; None: by the model's size."""
        wanted: int | None = self.config["finetune"]["gpus"]
        return gpus_to_ask(wanted, local=self.local)

    def with_lock(self, dataset: dict[str, Any]) -> dict[str, Any]:
        """A dataset's entry that knows where the lock of the hub and of addresses is."""
        dataset = {key: value for key, value in dataset.items() if key != "licence"}  # only shown
        far = dataset.get("hub") or any(map(is_url, patterns_of(dataset.get("path") or [])))
        return {**dataset, "lock": self.lock} if far else dataset
