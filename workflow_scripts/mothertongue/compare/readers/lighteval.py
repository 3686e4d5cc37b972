"""Reads details of lighteval: one Parquet file per task, in the old layout and in that of 0.13."""

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError, first_line
from ...files import read_json
from ..records import Block, Log, Settings, frame

DATE = r"_\d{4}-\d\d-\d\dT[\d.\-]+$"


def is_details(names: list[str]) -> bool:
    """Whether columns are those of a details file."""
    return {"doc", "metric"} <= set(names) or {"full_prompt", "metrics"} <= set(names)


def digest(text: object) -> str:
    """A hash of a text, or of the text of anything else."""
    return hashlib.sha256(str(text).encode()).hexdigest()[:16]


def read(path: Path) -> Log:
    """The metrics of one details file."""
    import polars as pl

    try:
        rows = pl.read_parquet(path).to_dicts()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cut or damaged ({first_line(error)}); evaluate again") from None
    if not rows:
        raise InputError(f"{path}: empty; evaluate again")
    task, shots = re.sub(DATE, "", path.stem.removeprefix("details_")), ""
    if "|" in task and task.rsplit("|", 1)[1].isdigit():
        task, shots = task.rsplit("|", 1)
    results = results_of(path)
    general = results.get("config_general") or {}
    own = general.get("model_config") or {}
    model = general.get("model_name") or own.get("model_name") or model_folder(path)
    documents = [row.get("doc") or {"query": row.get("example")} for row in rows]
    prompts = [row.get("full_prompt") or prompt_of(row.get("model_response")) for row in rows]
    scores = [row.get("metric") or row.get("metrics") or {} for row in rows]
    options = [len(d.get("choices") or r.get("choices") or ()) for d, r in zip(documents, rows)]
    name = f"{task}|{shots}"
    described = (results.get("config_tasks") or {}).get(name) or {}
    version = (results.get("versions") or {}).get(name, described.get("version"))
    ids = [str(one.get("id") or "") for one in documents]
    if len(set(ids)) < len(ids):  # older layouts have none; the order of rows is that of lengths
        ids = [str(number) for number in range(len(rows))]
    settings = Settings(
        tool="lighteval", task_version="" if version is None else str(version), shots=shots
    )
    names = [n for n, v in (scores[0] if scores else {}).items() if isinstance(v, (int, float))]
    if not names:
        raise InputError(f"{path}: no metric of items; evaluate again with --save-details")
    blocks = []
    for place, name in enumerate(names):
        right = "acc" in name and min(options) > 1
        blocks.append(
            Block(
                task,
                name,
                frame(
                    item=ids,
                    document=[
                        digest((d.get("query"), d.get("choices"), d.get("gold_index")))
                        for d in documents
                    ],
                    prompt=[digest(p) for p in prompts] if prompts[0] else None,
                    score=[one.get(name) for one in scores],
                    chance=1 / np.array(options) if right else None,
                ),
                model=str(model),
                main=place == 0,
                lower_is_better="perplexity" in name or name == "ter",
                settings=settings,
                source=str(path),
            )
        )
    return Log(tuple(blocks))


def prompt_of(response: Any) -> str:
    """What the model read, where the details keep it."""
    return str((response or {}).get("input") or "")


def model_folder(path: Path) -> str:
    """details/organisation/model/date/file: the model."""
    parts = path.parts
    if "details" in parts:
        return "/".join(parts[parts.index("details") + 1 : -2])
    return path.parent.name


def results_of(path: Path) -> dict[str, Any]:
    """The results file of the same date, if it lies where lighteval puts it; else nothing."""
    if "details" not in path.parts:
        return {}
    at = path.parts.index("details")
    folder = Path(*path.parts[:at], "results", *path.parts[at + 1 : -2])
    file = folder / f"results_{path.parent.name}.json"
    return read_json(file) if file.is_file() else {}
