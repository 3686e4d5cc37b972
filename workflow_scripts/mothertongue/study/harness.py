"""lm-eval's own tasks as planning sees them: found by name among its YAML files, without importing it.

A task or a group is read into the form that the task pack's files have (tasks.py): what this workflow
asks of a task stands in its `metadata`, with the family `harness`. Files of the user's own, in
`evaluate.tasks`, are read the same way.
"""

import importlib.util
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError
from ..files import text_hash

FAMILY = "harness"
NAMED = re.compile(rb"""^["']?(?:task|group)["']?:[ \t]+["']?([^\s"'\[\]{},#]+)""", re.MULTILINE)
DEFAULT_METRICS = {  # of a task that lists none, as lm-eval's registry has them
    "loglikelihood": ("perplexity", "acc"),
    "loglikelihood_rolling": ("word_perplexity", "byte_perplexity", "bits_per_byte"),
    "multiple_choice": ("acc", "acc_norm"),
    "generate_until": ("exact_match",),
}
ALL = "none"  # lm-eval's name of the filter of a task that has none
# What a group's file says of the group itself; the rest it says of every task in it.
OF_GROUP = {"group", "task", "group_alias", "aggregate_metric_list", "metadata", "tag", "include"}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with lm-eval's `!function module.name`, kept as text."""


_Loader.add_constructor("!function", lambda loader, node: f"!function {node.value}")


@dataclass(frozen=True, slots=True)
class Part:
    """One task of lm-eval's. `overrides`: what a group that holds it changes in it."""

    name: str
    path: Path
    config: Mapping[str, Any]
    overrides: Mapping[str, Any]

    @property
    def whole(self) -> dict[str, Any]:
        """Its configuration with what its group says."""
        return {**self.config, **self.overrides}


@dataclass(frozen=True, slots=True)
class Found:
    """A task (one part) or a group of tasks, with the scores that lm-eval makes of all of them."""

    name: str
    parts: tuple[Part, ...]
    aggregate: tuple[Mapping[str, Any], ...] | None


def harness_folder() -> Path | None:
    """The task files of the installed lm-eval; None where it is not installed (imports nothing)."""
    spec = importlib.util.find_spec("lm_eval")
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) / "tasks" if places else None


def folders_of(own: Sequence[str | Path] = ()) -> list[Path]:
    """Where tasks are looked for: the study's own files and folders first, then lm-eval's."""
    harness = harness_folder()
    return [*map(Path, own), *([harness] if harness else [])]


@cache
def index_of(place: Path) -> Mapping[str, Path]:
    """Names of tasks and groups -> their files, in a folder and all below it, or in one file."""
    found: dict[str, Path] = {}
    for path in _yaml_files(place):
        for match in NAMED.finditer(path.read_bytes()):
            found.setdefault(match[1].decode(), path)
    return found


def _yaml_files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for folder, _, names in sorted(os.walk(place)):
        yield from (Path(folder) / name for name in sorted(names) if name.endswith(".yaml"))


def file_of(name: str, folders: Sequence[Path]) -> Path | None:
    """The file that defines a task or group of this name."""
    return next((index_of(place)[name] for place in folders if name in index_of(place)), None)


def known_names(folders: Sequence[Path]) -> list[str]:
    """Every task and group."""
    return list(dict.fromkeys(name for place in folders for name in index_of(place)))


@cache
def read_yaml(path: Path) -> dict[str, Any]:
    """A task's file with what it includes, as lm-eval merges them: keys of the file itself win."""
    try:
        own = yaml.load(path.read_bytes(), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: cannot be read ({' '.join(str(error).split())})") from None
    if not isinstance(own, dict):
        raise InputError(f"{path}: not a task of lm-eval's (a mapping of keys is wanted)")
    merged: dict[str, Any] = {}
    for name in _as_list(own.pop("include", None)):
        merged |= read_yaml((path.parent / name).resolve())
    return {**merged, **own}


def find(name: str, folders: Sequence[Path]) -> Found | None:
    """A task or a group by its name; None if there is none. Raises `InputError` for a bad group."""
    path = file_of(name, folders)
    if path is None:
        return None
    config = read_yaml(path)
    if not _is_group(config):
        own = config.get("task") == name  # an old file may name a group beside its task
        return Found(name, (Part(name, path, config, {}),), None) if own else None
    parts = tuple(_members(config, path, {}, folders))
    if not parts:
        raise InputError(f"{path}: the group '{name}' lists no task that is known here")
    aggregate = config.get("aggregate_metric_list")
    if not aggregate:
        raise InputError(
            f"'{name}' is a group of {len(parts)} tasks for which lm-eval makes no score of its own;"
            f" name one of its tasks, such as {parts[0].name}"
        )
    return Found(name, parts, tuple(_as_list(aggregate)))


def _is_group(config: Mapping[str, Any]) -> bool:
    return "group" in config and "class" not in config  # a task may be a class of Python's


def _members(
    group: Mapping[str, Any], path: Path, above: Mapping[str, Any], folders: Sequence[Path]
) -> Iterator[Part]:
    """The tasks of a group and of the groups in it, with what they are told from above."""
    told = {**{key: value for key, value in group.items() if key not in OF_GROUP}, **above}
    for member in _as_list(group.get("task")):
        item = {"task": member} if isinstance(member, str) else dict(member)
        own = {key: value for key, value in item.items() if key not in OF_GROUP}
        if isinstance(item.get("task"), list):  # a group that is defined in place
            yield from _members(item, path, told, folders)
            continue
        name = str(item.get("group") or item.get("task"))
        found = file_of(name, [path.parent, *folders])
        if found is None:
            tagged = tagged_tasks(name, [path.parent, *folders])
            if not tagged:
                raise InputError(f"{path}: '{name}' is no task that is known here")
            for one, place in tagged.items():
                yield Part(one, place, read_yaml(place), {**told, **own})
            continue
        config = read_yaml(found)
        if _is_group(config):
            yield from _members(config, found, {**told, **own}, folders)
        else:
            yield Part(name, found, config, {**told, **own})


def tagged_tasks(tag: str, folders: Sequence[Path]) -> dict[str, Path]:
    """Tasks that bear a tag, and their files; those of the first folder that has any."""
    word = tag.encode()
    for top in folders:
        mentions = {
            Path(folder)
            for folder, _, names in os.walk(top)
            for name in names
            if not name.endswith((".py", ".pyc")) and word in (Path(folder) / name).read_bytes()
        }
        found = {
            name: path
            for folder in sorted(mentions)
            for name, path in index_of(folder).items()
            if tag in _as_list(read_yaml(path).get("tag"))
        }
        if found:
            return dict(sorted(found.items()))
    return {}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def metric_name(metric: str, filter_name: str, filters: Sequence[str], output_type: str) -> str:
    """A metric as score files name it: lm-eval's name, with the filter where a task has several.

    The perplexity of a task that asks for one continuation is over texts, not over tokens, and is
    called so.
    """
    if output_type == "loglikelihood" and metric == "perplexity":
        metric = "text_perplexity"
    return metric if len(filters) < 2 else f"{metric}-{filter_name}"


def filters_of(part: Part) -> list[str]:
    """The filters through which a task's replies are read."""
    listed = part.whole.get("filter_list") or [{"name": ALL}]
    return [str(one["name"]) for one in listed]


def tested_split(part: Part) -> str:
    """The split whose items are asked."""
    return str(part.whole.get("test_split") or part.whole.get("validation_split") or "test")


def shown_split(part: Part) -> str:
    """The split that demonstrations come from, in the order in which lm-eval looks for one."""
    named = (part.whole.get(f"{one}_split") for one in ("fewshot", "training", "validation"))
    return str(next(filter(None, named), None) or tested_split(part))


def metrics_of(part: Part) -> list[str]:
    """The metrics of a task by lm-eval's names."""
    listed = part.whole.get("metric_list")
    if not listed:
        return list(DEFAULT_METRICS[part.whole.get("output_type", "generate_until")])
    names = [str(one["metric"]) for one in listed]
    return [name.rpartition(".")[2] if name.startswith("!function") else name for name in names]


def read_harness(name: str, folders: Sequence[Path]) -> dict[str, Any] | None:
    """A task or group of lm-eval's in the form of the task pack; None if there is none."""
    found = find(name, folders)
    if found is None:
        return None
    first = found.parts[0]
    whole = first.whole
    kind = whole.get("output_type", "generate_until")
    filters = list(dict.fromkeys(one for part in found.parts for one in filters_of(part)))
    metrics = list(dict.fromkeys(one for part in found.parts for one in metrics_of(part)))
    if found.aggregate:
        metrics = [str(one["metric"]) for one in found.aggregate]
    said = whole.get("metadata")
    return {
        "task": name,
        "output_type": kind,
        "num_fewshot": whole.get("num_fewshot") or 0,
        "metadata": {
            "family": FAMILY,
            "metrics": [metric_name(m, one, filters, kind) for m in metrics for one in filters],
            "chance": None,  # known when the items are read
            "version": said.get("version") if isinstance(said, dict) else None,
            "any_language": True,
            "source": ", ".join(dict.fromkeys(_source(part) for part in found.parts)),
            "licence": "see the dataset's card",
            "refused": next(filter(None, map(why_refused, found.parts)), None),
            "parts": {part.name: _data(part) for part in found.parts},
            "digest": _digest(found),
        },
    }


def why_refused(part: Part) -> str | None:
    """Why this workflow does not run a task, if it does not."""
    if part.whole.get("doc_to_image") or part.whole.get("doc_to_audio"):
        return f"task '{part.name}' shows pictures or plays sound; only text is asked here"
    if part.whole.get("unsafe_code"):
        return f"task '{part.name}' runs the code that a model writes; that is not done here"
    return None


def _source(part: Part) -> str:
    path = part.whole.get("dataset_path")
    return f"https://huggingface.co/datasets/{path}" if path else "made by the task's own code"


def _data(part: Part) -> dict[str, Any]:
    """Where lm-eval reads a task's rows: the hub's dataset, its configuration, revision and splits."""
    whole = part.whole
    return {
        "path": whole.get("dataset_path"),
        "name": whole.get("dataset_name"),
        "revision": (whole.get("dataset_kwargs") or {}).get("revision"),
        "splits": list(dict.fromkeys([tested_split(part), shown_split(part)])),
    }


def _digest(found: Found) -> str:
    """A short hash of what decides prompts and scores: the files' content and the code beside them."""
    code = {
        source: source.read_text(encoding="utf-8")
        for folder in dict.fromkeys(part.path.parent for part in found.parts)
        for source in sorted(folder.glob("*.py"))
    }
    told = [{"task": part.name, **part.whole} for part in found.parts]
    text = yaml.safe_dump([told, [dict(one) for one in found.aggregate or ()]], sort_keys=True)
    return text_hash(text, *code.values())[:16]
