"""List the models, datasets and files that a study's jobs read, and say which of them are missing.

`prefetch` brings what the whole study needs; before the first job, `rules/cluster.smk` asks
`missing` for what the planned jobs need and cannot have. Imports no model library.
"""

import glob
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .. import hub, urls
from ..errors import InputError
from ..files import looked_in
from ..gguf import is_installed, not_installed, package_of, packages_of
from .comparison import ENGLISH
from .grid import Study
from .recipes import is_whole
from .records import Dataset, Translator
from .tasks import FAMILY, Places, hub_splits, read_task
from .tested import Benchmark
from .validation import MULTI, ROUND_TRIP

TRAINED = (
    "finetune_lora",
    "finetune_full",
    "evaluate_benchmark",
    "answer_questions",
)  # rules that load a base
HERE = ("file", "url", "package")  # kinds of needs that are not on the hub
TO_ENGLISH = ("roundtrip_out", "roundtrip_portion_out", "translate_back")
BACK = ("roundtrip_back", "roundtrip_portion_back")


class Need(NamedTuple):
    """One thing, and the key of the configuration that asks for it.

    `kind` is package (of Python), model, dataset (a split, or one `file` of the repository), file (`name` is a path or a
    glob pattern) or url.
    """

    kind: str
    name: str
    where: str
    revision: str | None = None
    subset: str | None = None
    split: str | None = None
    file: str | None = None
    gated: bool = False


def job_needs(study: Study, tasks: Places, rule: str, cell: Mapping[str, str]) -> Iterator[Need]:
    """What a job of a rule needs; `cell` are its wildcards."""
    if rule == "sample_aya":
        for code in [cell["language"]] if "language" in cell else study.languages_with_rows:
            yield from _native(study, code)
    if rule in ("sample_english", "pool_english"):
        yield from _english(study)
        for code, entry in study.languages.items():
            if entry.english_rows:
                yield Need("file", entry.english_rows, f"languages.{code}.english_rows")
    if rule == "take_translations":
        name, scope = cell["data"], cell["scope"]
        for code in study.pot if scope == MULTI else [scope]:
            yield from _rows(f"data.{name}.{code}", study.translated[name].languages[code])
    if rule in ("translate_texts", "translate_portion", "translate_all", *TO_ENGLISH, *BACK):
        languages = study.pot if cell["scope"] == MULTI else [cell["scope"]]
        yield from _translator(study, cell["translator"], rule, languages)
    if rule == "draw_questions":
        where, spec = f"answer.questions.{cell['questions']}", study.questions[cell["questions"]]
        if spec.draw:
            yield from _rows("sample.dataset", study.instructions)
            yield from _rows(f"{where}.draw.dataset", spec.draw.dataset, cell["language"])
        else:
            path = spec.path_in(cell["language"])
            yield Need("url" if urls.is_url(path) else "file", path, f"{where}.path")
    if rule in TRAINED:
        yield from _model(study, cell["model"])
    if rule == "unpack_base":
        where, source = f"models.{cell['model']}.gguf", study.models[cell["model"]].gguf or ""
        yield from (Need("package", name, where) for name in packages_of(source))
        if package_of(source) is None:
            yield Need("file", source, where)
    if rule == "evaluate_benchmark":
        yield from _benchmark(study, tasks, cell["benchmark"], cell["language"])
    if rule == "fetch_cmmlu":
        archive = read_task("cmmlu", tasks)["metadata"]["archive"]
        where = "tasks/cmmlu.yaml"
        yield Need("dataset", archive["path"], where, archive["revision"], file=archive["file"])


def study_needs(study: Study, tasks: Places) -> list[Need]:
    """What the whole study needs, each once."""
    jobs: dict[tuple[str, tuple[tuple[str, str], ...]], None] = {("sample_aya", ()): None}
    if study.translators or any(one.parallel_to == ENGLISH for one in study.translated.values()):
        jobs["sample_english", ()] = None

    def add(rule: str, **cell: str) -> None:
        jobs[rule, tuple(cell.items())] = None

    for data, scope in study.parts():
        name = data.removesuffix(ROUND_TRIP)
        if name in study.translated:
            add("take_translations", data=name, scope=scope)
        elif name in study.translators:
            for rule in _translating(study.translators[name], trip=name != data):
                add(rule, translator=name, scope=scope)
    for condition in study.conditions:
        whole = is_whole(study.config, condition.model)
        add("finetune_full" if whole else "finetune_lora", model=condition.model)
    for one in study.evaluations:
        cell = {"model": one.condition.model, "benchmark": one.benchmark, "language": one.language}
        add("evaluate_benchmark", **cell)
        spec = study.benchmarks[one.benchmark]
        if spec.task == "cmmlu" and spec.dataset is None:
            add("fetch_cmmlu")
    for asked in study.answers:
        add("answer_questions", model=asked.condition.model)
        add("draw_questions", questions=asked.questions, language=asked.language)
    for model in dict.fromkeys(dict(cell).get("model") for _, cell in jobs):
        if model and study.models[model].gguf:
            add("unpack_base", model=model)
    needs = [need for rule, cell in jobs for need in job_needs(study, tasks, rule, dict(cell))]
    if study.config["replies"]["replay"]:
        needs.append(Need("file", study.config["replies"]["replay"], "replies.replay"))
    return list(dict.fromkeys(needs))


OWN_WAY = ("published", "tasks", "progress", "prefetch")  # need little, or look by themselves


def looks_ahead(arguments: Sequence[str]) -> bool:
    """Whether a command line of Snakemake plans or estimates the whole study, without running it."""
    words = set(arguments)
    if words & set(OWN_WAY):
        return False
    dry = any(re.fullmatch("-[a-zA-Z]*n[a-zA-Z]*|--dry-?run", word) for word in words)
    return dry or "estimate" in words


def absent(needs: Iterable[Need], lock: hub.Lock) -> tuple[list[str], list[str]]:
    """Files and addresses that are not there, a line each; and those that nobody could ask about.

    Addresses that `prefetch` has copied are not asked; none is where the hub is switched off.
    """
    needs = list(dict.fromkeys(needs))
    lines = _absent_packages(needs)
    lines += [
        f"{n.name}: no such file ({n.where}){looked_in(n.name)}"
        for n in needs
        if n.kind == "file" and not glob.glob(n.name)
    ]
    asked = {n.name: n.where for n in needs if n.kind == "url" and not hub.url_copy(lock, n.name)}
    if hub.offline():
        return lines, []
    answers = urls.probe(asked)
    lines += [f"{u}: {a.why} ({asked[u]})" for u, a in answers.items() if a.there is False]
    return lines, [f"{u}: {a.why} ({asked[u]})" for u, a in answers.items() if a.there is None]


def refuse_absent(study: Study, tasks: Path, lock: hub.Lock) -> list[str]:
    """Raise one `InputError` that lists every file and address that the study names and lacks.

    Returns a line for each address that could not be asked about.
    """
    lines, unasked = absent(study_needs(study, tasks), lock)
    if lines:
        raise InputError(
            f"{len(lines)} thing{'s' * (len(lines) > 1)} that the study names"
            f" {'are' if len(lines) > 1 else 'is'} missing:\n"
            + "\n".join(f"  - {line}" for line in lines)
        )
    return unasked


def _absent_packages(needs: Iterable[Need]) -> list[str]:
    """A line for each Python package that is not installed."""
    return [
        not_installed(n.name, n.where)
        for n in needs
        if n.kind == "package" and not is_installed(n.name)
    ]


def _in(path: str, language: str | None) -> str:
    return path.replace("{language}", language) if language else path


def _rows(where: str, dataset: Dataset, language: str | None = None) -> Iterator[Need]:
    """Rows of instruction data or of OASST1."""
    if dataset.hub:
        subset = _in(dataset.name, language) if dataset.name else None
        split = dataset.split or "train"
        yield Need("dataset", dataset.hub, where, dataset.revision, subset, split)
    else:
        for path in dataset.paths:
            instructions = where.startswith(("sample.", "languages.", "data."))
            kind = "url" if instructions and urls.is_url(path) else "file"
            yield Need(kind, _in(path, language), f"{where}.path")


def _native(study: Study, code: str) -> Iterator[Need]:
    """Native rows of a language; and English ones, where their number caps its own."""
    language = study.languages[code]
    if language.native:
        yield from _rows(f"languages.{code}.native", language.native)
    else:
        yield from _rows("sample.dataset", study.instructions)
    if language["cap"] == "english" and (language.native or study.english):
        yield from _english(study)


def _english(study: Study) -> Iterator[Need]:
    if study.english:
        yield from _rows("sample.english", study.english)
    else:
        yield from _rows("sample.dataset", study.instructions)


def _translating(translator: Translator, *, trip: bool) -> list[str]:
    """The rules that call a translator for one of its sets."""
    if trip:
        return ["roundtrip_out", "roundtrip_back"]
    if translator.keep is None:
        return ["translate_texts"]
    return ["translate_all"] + ["translate_back"] * translator.keep.goes_back


def _translator(study: Study, name: str, rule: str, languages: list[str]) -> Iterator[Need]:
    spec, where = study.translators[name], f"translate.translators.{name}"
    for path in spec.memory:
        yield Need("file", path, f"{where}.memory")
    if spec.backend != "huggingface" or spec.model is None or Path(spec.model).is_dir():
        return
    for language in languages:
        pair = [spec.codes.get("en", "en"), spec.codes.get(language, language)]
        source, target = reversed(pair) if rule in TO_ENGLISH else pair
        model = spec.model.format(source=source, target=target)
        yield Need("model", model, f"{where}.model", spec.revision)


def _model(study: Study, name: str) -> Iterator[Need]:
    entry, where = study.models[name], f"models.{name}.base"
    base = entry.base
    if base is None or Path(base).is_dir():  # built by the study, or a folder that is there
        return
    if Path(base).is_absolute() or base.startswith((".", "~")) or base.count("/") > 1:
        yield Need("file", base, where)
    else:
        yield Need("model", base, where, entry.revision, gated=entry.gated)


def _benchmark(study: Study, tasks: Places, name: str, language: str) -> Iterator[Need]:
    """Items and demonstrations, in the way `evaluate.data.load` looks for them."""
    spec, where = study.benchmarks[name], f"evaluate.benchmarks.{name}"
    task = read_task(spec.task_in(language), tasks)
    if task["metadata"]["family"] == FAMILY:
        yield from _harness(spec, task, language, where)
        return
    metadata, dataset = task["metadata"], spec.dataset
    entries = {key: dict(entry) for key, entry in (metadata.get("hub") or {}).items()}
    if dataset and dataset.hub:
        entries["test"] = {"path": dataset.hub, "split": dataset.split or "test"}
        entries["test"] |= {"name": dataset.name, "revision": dataset.revision}
    if dataset and dataset.paths:
        for key in ("test", "machine", "human"):
            entries.pop(key, None)
        yield from _rows(f"{where}.dataset", dataset, language)
    local = spec.demonstration_path
    if local:
        yield Need("file", _in(local, language), f"{where}.demonstrations")
    shots = task["num_fewshot"] if spec.shots is None else spec.shots
    if local or not (shots or metadata.get("paired")):
        entries.pop("demonstrations", None)
    for key, entry in entries.items():
        if key == "human" and language not in entry["names"]:
            continue
        origin = f"{where}.dataset" if key == "test" and dataset else f"tasks/{spec.task}.yaml"
        for subset, _ in hub_splits({"subjects": metadata.get("subjects"), **entry}, language):
            yield Need(
                "dataset", entry["path"], origin, entry.get("revision"), subset, entry["split"]
            )


def _harness(spec: Benchmark, task: Mapping[str, Any], language: str, where: str) -> Iterator[Need]:
    """Data of a task or group of lm-eval's: files, or splits of the hub."""
    dataset, shots = spec.dataset, task["num_fewshot"] if spec.shots is None else spec.shots
    if dataset and dataset.paths:
        yield from _rows(f"{where}.dataset", dataset, language)
        for path in spec.demonstrations_in(language):
            yield Need("file", path, f"{where}.demonstrations")
        return
    for part in task["metadata"]["parts"].values():
        path, subset, revision = part["path"], part["name"], part["revision"]
        splits = part["splits"] if shots else part["splits"][:1]
        if dataset and dataset.hub:
            path, subset, revision = dataset.hub, dataset.name, dataset.revision
            splits = [dataset.split or splits[0], *splits[1:]]
        if path and "/" in path:  # else a format of files, such as json, or the task's own code
            for split in splits:
                yield Need("dataset", path, f"{where}.task", revision, subset, split)


def missing(needs: Iterable[Need], lock: hub.Lock, why: str | None = None) -> list[str]:
    """One line each: files that are not there, a cache that is locked or lacks something, a token.

    `why` says that the jobs will not reach the hub; null = a variable of this process decides.
    """
    needs = list(dict.fromkeys(needs))
    files = [n for n in needs if n.kind == "file" and not glob.glob(n.name)]
    lines = _absent_packages(needs)
    if files:
        absent = ", ".join(f"{n.name} ({n.where})" for n in files)
        lines.append(f"no such file: {absent}{looked_in(*(n.name for n in files))}")
    remote = [n for n in needs if n.kind not in HERE]
    if shut := {folder for n in remote if (folder := hub.locked_out(n.kind, n.name))}:
        return [*lines, hub.no_permission(*sorted(shut))]
    why = why or (f"{switch} is set" if (switch := hub.offline()) else None)
    if why:
        lacking = [n for n in remote if not in_cache(n, lock)]
        if lacking:
            named = dict.fromkeys(f"{n.kind} {n.name} ({n.where})" for n in lacking)
            lines.append(
                f"{why}, but the local cache does not hold: {', '.join(named)}; {hub.PREFETCH}"
            )
    elif closed := [n for n in needs if n.gated and not in_cache(n, lock)]:
        if not hub.has_token():
            named = dict.fromkeys(f"{n.name} ({n.where})" for n in closed)
            lines.append(
                f"gated: {', '.join(named)}; accept the licence on the model's page of the hub and"
                " set the environment variable HF_TOKEN to a token of that account"
            )
    return lines


def in_cache(need: Need, lock: hub.Lock) -> bool:
    """Whether a job can have this without a network."""
    entry = hub.entry_of(lock, need.kind, need.name, need.revision)
    commit = entry["revision"] if entry else need.revision
    if need.kind == "model":
        names = [f["path"] for f in entry["files"]] if entry else ["config.json"]
    elif need.file:
        names = [need.file]
    else:
        key = hub.split_key(need.subset, need.split or "train")
        if not entry or key not in entry["splits"]:
            return False
        names = entry["splits"][key]
    return all(hub.cached(need.kind, need.name, commit, name) for name in names)
