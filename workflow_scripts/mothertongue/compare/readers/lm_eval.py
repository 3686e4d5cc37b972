"""Reads results of lm-evaluation-harness with `--log_samples`, as versions 0.4.2 to 0.4.13 write them.

0.4.2 writes one JSON list per task, whatever the file is called, without hashes; later versions write
JSON Lines with hashes, from 0.4.9 on with a line per filter. A line holds the whole document and
prompt, but only its end is wanted: lm-eval writes keys in a fixed order, so that the text before
`doc_hash` need not be parsed. A line that looks otherwise is parsed as a whole.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ...files import read_json
from ..records import Block, Log, Settings, frame

KNOWN = {  # keys of a sample that are no metrics
    *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
    *("doc_hash", "prompt_hash", "target_hash"),
}
LOWER = {"word_perplexity", "byte_perplexity", "perplexity", "bits_per_byte", "ter", "brier_score"}
RATES = {"word_perplexity", "byte_perplexity", "bits_per_byte"}  # logged as (likelihood, weight)
RIGHT = {"acc", "acc_norm", "acc_bytes", "exact_match"}  # metrics that guessing can reach
DATE = re.compile(r"_?(\d{4}-\d\d-\d\dT[\d.\-]+)$")
OPTION, HASH, FILTER, START = b'"gen_args_', b'"doc_hash": ', b'"filter": "', b'{"doc_id": '
MODEL = re.compile(r"(?:^|,)\s*(pretrained|model|peft)=([^,]+)")

Sample = tuple[int, str, int, dict[str, Any]]  # document, filter, options, keys behind the hash


def is_results(content: dict[str, Any]) -> bool:
    """Whether a JSON object is a results file of lm-eval."""
    return "results" in content and "configs" in content and "versions" in content


def read(path: Path) -> Log:
    """The tasks of a results file, with the samples that lie beside it."""
    content = read_json(path)
    found = DATE.search(path.stem)
    when = found[1] if found else ""
    blocks: list[Block] = []
    for task, config in content["configs"].items():
        if task not in content["results"] or not isinstance(config, dict):
            continue
        samples = samples_of(path, task, when)
        if samples is None:
            raise InputError(
                f"{path}: no samples of {task} beside it; run lm-eval with --log_samples"
            )
        blocks += task_blocks(samples, task, content, model_of(content))
    if not blocks:
        raise InputError(f"{path}: no task with samples; run lm-eval with --log_samples")
    return Log(tuple(blocks), groups_of(content))


def read_samples(path: Path) -> Log:
    """A samples file alone: nothing is known of how the task was asked."""
    task = DATE.sub("", path.stem).removeprefix("samples_")
    content: dict[str, Any] = {"results": {task: {}}, "configs": {task: {}}, "versions": {}}
    return Log(tuple(task_blocks(path, task, content, path.parent.name)))


def samples_of(path: Path, task: str, when: str) -> Path | None:
    """The samples file of a task: of the same date; from 0.4.2, one whose name ends in the task."""
    dated = path.parent / f"samples_{task}_{when}.jsonl"
    if when and dated.is_file():
        return dated
    old = [
        one for one in path.parent.glob(f"*_{glob_safe(task)}.jsonl") if not DATE.search(one.stem)
    ]
    return old[0] if len(old) == 1 else None


def glob_safe(name: str) -> str:
    """A name in which no character is a wildcard."""
    return re.sub(r"([*?[])", r"[\1]", name)


def model_of(content: dict[str, Any]) -> str:
    """The model's name, with its adapter."""
    config = content.get("config") or {}
    words = config.get("model_args") or ""
    if isinstance(words, dict):
        given = {str(k): str(v) for k, v in words.items()}
    else:
        given = dict(MODEL.findall(str(words)))
    name = given.get("pretrained") or given.get("model") or content.get("model_name")
    name = str(name or config.get("model") or "")
    return f"{name}+{Path(given['peft']).name}" if given.get("peft") else name


def groups_of(content: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Group -> the tasks behind it, through groups of groups."""
    below = content.get("group_subtasks") or {}

    def leaves(name: str, seen: tuple[str, ...] = ()) -> Iterator[str]:
        parts = [part for part in below.get(name) or [] if part not in seen]
        if not parts:
            yield name
        for part in parts:
            yield from leaves(part, (*seen, name))

    found = {name: tuple(dict.fromkeys(leaves(name))) for name, parts in below.items() if parts}
    return {name: tasks for name, tasks in found.items() if len(tasks) > 1}


def settings_of(content: dict[str, Any], task: str) -> Settings:
    """How lm-eval says that it asked a task."""
    config, shots = content["configs"].get(task) or {}, (content.get("n-shot") or {}).get(task)
    template = content.get("chat_template_sha") or content.get("chat_template")
    system = content.get("system_instruction_sha") or content.get("system_instruction")
    known = "chat_template" in content or "chat_template_sha" in content
    generation = config.get("generation_kwargs")
    version = content["versions"].get(task)
    return Settings(
        tool="lm-eval",
        task_version="" if version is None else str(version),
        shots="" if shots is None else str(shots),
        chat_template=str(template) if template else "none" if known else "",
        system_prompt=str(system) if system else "none" if known else "",
        generation=json.dumps(generation, sort_keys=True) if generation else "",
        dataset=" ".join(str(config[k]) for k in ("dataset_path", "dataset_name") if config.get(k)),
    )


def samples(path: Path) -> Iterable[Sample]:
    """The samples of a file; one that cannot be read is an `InputError` with its line."""
    with path.open("rb") as handle:
        first = handle.read(1)
        handle.seek(0)
        if first == b"[":  # as 0.4.2 writes them
            try:
                listed = json.load(handle)
            except ValueError as error:
                raise InputError(f"{path}: cut or damaged ({error}); evaluate again") from None
            for row in listed:
                yield parsed(row)
            return
        for number, line in enumerate(handle, start=1):
            if line.isspace():
                continue
            try:
                yield quick(line) or parsed(json.loads(line))
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{path}, line {number}: cut or damaged, no sample of lm-eval; evaluate again"
                ) from None


def parsed(row: dict[str, Any]) -> Sample:
    """A sample that was parsed as a whole."""
    rest = {name: value for name, value in row.items() if name not in KNOWN or "hash" in name}
    return int(row["doc_id"]), row.get("filter") or "", len(row.get("arguments") or ()), rest


def quick(line: bytes) -> Sample | None:
    """A sample from both ends of its line; None where they look otherwise."""
    at = line.rfind(HASH)
    if at < 0 or not line.startswith(START):
        return None
    rest = json.loads(b"{" + line[at:])
    name, mark = "", line.rfind(FILTER, 0, at)
    if mark >= 0:
        start = mark + len(FILTER)
        name = line[start : line.index(b'"', start)].decode()
    document = int(line[len(START) : line.index(b",", len(START))])
    return document, name, line.count(OPTION, 0, at), rest


def task_blocks(path: Path, task: str, content: dict[str, Any], model: str) -> list[Block]:
    """One block per metric and filter of a task."""
    columns: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    documents: dict[str, list[tuple[int, str, str, int]]] = {}
    names: list[str] | None = None
    for document, chosen, options, rest in samples(path):
        own = documents.setdefault(chosen, [])
        own.append((document, rest.get("doc_hash", ""), rest.get("prompt_hash", ""), options))
        if names is None:
            names = [name for name, value in rest.items() if is_score(name, value)]
            if not names:
                raise InputError(f"{path}: its samples have no metric (--predict_only?)")
        for name in names:
            value = rest.get(name, float("nan"))
            pair = value if isinstance(value, list) else (value, 1.0)
            scores, weights = columns.setdefault((name, chosen), ([], []))
            try:
                scores.append(float(pair[0]))
                weights.append(float(pair[1]))
            except (TypeError, ValueError, IndexError):
                raise InputError(f"{path}, document {document}: {name} is no number") from None
    if names is None:
        raise InputError(f"{path}: empty; evaluate again")
    wanted = (content.get("n-samples") or {}).get(task, {}).get("effective")
    for chosen, own in documents.items():
        check_documents(path, task, chosen, [row[0] for row in own], wanted)
    better = (content.get("higher_is_better") or {}).get(task) or {}
    filters = list(documents)
    choice = (content["configs"].get(task) or {}).get("output_type") == "multiple_choice"
    blocks = []
    for place, ((name, chosen), (scores, weights)) in enumerate(columns.items()):
        ids, hashes, prompts, counts = zip(*documents[chosen], strict=True)
        values, own_weights = np.array(scores), np.array(weights)
        if name in RATES:
            values = -values / own_weights / np.log(2)  # bits per word or byte
        guessing = choice and name in RIGHT and min(counts) > 1
        rows = frame(
            item=[str(number) for number in ids],
            document=hashes if hashes[0] else None,
            prompt=prompts if prompts[0] else None,
            score=values,
            weight=own_weights,
            chance=1 / np.array(counts) if guessing else None,
        )
        blocks.append(
            Block(
                task,
                f"{name}, {chosen}" if len(filters) > 1 else name,
                rows,
                model=model,
                main=place == 0,
                lower_is_better=better.get(name) is False or name in LOWER,
                settings=settings_of(content, task),
                source=str(path),
            )
        )
    return blocks


def is_score(name: str, value: object) -> bool:
    """Whether a key of a sample is a metric that is a mean over items."""
    if name in KNOWN:
        return False
    if isinstance(value, list):
        return name in RATES and len(value) == 2
    return isinstance(value, (int, float))


def check_documents(path: Path, task: str, chosen: str, ids: list[int], wanted: int | None) -> None:
    """Every document once, and as many as the results say."""
    if len(set(ids)) < len(ids):
        seen: set[int] = set()
        twice = next(number for number in ids if number in seen or seen.add(number))  # type: ignore[func-returns-value]
        raise InputError(f"{path}: document {twice} stands twice; delete the file, evaluate again")
    if wanted is not None and len(ids) < wanted:
        raise InputError(
            f"{path}: {len(ids)} of the {wanted} samples of {task} are there; evaluate again"
        )
