"""Reads Every Eval Ever records: the aggregate JSON, and the JSON Lines of samples beside it."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ...files import read_json, read_jsonl
from ..records import Block, Log, Settings, frame


def is_record(content: dict[str, Any]) -> bool:
    """Whether a JSON object is an aggregate record."""
    return {"schema_version", "evaluation_id", "evaluation_results", "model_info"} <= set(content)


def read(path: Path) -> Log:
    """Every result of a record that has samples."""
    content = read_json(path)
    beside = content.get("detailed_evaluation_results") or {}
    file = path.with_name(Path(beside.get("file_path") or f"{path.stem}_samples.jsonl").name)
    if not file.is_file():
        raise InputError(f"{path}: its samples, {file.name}, are missing; items are what is paired")
    rows = read_jsonl(file)
    if len(rows) < (beside.get("total_rows") or 0):
        raise InputError(f"{file}: {len(rows)} of {beside['total_rows']} rows; fetch it again")
    return Log(tuple(blocks(path, content, rows)))


def blocks(path: Path, content: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[Block]:
    """One block per result."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        name = row.get("evaluation_result_id") or row["evaluation_name"]
        groups.setdefault(name, []).append(row)
    first: set[str] = set()
    for result in content["evaluation_results"]:
        task = result["evaluation_name"]
        own = groups.get(result.get("evaluation_result_id") or task) or groups.get(task)
        if not own:
            continue
        config = result["metric_config"]
        details = {
            **config.get("additional_details", {}),
            **(result.get("additional_details") or {}),
        }
        metric = str(config.get("metric_id") or config.get("metric_name") or "score")
        options = np.array([len(row["input"].get("choices") or ()) for row in own])
        prompts = [row["input"].get("formatted") for row in own]
        clusters = [(row.get("metadata") or {}).get("cluster") for row in own]
        yield Block(
            task,
            metric,
            frame(
                item=[row["sample_id"] for row in own],
                document=[row.get("sample_hash") for row in own]
                if all(row.get("sample_hash") for row in own)
                else None,
                cluster=clusters if all(clusters) else None,
                prompt=[digest(p) for p in prompts] if all(prompts) else None,
                score=[row["evaluation"]["score"] for row in own],
                chance=1 / options if options.min() > 1 and config.get("max_score") == 1 else None,
            ),
            details.get("language", ""),
            content["model_info"]["id"],
            details.get("seed", ""),
            main=task not in first,
            lower_is_better=bool(config["lower_is_better"]),
            settings=settings(content, result, details),
            source=str(path),
        )
        first.add(task)


def settings(content: dict[str, Any], result: dict[str, Any], details: dict[str, str]) -> Settings:
    """How the record says that its task was asked."""
    arguments = (result.get("generation_config") or {}).get("generation_args") or {}
    template = arguments.get("prompt_template")
    return Settings(
        tool=content["eval_library"]["name"],
        task_version=details.get("task_version", ""),
        shots=details.get("shots", ""),
        chat_template=digest(template) if template else "",
        dataset=result["source_data"]["dataset_name"],
    )


def digest(text: object) -> str:
    """A hash of a text."""
    return hashlib.sha256(json.dumps(text).encode()).hexdigest()[:16]
