"""Check the benchmarks of a study against their tasks: those of the task pack, and lm-eval's own."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import looked_in
from .catalogue import read_catalogue
from .schema import Json, suggestion
from .tasks import FAMILY, HARNESS
from .validation import Names, Section, listed, mapping, placeholders, unknown


def task_names_of(spec: Section) -> dict[str, str]:
    """The names that a benchmark's task has, by language; under "" where no language is given."""
    task, codes = spec.get("task"), mapping(spec.get("codes"))
    if not isinstance(task, str):
        return {}
    languages = [code for code in listed(spec.get("languages")) if isinstance(code, str)]
    return {
        code: task.replace("{language}", str(codes.get(code, code))) for code in languages or [""]
    }


def benchmark_mistakes(
    config: Json, tasks: Mapping[str, dict[str, Any] | InputError]
) -> Iterator[str]:
    """Unknown tasks and languages, and what a task cannot do.

    `tasks`: name -> content, or what is wrong with a task, for every name that a benchmark uses.
    """
    if not isinstance(config, Mapping):
        return
    names = Names(config)
    evaluate = mapping(names.config.get("evaluate"))
    own = listed(evaluate.get("tasks"))
    for place, path in enumerate(own):
        if isinstance(path, str) and not Path(path).exists():
            yield f"evaluate.tasks[{place}]: no such file or folder: {path}{looked_in(path)}"
    for name, spec in names.benchmarks.items():
        spec, where = mapping(spec), f"evaluate.benchmarks.{name}"
        for place, code in enumerate(listed(spec.get("languages"))):
            at = f"{where}.languages[{place}]"
            yield from unknown(at, code, names.languages, "language")
        yield from placeholders(f"{where}.task", spec.get("task"), "language")
        known = dict.fromkeys(task_names_of(spec).values())
        wrong: dict[str, None] = {}  # in order, each once
        for task_name in known:
            task = tasks[task_name]
            if isinstance(task, InputError):
                wrong[missing_codes(spec) or str(task)] = None
                continue
            yield from _task_mistakes(where, spec, task)
            if mapping(task["metadata"]).get("family") == "text" and not names.sample.get(
                "heldout"
            ):
                if not spec.get("dataset"):
                    yield f"{where}: needs held-out rows; set sample.heldout to, say, 100"
        yield from (f"{where}.task: {what}" for what in wrong)


def missing_codes(spec: Section) -> str | None:
    """The `codes` that a public benchmark needs in the study's languages, where some are not given."""
    given = mapping(spec.get("codes"))
    needed = {
        test.language: test.code
        for tests in read_catalogue().values()
        for test in tests.values()
        if test.pattern == spec.get("task") and test.language in listed(spec.get("languages"))
        if test.language not in given and test.code != test.language
    }
    if not needed:
        return None
    codes = ", ".join(f"{language}: {code}" for language, code in needed.items())
    return f"'{spec['task']}' names languages in its own way; give codes: {{{codes}}}"


def _task_mistakes(where: str, spec: Section, task: Section) -> Iterator[str]:
    """A benchmark that its task cannot serve: language, kind, metric, dataset, demonstrations."""
    metadata, name = mapping(task["metadata"]), task["task"]
    kind = "generative" if task["output_type"] == "generate_until" else "structured"
    if spec.get("kind") in ("generative", "structured") and spec["kind"] != kind:
        yield f"{where}.kind: task '{name}' is {kind}, not {spec['kind']}"
    shots = task.get("num_fewshot", 0) if spec.get("shots") is None else spec["shots"]
    if metadata.get("family") == FAMILY:
        yield from _harness_mistakes(where, spec, task, shots)
    else:
        yield from _pack_mistakes(where, spec, task, shots)
    if shots == 0 and spec.get("demonstrations") not in (None, HARNESS):
        yield f"{where}.shots: 0, but demonstrations are given; set shots, or leave them out"


def _harness_mistakes(where: str, spec: Section, task: Section, shots: Any) -> Iterator[str]:
    """What a task of lm-eval's cannot do here, and keys that only tasks of the pack read."""
    metadata, name = mapping(task["metadata"]), task["task"]
    if metadata["refused"]:
        yield f"{where}.task: {metadata['refused']}"
    metric, known = spec.get("metric"), metadata["metrics"]
    if isinstance(metric, str) and metric not in known:
        yield f"{where}.metric: task '{name}' has no '{metric}'{suggestion(metric, known)}"
    if spec.get("demonstrations") == HARNESS:
        yield f"{where}.demonstrations: '{name}' is lm-eval's own task; leave the key out"
    if spec.get("missing") == "drop":
        yield f"{where}.missing: '{name}' is lm-eval's own task and keeps every row; leave the key out"
    given = mapping(spec.get("dataset")).get("path")
    if isinstance(shots, int) and shots > 0 and given and not spec.get("demonstrations"):
        apart = [one for one, part in metadata["parts"].items() if len(part["splits"]) > 1]
        if apart:
            yield (
                f"{where}.demonstrations: missing (task '{apart[0]}' takes its {shots} shots from a"
                f" split of their own, '{metadata['parts'][apart[0]]['splits'][1]}'; name a file of"
                " them, or set shots: 0)"
            )


def _instead(code: str) -> str:
    """What to take where a task lacks a language: a test without words, or one of the catalogue."""
    return (
        ", or take task: cloze for a test of your own, which needs no words; in the clone, snakemake"
        f" --cores 1 benchmarks --config language={code} lists public tests"
    )


def _pack_mistakes(where: str, spec: Section, task: Section, shots: Any) -> Iterator[str]:
    """What a task of the task pack cannot do."""
    metadata, name = mapping(task["metadata"]), task["task"]
    words, hub = mapping(metadata.get("languages")), mapping(metadata.get("hub"))
    dataset = mapping(spec.get("dataset"))
    text = metadata.get("family") == "text"
    if spec.get("metric") is not None:
        yield f"{where}.metric: task '{name}' has its own main metric; leave the key out"
    for place, code in enumerate(listed(spec.get("languages"))):
        at = f"{where}.languages[{place}]"
        if not isinstance(code, str):
            continue
        if code not in words and not metadata.get("any_language"):
            yield (
                f"{at}: task '{name}' has no words for '{code}' (it has {', '.join(words)});"
                f" if its data have the language, add words in tasks/{name}.yaml{_instead(code)}"
            )
        elif not dataset:
            for known in hub_languages(metadata, hub):
                if code not in known:
                    yield (
                        f"{at}: the data of '{name}' has no '{code}' (it has {', '.join(known)});"
                        f" name data of your own (dataset){_instead(code)}"
                    )
    if metadata.get("paired") and dataset.get("hub"):
        yield f"{where}.dataset.hub: task '{name}' pairs two datasets; give local files (path)"
    if not (dataset or hub or text or "fetch" in metadata):
        yield f"{where}.dataset: missing (task '{name}' has no dataset of its own; give its path)"
    given = spec.get("demonstrations")
    if text and shots:
        yield f"{where}.shots: task '{name}' takes no demonstrations; set shots: 0"
    elif isinstance(shots, int) and shots > 0 and dataset.get("path") and not given:
        if "demonstrations" not in hub:
            yield f"{where}.demonstrations: missing ({shots} shots need a file of them; or shots: 0)"
    if given == HARNESS and not mapping(metadata.get("harness")).get("demonstrations"):
        yield (
            f"{where}.demonstrations: task '{name}' has none of lm-eval's own to take; leave the key"
            " out, or give a file"
        )
    elif shots == 0 and given == HARNESS:
        yield f"{where}.shots: 0, but demonstrations are given; set shots, or leave them out"


def hub_languages(metadata: Section, hub: Section) -> Iterator[Section]:
    """Languages of a task's own data, where its hub entries list them."""
    needed = [hub.get("test"), hub.get("human") if metadata.get("paired") == "human" else None]
    for entry in map(mapping, needed):
        for key in ("names", "prefix"):
            if key in entry:
                yield entry[key]
