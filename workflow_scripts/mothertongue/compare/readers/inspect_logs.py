"""Reads logs of Inspect (`.eval` and JSON) through inspect_ai's own library.

Several epochs are answers of one model to one sample: their mean is the item's score.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import is_zipfile

import numpy as np

from ...errors import InputError, first_line
from ..records import Block, Log, Settings, frame

if TYPE_CHECKING:
    import polars as pl

LETTERS, WORDS = ("C", "I", "P", "N"), ("yes", "true", "no", "false")  # that count as numbers
START = re.compile(rb'^\s*\{\s*"version"\s*:\s*\d+\s*,\s*"status"')


def is_log(path: Path, head: bytes) -> bool:
    """Whether a file is a log of Inspect, by its first bytes."""
    return path.suffix == ".eval" or bool(START.match(head))


def read(path: Path) -> Log:
    """Every score of a log, in its first value or in each named one."""
    import polars as pl

    if path.suffix == ".eval" and not is_zipfile(path):
        raise InputError(f"{path}: cut or damaged, no zip file; evaluate again")
    try:
        from inspect_ai.log import read_eval_log
    except ImportError:
        raise InputError(
            f"{path}: a log of Inspect, which its own library reads; pip install inspect_ai"
        ) from None
    try:
        log = read_eval_log(str(path))
    except Exception as error:  # zip files, JSON and pydantic all have errors of their own
        raise InputError(f"{path}: cut or damaged ({first_line(error)}); evaluate again") from None
    if log.status != "success" or not log.samples:
        raise InputError(f"{path}: the run did not finish ({log.status}); evaluate again")
    wanted = log.results.total_samples if log.results else len(log.samples)
    if len(log.samples) < wanted:
        raise InputError(f"{path}: {len(log.samples)} of {wanted} samples; evaluate again")
    rows: list[dict[str, Any]] = []
    for sample in log.samples:
        if sample.error is not None:
            raise InputError(f"{path}, sample {sample.id}: it failed; run inspect eval-retry")
        fixed = {
            "item": str(sample.id),
            "epoch": sample.epoch,
            "document": digest(sample.input, sample.choices, sample.target),
            "prompt": digest(before_answer(sample.messages)),
            "options": len(sample.choices or ()),
        }
        for name, score in (sample.scores or {}).items():
            rows += [{**fixed, "metric": m, "score": s} for m, s in values(path, name, score.value)]
    if not rows:
        raise InputError(f"{path}: no scores; run inspect score")
    table = pl.DataFrame(rows, infer_schema_length=None)
    if table.select("item", "epoch", "metric").is_duplicated().any():
        twice = table.filter(table.select("item", "epoch", "metric").is_duplicated())["item"][0]
        raise InputError(f"{path}: sample {twice} stands twice; give samples ids of their own")
    return Log(tuple(blocks(path, log, table)))


def blocks(path: Path, log: Any, table: "pl.DataFrame") -> list[Block]:
    """One block per metric; the mean over epochs."""
    import polars as pl

    spec = log.eval
    settings = Settings(
        tool="inspect",
        task_version=str(spec.task_version),
        system_prompt=str(log.plan.config.system_message or ""),
        generation=json.dumps(spec.task_args, sort_keys=True, default=str)
        if spec.task_args
        else "",
        dataset=str(spec.dataset.name or ""),
    )
    found = []
    for place, (key, part) in enumerate(
        table.partition_by("metric", as_dict=True, maintain_order=True).items()
    ):
        own = part.group_by("item", maintain_order=True).agg(
            pl.col("score").mean(), pl.col("document", "prompt", "options").first()
        )
        options = own["options"].to_numpy()
        right = own["score"].is_between(0, 1).all() and options.min() > 1
        found.append(
            Block(
                str(spec.task).rpartition("/")[2],
                str(key[0]),
                frame(
                    item=own["item"],
                    document=own["document"],
                    prompt=own["prompt"],
                    score=own["score"],
                    chance=1 / np.maximum(options, 1) if right else None,
                ),
                model=str(spec.model),
                main=place == 0,
                settings=settings,
                source=str(path),
            )
        )
    return found


def values(path: Path, scorer: str, value: Any) -> list[tuple[str, float]]:
    """Names and numbers of a score; letters count as Inspect counts them."""
    from inspect_ai.scorer import value_to_float

    count = value_to_float()

    def number(one: Any) -> float:
        known = one in LETTERS or str(one).lower() in WORDS
        return float(count(one) if known else one)  # what Inspect does not know, it counts as 0

    try:
        if isinstance(value, dict):
            return [(f"{scorer}, {name}", number(one)) for name, one in value.items()]
        return [(scorer, number(value))]
    except (TypeError, ValueError):
        raise InputError(
            f"{path}: a score of {scorer} is no number: {value!r}; score it again"
        ) from None


def digest(*parts: Any) -> str:
    """A hash of anything, by what it says as JSON."""
    text = json.dumps(parts, default=lambda one: getattr(one, "text", str(one)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def before_answer(messages: list[Any]) -> list[tuple[str, str]]:
    """What the model read before its first answer."""
    found = []
    for message in messages:
        if message.role == "assistant":
            break
        found.append((message.role, message.text))
    return found
