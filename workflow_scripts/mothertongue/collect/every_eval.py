"""Writes evaluations as Every Eval Ever records, the community's format for scores (schema 0.3.0).

One record per evaluation: `data/{benchmark}/{developer}/{model}/{id}.json` with a result per metric, and
`{id}_samples.jsonl` with a row per item and metric. Texts of items are not written, since their licences
may not allow it: a row holds the hash of the prompt.
"""

import hashlib
import json
import math
import re
import uuid
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import file_hash, read_json, write_json, write_jsonl

SCHEMA = "0.3.0"
DEVELOPER = "local"  # of a model that the study built or that lies in a folder
BINARY = {"acc", "em", "include", "exact_match", "acc_norm"}
UNPORTABLE = re.compile(r"[^A-Za-z0-9._-]+")


def write_record(score: Path, folder: Path) -> Path:
    """Write the record of one score file below a folder; the path of its JSON file."""
    content = read_json(score)
    try:
        own_id = identity_of(content)
        model = model_of(content)
        developer, name = model["id"].split("/", 1)
        beside = f"data/{portable(content['benchmark'])}/{developer}/{name}/{own_id}"
        rows = samples_of(score, content, own_id, model["id"])
    except KeyError as error:
        raise InputError(f"{score}: no {error} in this score file; evaluate again") from None
    samples = folder / f"{beside}_samples.jsonl"
    write_jsonl(samples, rows)
    record = {
        "schema_version": SCHEMA,
        "evaluation_id": own_id,
        "retrieved_timestamp": str(int(score.stat().st_mtime)),
        "source_metadata": {
            "source_name": "mothertongue",
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "third_party",
        },
        "eval_library": library_of(content),
        "model_info": model,
        "evaluation_results": [result_of(content, metric, own_id) for metric in content["metrics"]],
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": f"{beside}_samples.jsonl",
            "hash_algorithm": "sha256",
            "checksum": file_hash(samples),
            "total_rows": len(rows),
        },
    }
    path = folder / f"{beside}.json"
    write_json(path, record)
    return path


def identity_of(content: dict[str, Any]) -> str:
    """An id that is the same whenever the same score is written."""
    provenance = content.get("provenance") or {}
    which = [content[name] for name in ("benchmark", "language", "condition", "metrics", "version")]
    text = json.dumps([which, provenance.get("adapter"), provenance.get("task")], sort_keys=True)
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def portable(name: str) -> str:
    """A name as one part of a path."""
    return UNPORTABLE.sub("-", name).strip("-.") or "unnamed"


def model_of(content: dict[str, Any]) -> dict[str, Any]:
    """The model: its base, and the condition that it was tuned on."""
    condition, provenance = content["condition"], content.get("provenance") or {}
    base = str(provenance.get("base") or condition["model"])
    on_hub = base.count("/") == 1 and not base.startswith((".", "/"))
    developer, name = base.split("/") if on_hub else (DEVELOPER, condition["model"])
    parts = [str(condition[k]) for k in ("data", "scope", "lr", "seed")]
    tuned = condition["data"] != "base"
    full = portable("-".join([name, *parts]) if tuned else name)
    details = {f"condition_{key}": str(value) for key, value in condition.items()}
    for key in ("revision", "adapter", "quantisation", "dtype", "template"):
        if provenance.get(key):
            details[key] = str(provenance[key])
    engine = provenance.get("engine") or {}
    return {
        "name": full,
        "id": f"{portable(developer)}/{full}",
        "developer": portable(developer),
        "inference_engine": {
            "name": str(engine.get("name", "transformers")),
            "version": str(engine.get("version", "unknown")),
        },
        "additional_details": {
            "deployment_type": "self_deployed",
            "model_availability": "open_weights" if on_hub and not tuned else "unknown",
            "base": base,
            **details,
        },
    }


def library_of(content: dict[str, Any]) -> dict[str, Any]:
    """What evaluated: lm-eval's tasks, read by this workflow."""
    versions = (content.get("provenance") or {}).get("versions") or {}
    return {
        "name": "lm_eval",
        "version": str(versions.get("lm_eval", "unknown")),
        "additional_details": {"workflow": "mothertongue"},
    }


def result_of(content: dict[str, Any], metric: str, own_id: str) -> dict[str, Any]:
    """One metric of an evaluation."""
    value, unit = content["metrics"][metric], content["unit"].get(metric)
    percent = unit == "%"
    uncertainty: dict[str, Any] = {"num_samples": int(value["n"])}
    if value.get("stderr") is not None and math.isfinite(value["stderr"]):
        uncertainty["standard_error"] = {"value": value["stderr"], "method": "analytic"}
    data = ", ".join(map(str, (content.get("data") or {}).values()))
    return {
        "evaluation_result_id": f"{own_id}-{portable(metric)}",
        "evaluation_name": content["benchmark"],
        "source_data": {
            "dataset_name": str(content["task"]),
            "source_type": "other",
            "additional_details": {"read_from": data or "unknown"},
        },
        "metric_config": {
            "metric_id": metric,
            "metric_name": metric,
            "metric_unit": "percent" if percent else str(unit or "unknown"),
            "lower_is_better": not content["higher_is_better"][metric],
            "score_type": "continuous",
            "min_score": 0 if percent else "-Infinity",
            "max_score": 100 if percent else "Infinity",
            "additional_details": {
                "language": content["language"],
                "seed": str(content["condition"]["seed"]),
                "shots": str(content.get("shots")),
                "task_version": str(content.get("version")),
                "main": str(metric == content["metric"]).lower(),
            },
        },
        "score_details": {"score": value["value"], "uncertainty": uncertainty},
    }


def samples_of(
    score: Path, content: dict[str, Any], own_id: str, model: str
) -> list[dict[str, Any]]:
    """A row per item and metric; metrics of groups of items have none."""
    import polars as pl

    table = score.with_suffix(".items.parquet")
    if not table.is_file():
        raise InputError(f"{score}: its items, {table.name}, are missing; evaluate again")
    items = pl.read_parquet(table)
    metrics = [name for name in content["metrics"] if name in items.columns]
    found = []
    for row in items.iter_rows(named=True):
        prediction = str(row.get("prediction") or "")
        for metric in metrics:
            found.append(
                {
                    "schema_version": SCHEMA,
                    "evaluation_id": own_id,
                    "model_id": model,
                    "evaluation_name": content["benchmark"],
                    "evaluation_result_id": f"{own_id}-{portable(metric)}",
                    "sample_id": row["item"],
                    "sample_hash": row["item"],
                    "interaction_type": "single_turn",
                    "input": {
                        "raw": f"sha256 of the prompt: {row.get('prompt_hash') or 'unknown'}",
                        "reference": [str(row.get("target") or "")],
                    },
                    "output": {"raw": [prediction]},
                    "answer_attribution": [
                        {
                            "turn_idx": 0,
                            "source": "output.raw",
                            "extracted_value": prediction,
                            "extraction_method": "custom",
                            "is_terminal": True,
                        }
                    ],
                    "evaluation": {
                        "score": float(row[metric]),
                        "is_correct": metric in BINARY and row[metric] == 1,
                    },
                    "metadata": {
                        "cluster": str(row.get("cluster") or row["item"]),
                        "prompt_hash": str(row.get("prompt_hash") or ""),
                    },
                }
            )
    return found
