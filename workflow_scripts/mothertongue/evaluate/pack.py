"""Load a task with lm-eval's own TaskManager (what a task file of the pack holds: `study.tasks`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..inference.templates import TextPrompting
from ..prompts.template import CHAT, read_template
from ..study.tasks import FAMILY, Places, pack_folder, read_task, split_places


def words_of(task: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    """The words of a task's prompt in a language."""
    metadata = task["metadata"]
    languages: Mapping[str, Mapping[str, Any]] = metadata.get("languages", {})
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
    folder: Places,
    files: list[str] | None = None,
    demonstrations: list[str] | None = None,
    hub: Mapping[str, Any] | None = None,
    lock: str | Path | None = None,
    shots: int | None = None,
    limit: int | None = None,
    max_new_tokens: int | None = None,
    template: str | Mapping[str, Any] = "alpaca",
    cluster: str | None = None,
    parallel: bool = False,
    missing: str = "error",
    harness: bool = False,
    metric: str | None = None,
) -> dict[str, Any]:
    """Load one task in one language with lm-eval; returns what `lm_eval.evaluate` takes.

    `folder`: the task pack, or it and the study's own places of tasks. A task or group of lm-eval's
    comes with a record under `harness` (`harness.load`), and `metric` is then the one that counts.
    `files` (and `demonstrations`) are local files instead of the task's own hub dataset; `hub`
    ({hub, name, revision, split}) replaces its test split; `lock` is the file that says which
    commits are meant (hub.py). `limit` takes the first items, in turn from each subject. `harness`
    takes and writes demonstrations as lm-eval's own task does (the task's `harness: demonstrations`).
    `cluster`, `parallel` and `missing` are as in `items.make_items`; the task's own words on the
    first two stand unless the study names something.
    """
    place = pack_folder(name, folder)
    task = read_task(name, folder)
    if task["metadata"]["family"] == FAMILY:
        from .harness import Asked, load

        asked = Asked(
            language=language,
            files=files or (),
            demonstrations=demonstrations or (),
            hub=hub,
            lock=lock,
            shots=shots,
            limit=limit,
            max_new_tokens=max_new_tokens,
            metric=metric,
            cluster=cluster,
            parallel=parallel,
        )
        return load(name, split_places(folder)[1], asked)
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
    if "delimiter" in words:  # between the prompt and an option, in a language without spaces
        overrides["target_delimiter"] = words["delimiter"]
    manager = TaskManager(include_defaults=False, include_path=str(place), metadata=metadata)
    loaded = manager.load({"group": "mothertongue", "task": [overrides]})
    made = loaded["tasks"][name]
    made.set_fewshot_seed(seed=1234)
    made.report = report
    if template != CHAT:  # the tokenizer's own is put in its place when there is a tokenizer
        made.prompting = TextPrompting(read_template(template), "")
    return {"tasks": {name: made}, "groups": {}, "group_map": {}}


def sources(loaded: Mapping[str, Any]) -> dict[str, str]:
    """What the items of a loaded task or group were read from."""
    found: dict[str, str] = next(iter(loaded["tasks"].values())).report["sources"]
    return found


def instruction_prompt(doc: Mapping[str, Any]) -> str:
    """The instruction alone; `PackTask` puts it into the template of the fine-tuning."""
    instruction: str = doc["instruction"]
    return instruction


def __getattr__(name: str) -> Any:
    """`PackTask`, imported on first use so that reading YAML files imports no lm-eval."""
    if name != "PackTask":
        raise AttributeError(name)
    from .harness_task import PackTask

    return PackTask
