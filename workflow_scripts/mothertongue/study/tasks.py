"""Read tasks without lm-eval: the task pack (one YAML file each in tasks/), the study's own, lm-eval's.

What is ours stands in a task's `metadata` (family, metrics, words per language, hub datasets,
paper, licence, version); everything else is lm-eval's task format. A task of lm-eval's gets such
`metadata` when it is read (harness.py).
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError
from ..files import text_hash
from .harness import FAMILY, folders_of, index_of, known_names, read_harness, tagged_tasks
from .tested import HARNESS

__all__ = ["FAMILY", "HARNESS", "demonstration_path", "hub_splits", "read_task", "task_digest"]

Places = (
    str | Path | Sequence[str | Path]
)  # the task pack, and after it the study's `evaluate.tasks`


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


def split_places(places: Places) -> tuple[Path, list[Path]]:
    """The folder of the task pack, and the study's own files and folders."""
    pack, *own = [places] if isinstance(places, str | Path) else places
    return Path(pack), [Path(one) for one in own]


def pack_folder(name: str, places: Places) -> Path | None:
    """The folder in which a task of the pack's form stands; None for one of lm-eval's form."""
    pack, own = split_places(places)
    for place in own:
        if (path := index_of(place).get(name)) is not None:
            content = _read(path)
            family = content.get("metadata") if isinstance(content, dict) else None
            ours = isinstance(family, dict) and family.get("family") in FAMILIES
            return path.parent if ours and path.stem == name else None
    return pack if (pack / f"{name}.yaml").is_file() else None


def read_task(name: str, places: Places) -> dict[str, Any]:
    """A task of the study's own files, of the pack or of lm-eval, in the pack's form (imports no lm-eval).

    Raises `InputError` that says what was probably meant.
    """
    if (folder := pack_folder(name, places)) is not None:
        path = folder / f"{name}.yaml"
        return _checked(_read(path), name, path)
    pack, own = split_places(places)
    folders = folders_of(own)
    if (found := read_harness(name, folders)) is not None:
        return found
    raise InputError(f"unknown task '{name}'; {_meant(name, pack, folders)}")


def _meant(name: str, pack: Path, folders: Sequence[Path]) -> str:
    """What an unknown task probably stands for."""
    known = sorted(p.stem for p in pack.glob("*.yaml") if not p.name.startswith("_"))
    if tagged := list(tagged_tasks(name, folders)):
        return (
            f"it is a tag that {len(tagged)} tasks of lm-eval's bear, which has no score; name one of"
            f" them, such as {tagged[0]}"
        )
    if near := difflib.get_close_matches(name, [*known, *known_names(folders)], n=1):
        return f"did you mean '{near[0]}'?"
    return f"known: {', '.join(known)}, and every task and group of lm-eval"


NEEDED = {  # what this workflow reads of a task; the rest is lm-eval's
    "": ("task", "output_type", "num_fewshot", "metadata"),
    "metadata": ("family", "metrics", "chance", "version"),
}
FAMILIES = ("choice", "cloze", "short-answer", "number", "text")


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
                " _choice.yaml, _cloze.yaml, _short_answer.yaml and _number.yaml, as"
                " docs/add-a-benchmark.md"
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


def task_digest(name: str, places: Places) -> str:
    """A short hash of what a task says; comments and order of keys do not count."""
    task = read_task(name, places)
    if task["metadata"]["family"] == FAMILY:
        digest: str = task["metadata"]["digest"]
        return digest
    return text_hash(yaml.safe_dump(task, sort_keys=True))[:16]
