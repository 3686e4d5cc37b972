"""Read the task pack (one YAML file per benchmark in tasks/) without lm-eval.

What is ours stands in a task's `metadata` (family, metrics, words per language, hub datasets,
paper, licence, version); everything else is lm-eval's task format.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError
from ..files import text_hash
from .records import HARNESS

__all__ = ["HARNESS", "demonstration_path", "hub_splits", "read_task", "task_digest"]


def hub_splits(entry: Mapping[str, Any], language: str) -> list[tuple[str | None, str | None]]:
    """Hub configurations that hold a task's rows in a language: (configuration, subject)."""
    if entry.get("each") == "subjects":  # one per subject
        return [(subject, subject) for subject in entry["subjects"]]
    if "names" in entry:
        return [(entry["names"][language], None)]
    return [((entry.get("name") or "").replace("{language}", language) or None, None)]


def demonstration_path(spec: Mapping[str, Any]) -> str | None:
    """The file of demonstrations that a benchmark's entry names, if it names one."""
    path = spec.get("demonstrations")
    return None if path == HARNESS else path


class _Loader(yaml.SafeLoader):
    """YAML with lm-eval's `!function module.name`, kept as text."""


_Loader.add_constructor("!function", lambda loader, node: f"!function {node.value}")


def _merge(below: Any, above: Any) -> Any:
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{key: _merge(below.get(key), value) for key, value in above.items()}}


def read_task(name: str, folder: Path) -> dict[str, Any]:
    """Read a task's YAML with its includes merged deeply (imports no lm-eval)."""
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = sorted(p.stem for p in folder.glob("*.yaml") if not p.name.startswith("_"))
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
        raise InputError(f"task '{name}' is not in {folder}; {hint}")
    return _checked(_read(path), name, path)


NEEDED = {  # what this workflow reads of a task; the rest is lm-eval's
    "": ("task", "output_type", "num_fewshot", "metadata"),
    "metadata": ("family", "metrics", "chance", "version"),
}
FAMILIES = ("choice", "short-answer", "number", "text")


def _checked(task: Any, name: str, path: Path) -> dict[str, Any]:
    """A task with everything that this pack reads; lm-eval's own file lacks most of it."""
    if not isinstance(task, dict):
        raise InputError(f"{path}: not a task (a mapping of keys is wanted)")
    for section, keys in NEEDED.items():
        content = task.get(section) if section else task
        content = content if isinstance(content, dict) else {}
        missing = [key for key in keys if key not in content]
        if missing:
            told = ", ".join(f"{section}: {key}" if section else key for key in missing)
            raise InputError(
                f"{path}: no {told}; lm-eval's own task file is not enough: include one of"
                " _choice.yaml, _short_answer.yaml and _number.yaml, as docs/add-a-benchmark.md"
                f" shows (there are: {', '.join(map(str, content)) or 'none'})"
            )
    if task["task"] != name:
        raise InputError(f"{path}: task is '{task['task']}', but the file's name says '{name}'")
    if task["metadata"]["family"] not in FAMILIES:
        raise InputError(
            f"{path}: metadata: family is '{task['metadata']['family']}', not one of"
            f" {', '.join(FAMILIES)}"
        )
    return task


def _read(path: Path) -> dict[str, Any]:
    try:
        task: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    if isinstance(task, dict) and "include" in task:
        if not isinstance(task["include"], str) or not (path.parent / task["include"]).is_file():
            raise InputError(f"{path}: include names no file of this folder: {task['include']}")
        task = _merge(_read(path.parent / task.pop("include")), task)
    return task


def task_digest(name: str, folder: Path) -> str:
    """A short hash of what a task says; comments and order of keys do not count."""
    return text_hash(yaml.safe_dump(read_task(name, folder), sort_keys=True))[:16]
