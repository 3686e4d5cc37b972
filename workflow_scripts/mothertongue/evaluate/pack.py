"""The task pack: one YAML file per benchmark in tasks/, loaded by lm-eval's own TaskManager.

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

HARNESS = "harness"  # `demonstrations` of a study's benchmark: those of lm-eval's own task


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
        task = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
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


def words_of(task: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The words of a task's prompt in a language."""
    metadata = task["metadata"]
    languages = metadata.get("languages", {})
    if language in languages:
        return languages[language]
    if metadata.get("any_language"):
        return {}
    raise InputError(
        f"task '{task['task']}' has no words for language '{language}'"
        f" (it has {', '.join(languages)}); add them under metadata: languages: in"
        f" tasks/{task['task']}.yaml"
    )


def load_task(
    name: str,
    language: str,
    *,
    folder: Path,
    files: list[str] | None = None,
    demonstrations: list[str] | None = None,
    hub: Mapping[str, Any] | None = None,
    lock: str | Path | None = None,
    shots: int | None = None,
    limit: int | None = None,
    max_new_tokens: int | None = None,
    template: str = "alpaca",
    cluster: str | None = None,
    parallel: bool = False,
    missing: str = "error",
    harness: bool = False,
) -> dict[str, Any]:
    """Load one task in one language with lm-eval; returns what `lm_eval.evaluate` takes.

    `files` (and `demonstrations`) are local files instead of the task's own hub dataset; `hub`
    ({hub, name, revision, split}) replaces its test split; `lock` is the file that says which
    commits are meant (hub.py). `limit` takes the first items, in turn from each subject. `harness`
    takes and writes demonstrations as lm-eval's own task does (the task's `harness: demonstrations`).
    `cluster`, `parallel` and `missing` are as in `items.make_items`; the task's own words on the
    first two stand unless the study names something.
    """
    task = read_task(name, folder)
    words = words_of(task, language)
    from lm_eval.tasks import TaskManager

    shots = task["num_fewshot"] if shots is None else shots
    metadata = dict(task["metadata"])
    metadata["languages"] = {**metadata.get("languages", {}), language: words}
    if hub and hub.get("hub"):
        if metadata.get("paired"):
            raise InputError(
                f"task '{name}' pairs two datasets; give both as local files (dataset: path: [...])"
                " instead of dataset: hub"
            )
        test = {"path": hub["hub"], "split": hub.get("split") or "test"}
        test |= {key: hub.get(key) for key in ("name", "revision")}
        metadata["hub"] = {**metadata.get("hub", {}), "test": test}
    report: dict[str, Any] = {}
    metadata |= {
        "language": language,
        "files": files,
        "demonstration_files": demonstrations,
        "lock": str(lock) if lock else None,
        "shots": shots,
        "limit": limit,
        "template": template,
        "report": report,
        "cluster": cluster or metadata.get("cluster"),
        "parallel": parallel or metadata.get("parallel", False),
        "missing": missing,
        "as_harness": harness,
    }
    overrides: dict[str, Any] = {"task": name, "num_fewshot": shots}
    if task["output_type"] == "generate_until":
        generation = dict(task["generation_kwargs"])
        generation["until"] = words.get("until", generation["until"])
        if max_new_tokens:
            generation["max_gen_toks"] = max_new_tokens
        overrides["generation_kwargs"] = generation
    manager = TaskManager(include_defaults=False, include_path=str(folder), metadata=metadata)
    entry = manager.task_index[name]
    made = manager._factory.build(entry, overrides=overrides, registry=manager.task_index)
    made.set_fewshot_seed(seed=1234)
    made.report = report
    return {"tasks": {name: made}, "groups": {}, "group_map": {}}


def instruction_prompt(doc: Mapping[str, Any]) -> str:
    """The instruction in the study's template, as fine-tuning renders it."""
    from ..models import render_prompt

    return render_prompt(doc["instruction"], doc["template"])


def __getattr__(name: str) -> Any:
    """`PackTask`, made on first use so that reading YAML files imports no lm-eval."""
    if name != "PackTask":
        raise AttributeError(name)
    global PackTask
    from lm_eval.api.samplers import FirstNSampler
    from lm_eval.api.task import ConfigurableTask

    from .passage import Passage

    class PackTask(ConfigurableTask):
        """lm-eval's task with demonstrations fixed per subject."""

        def __init__(self, config: dict) -> None:
            config = {key: value for key, value in config.items() if key != "class"}
            super().__init__(config=config)
            self._samplers: dict[str, FirstNSampler] = {}
            for doc in self.dataset["demonstrations"]:
                self._samplers.setdefault(doc["subject"], FirstNSampler([])).df.append(doc)

        def fewshot_context(self, doc: dict, num_fewshot: int, **options: Any) -> str | list[str]:
            """Build the prompt with the demonstrations of this item's subject."""
            if num_fewshot:
                self.sampler = self._samplers.get(doc["subject"]) or self._samplers[""]
                num_fewshot = min(num_fewshot, len(self.sampler.df))  # data.choose_demonstrations
            return super().fewshot_context(doc, num_fewshot, **options)

        def construct_requests(self, doc: dict, ctx: str, **options: Any) -> Any:
            """Make lm-eval's requests; a held-out text is scored as training supervises it."""
            requests = super().construct_requests(doc, ctx, **options)
            if self.config.metadata["family"] == "text":
                context, continuation = requests.arguments
                requests.arguments = Passage(context, continuation.strip())
            return requests

    PackTask.__module__ = __name__
    return PackTask
