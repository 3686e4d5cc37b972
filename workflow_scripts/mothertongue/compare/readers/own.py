"""Reads score files of a study: `{language}.json` with its `{language}.items.parquet`."""

import math
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...files import read_json
from ..records import Block, Log, Settings, frame

WEIGHTS = {  # metric of a likelihood -> what it is divided by
    "perplexity": "tokens",
    "bits_per_byte": "bytes",
    "bits_per_character": "characters",
    "word_perplexity": "words",
    "byte_perplexity": "bytes",
}
LEFT_OUT = ("loglikelihood",)  # sums, no means


def is_score(content: dict[str, Any]) -> bool:
    """Whether a JSON object is a score file of a study."""
    return {"benchmark", "condition", "metrics", "unit", "higher_is_better"} <= set(content)


def read(path: Path) -> Log:
    """Every metric of an evaluation that is a mean over its items."""
    import polars as pl

    content = read_json(path)
    table = path.with_suffix(".items.parquet")
    if not table.is_file():
        raise InputError(f"{path}: its items, {table.name}, are missing; evaluate again")
    try:
        items = pl.read_parquet(table)
    except (pl.exceptions.PolarsError, OSError):
        raise InputError(f"{table}: cut or damaged; evaluate again") from None
    if len(items) < content["n"]:
        raise InputError(f"{table}: {len(items)} of {content['n']} items; evaluate again")
    condition, provenance = content["condition"], content.get("provenance") or {}
    model = "/".join(str(condition[k]) for k in ("model", "data", "scope", "lr"))
    settings = Settings(
        tool="mothertongue",
        task_version=str(content.get("version")),
        shots=str(content.get("shots")),
        chat_template=str(provenance.get("template_hash") or ""),
    )
    blocks = []
    for metric in sorted(content["metrics"], key=lambda name: name != content["metric"]):
        weight = items.get_column(WEIGHTS.get(metric, ""), default=None)
        if weight is not None:
            scores = -items["loglikelihood"] / weight / math.log(2)  # bits
        elif metric in items.columns and metric not in LEFT_OUT:
            scores = items[metric]
        else:
            continue  # a metric of groups of items
        chance = content.get("chance") if metric == content["metric"] else None
        percent = content["unit"].get(metric) == "%"
        blocks.append(
            Block(
                content["benchmark"],
                metric,
                frame(
                    item=items["item"],
                    document=items["item"],  # made of the item's content
                    cluster=items.get_column("cluster", default=None),
                    prompt=items.get_column("prompt_hash", default=None),
                    score=scores,
                    weight=weight,
                    chance=None if chance is None else [chance / 100] * len(items),
                ),
                content["language"],
                model,
                str(condition["seed"]),
                main=metric == content["metric"],
                lower_is_better=not content["higher_is_better"][metric],
                percent=percent,
                settings=settings,
                source=str(path),
            )
        )
    return Log(tuple(blocks))
