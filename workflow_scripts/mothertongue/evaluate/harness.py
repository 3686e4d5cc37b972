"""Load a task or a group of lm-eval's own, with its data from files, from a pinned commit, or as it says.

Everything that asks and scores is lm-eval's: prompts, filters, metrics, demonstrations, versions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import text_hash
from ..hub import dataset_files, read_lock
from ..study.harness import (
    Found,
    Part,
    find,
    folders_of,
    shown_split,
    tested_split,
    why_refused,
)
from .data import read_files
from .identity import clusters
from .records import Report

SEED = 1234  # of demonstrations, as lm-eval's command line has it
MAIN = "mothertongue"  # the name under which tasks are loaded together


@dataclass(frozen=True, slots=True)
class Asked:
    """How a study asks a task: as docs/add-a-benchmark.md says of a benchmark's keys."""

    language: str
    files: Sequence[str] = ()
    demonstrations: Sequence[str] = ()
    hub: Mapping[str, Any] | None = None
    lock: str | Path | None = None
    shots: int | None = None
    limit: int | None = None
    max_new_tokens: int | None = None
    metric: str | None = None
    cluster: str | None = None
    parallel: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A loaded task or group beside what lm-eval needs of it."""

    found: Found
    asked: Asked
    report: Report

    @property
    def name(self) -> str:
        """The task's name."""
        return self.found.name

    def samples(self, tasks: Mapping[str, Any]) -> dict[str, list[int]] | None:
        """The items to ask: the first `limit`, in turn from the tasks of a group; None: every one.

        Every task of a group is asked one item at least, or lm-eval would ask all of its items.
        """
        if not self.asked.limit:
            return None
        sizes = {name: len(task.eval_docs) for name, task in tasks.items()}
        counts = dict.fromkeys(sizes, 0)
        while (todo := [name for name in sizes if counts[name] < sizes[name]]) and (
            0 in counts.values() or sum(counts.values()) < self.asked.limit
        ):
            left = max(self.asked.limit - sum(counts.values()), counts[todo[0]] == 0 and len(todo))
            for name in todo[:left]:
                counts[name] += 1
        return {name: list(range(count)) for name, count in counts.items()}

    def identities(self, task: str, docs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
        """The id and the cluster of every item of one task."""
        place = f"{task}/" if self.found.aggregate else ""
        own = [doc.get("id") for doc in docs]
        usable = all(isinstance(one, str | int) for one in own) and len(set(own)) == len(own)
        names = [f"{place}{one}" for one in own] if usable else _by_content(place, docs)
        rows = list(docs) if usable else [{**doc, "id": None} for doc in docs]
        groups = clusters(
            rows,
            names,
            [f"{task}, row {number}" for number in range(1, len(docs) + 1)],
            list(range(1, len(docs) + 1)),
            column=self.asked.cluster,
            parallel=self.asked.parallel,
        )
        return [(name, f"{place}{group}") for name, group in zip(names, groups, strict=True)]


def _by_content(place: str, docs: Sequence[Mapping[str, Any]]) -> list[str]:
    """A hash of every item's content; equal items are told apart by a number."""
    seen: dict[str, int] = {}
    names = []
    for doc in docs:
        digest = text_hash(repr(sorted((key, str(value)) for key, value in doc.items())))[:12]
        seen[digest] = seen.get(digest, 0) + 1
        names.append(f"{place}{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else ""))
    return names


def load(name: str, own: Sequence[str | Path], asked: Asked) -> dict[str, Any]:
    """What `lm_eval.evaluate` takes, and under `harness` a `Loaded`.

    `own`: the study's own files and folders of tasks. Raises `InputError` for a task that needs what
    is not here: pictures or sound, running a model's code, data that cannot be had.
    """
    found = find(name, folders_of(own))
    if found is None:
        raise InputError(f"lm-eval has no task '{name}'")
    if refused := next(filter(None, map(why_refused, found.parts)), None):
        raise InputError(refused)
    from lm_eval.api.group import Group
    from lm_eval.tasks import TaskManager

    report: Report = {"sources": {}, "dropped": {}, "notes": []}
    members = [
        {"task": part.name, **part.overrides, **_data(part, found, asked, report)}
        for part in found.parts
    ]
    places = list(dict.fromkeys(str(part.path.parent) for part in found.parts))
    manager = TaskManager(include_defaults=False, include_path=places)
    try:
        tasks = manager.load({"group": MAIN, "task": members})["tasks"]
    except InputError:
        raise
    except Exception as error:  # datasets, the hub's client and a task's own code raise many kinds
        raise _explained(name, found, error) from error
    groups = {}
    if found.aggregate:
        aggregate = [dict(one) for one in found.aggregate]
        groups[name] = Group.from_config({"group": name, "aggregate_metric_list": aggregate})
    for task in tasks.values():
        for group in groups.values():
            group.add(task)
        if asked.shots is not None:
            task.set_config("num_fewshot", asked.shots)
        if asked.max_new_tokens and task.OUTPUT_TYPE == "generate_until":
            task.set_config(
                "generation_kwargs", {"max_gen_toks": asked.max_new_tokens}, update=True
            )
        task.set_fewshot_seed(SEED)
        task.report = report
    map_ = {name: list(tasks) for name in groups}
    loaded = Loaded(found, asked, report)
    return {"tasks": tasks, "groups": groups, "group_map": map_, "harness": loaded}


def _data(part: Part, found: Found, asked: Asked, report: Report) -> dict[str, Any]:
    """What replaces a task's own loading: the study's files, or files of the hub at one commit.

    Where rows are no files of the hub's (the task's own code makes them), lm-eval loads them.
    """
    whole = part.whole
    tested, shown = tested_split(part), shown_split(part)
    shots = asked.shots if asked.shots is not None else whole.get("num_fewshot")
    if asked.files:
        files = _files_of(part, found, asked.files)
        report["sources"][part.name] = ", ".join(files)
        if shots and shown != tested and not asked.demonstrations:
            raise InputError(
                f"task '{part.name}' takes demonstrations from a split of their own, '{shown}'; name a"
                " file of them under evaluate.benchmarks.*.demonstrations, or set shots: 0"
            )
        examples = _files_of(part, found, asked.demonstrations) if asked.demonstrations else files
        return _read_from({shown: examples} | {tested: files})
    path, subset = whole.get("dataset_path"), whole.get("dataset_name")
    kwargs = dict(whole.get("dataset_kwargs") or {})
    revision = kwargs.pop("revision", None)
    kwargs.pop("trust_remote_code", None)
    split = tested
    if asked.hub and asked.hub.get("hub"):
        path, subset, kwargs = asked.hub["hub"], asked.hub.get("name"), {}
        revision, split = asked.hub.get("revision"), asked.hub.get("split") or tested
    if whole.get("custom_dataset") or not path or "/" not in path or kwargs:
        report["sources"][part.name] = f"{path or 'made by'} (as lm-eval's task loads it)"
        return {}
    lock = read_lock(asked.lock) if asked.lock else {}
    commit, rows = dataset_files(path, subset, split, revision, lock)
    report["sources"][part.name] = f"{path} ({split}, {subset or 'default'}, commit {commit[:12]})"
    apart = bool(shots) and shown != tested
    demonstrations = dataset_files(path, subset, shown, revision, lock)[1] if apart else rows
    return _read_from({shown: demonstrations} | {tested: rows})


def _files_of(part: Part, found: Found, files: Sequence[str]) -> list[str]:
    """A task's files: all of them, or in a group of several datasets those of its dataset's name."""
    datasets = {(p.whole.get("dataset_path"), p.whole.get("dataset_name")) for p in found.parts}
    if len(datasets) == 1:
        return list(files)
    wanted = {part.name, str(part.whole.get("dataset_name"))}
    own = [file for file in files if Path(file).stem in wanted]
    if not own:
        raise InputError(
            f"the group '{found.name}' needs a file for '{part.name}', called"
            f" {' or '.join(sorted(wanted))}; there are {', '.join(Path(f).name for f in files)}"
        )
    return own


def _read_from(splits: Mapping[str, Sequence[str | Path]]) -> dict[str, Any]:
    """What makes lm-eval read a task's splits from files; parquet keeps the types that it states."""

    def read(**_: Any) -> dict[str, Any]:
        import datasets

        datasets.disable_progress_bars()
        return {
            split: datasets.Dataset.from_parquet([str(file) for file in files])
            if all(Path(file).suffix == ".parquet" for file in files)
            else datasets.Dataset.from_list(read_files(files).rows)
            for split, files in splits.items()
        }

    return {"custom_dataset": read, "dataset_path": None, "dataset_name": None}


def query(task: Any, doc: Mapping[str, Any]) -> str:
    """What of an item a training row could hold: the text that the task names, else its prompt."""
    from lm_eval.utils import apply_template

    # the task's own method takes a rendered template for Python's literals
    named = task.config.doc_to_decontamination_query if task.config.should_decontaminate else None
    text = named and (doc[named] if named in doc else apply_template(named, doc))
    text = text or task.doc_to_text(doc)
    if isinstance(text, int):  # several contexts with one ending
        text = task.doc_to_choice(doc)
    return " ".join(map(str, text)) if isinstance(text, list) else str(text)


def _explained(name: str, found: Found, error: Exception) -> InputError:
    """One line on why lm-eval could not load a task."""
    what = (
        f"task '{name}' of lm-eval cannot be loaded: {type(error).__name__}: "
        + (" ".join(str(error).split())[:300])
    )
    if isinstance(error, ImportError):
        return InputError(
            f"{what}; the task's own code needs what is not installed here, or no longer there: install"
            " it, or choose another task"
        )
    data = ", ".join(dict.fromkeys(str(p.whole.get("dataset_path")) for p in found.parts))
    return InputError(
        f"{what} (data: {data}); where there is no network, run snakemake --cores 1 prefetch first, or"
        " name files under evaluate.benchmarks.*.dataset.path"
    )
