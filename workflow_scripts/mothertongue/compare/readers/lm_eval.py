"""Reads results of lm-evaluation-harness with `--log_samples`, as versions 0.4.2 to 0.4.13 write them.

0.4.2 writes one JSON list per task, whatever the file is called, without hashes; later versions write
JSON Lines with hashes, from 0.4.9 on with a line per filter (lm_eval_samples.py reads them).
"""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...files import read_json
from ..records import Block, Log, Settings, frame
from .lm_eval_samples import RATES, read_table

if TYPE_CHECKING:
    import polars as pl

LOWER = {"word_perplexity", "byte_perplexity", "perplexity", "bits_per_byte", "ter", "brier_score"}
RIGHT = {"acc", "acc_norm", "acc_bytes", "exact_match"}  # metrics that guessing can reach
DATE = re.compile(r"_?(\d{4}-\d\d-\d\dT[\d.\-]+)$")
MODEL = re.compile(r"(?:^|,)\s*(pretrained|model|peft)=([^,]+)")


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
            packed = next(path.parent.glob(f"samples_{glob_safe(task)}_*.jsonl.*"), None)
            todo = f"unpack {packed.name}" if packed else "run lm-eval with --log_samples"
            raise InputError(f"{path}: no samples of {task} beside it; {todo}")
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


def task_blocks(path: Path, task: str, content: dict[str, Any], model: str) -> list[Block]:
    """One block per metric and filter of a task."""
    import polars as pl

    table, names = read_table(path)
    wanted = (content.get("n-samples") or {}).get(task, {}).get("effective")
    better = (content.get("higher_is_better") or {}).get(task) or {}
    choice = (content["configs"].get(task) or {}).get("output_type") == "multiple_choice"
    table = table.with_columns(pl.col("filter").fill_null(""))
    filters = table["filter"].unique(maintain_order=True)
    blocks: list[Block] = []
    for chosen in filters:
        part = table if len(filters) == 1 else table.filter(pl.col("filter") == chosen)
        check_documents(path, task, part["doc_id"], wanted)
        for name in names:
            score, weight = part[name], None
            if name in RATES:
                weight = score.list.get(1)
                score = -score.list.get(0) / weight / math.log(2)  # bits per word or byte
            guessing = choice and name in RIGHT and min_of(part["options"]) > 1
            rows = frame(
                item=part["doc_id"].cast(pl.String),
                document=None if part["doc_hash"].has_nulls() else part["doc_hash"],
                prompt=None if part["prompt_hash"].has_nulls() else part["prompt_hash"],
                score=score,
                weight=weight,
                chance=1 / part["options"] if guessing else None,
            )
            blocks.append(
                Block(
                    task,
                    f"{name}, {chosen}" if len(filters) > 1 else name,
                    rows,
                    model=model,
                    main=not blocks,
                    lower_is_better=better.get(name) is False or name in LOWER,
                    settings=settings_of(content, task),
                    source=str(path),
                )
            )
    return blocks


def min_of(numbers: "pl.Series") -> int:
    """The smallest of whole numbers."""
    return int(numbers.min())  # type: ignore[arg-type]


def check_documents(path: Path, task: str, ids: "pl.Series", wanted: int | None) -> None:
    """Every document once, and as many as the results say."""
    if ids.n_unique() < len(ids):
        twice = ids.filter(ids.is_duplicated())[0]
        raise InputError(f"{path}: document {twice} stands twice; delete the file, evaluate again")
    if wanted is not None and len(ids) < wanted:
        raise InputError(
            f"{path}: {len(ids)} of the {wanted} samples of {task} are there; evaluate again"
        )
