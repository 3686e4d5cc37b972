"""One evaluation on disk: is this its adapter, what do its results depend on, and its score file."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files import read_json, write_json

if TYPE_CHECKING:
    from mothertongue.evaluate.records import Score


def check_adapter(adapter: Path, model: dict[str, Any]) -> None:
    """Refuse an adapter that says it was made for another base (reads no weights)."""
    made_for = read_json(adapter.with_name("adapter_config.json"))
    base = made_for.get("base_model_name_or_path") or model["base"]
    if Path(base).name != Path(model["base"]).name:
        raise InputError(
            f"{adapter.parent}: this adapter was tuned on {base}, not on {model['base']};"
            " remove its folder so that it is made again"
        )


def attach(base: Any, adapter: Path, model: dict[str, Any]) -> Any:
    """Put the adapter on the base; one whose weights do not fit is refused."""
    from mothertongue.inference import models

    try:
        return models.attach_adapter(base, adapter.parent)
    except (RuntimeError, ValueError) as error:
        if "size mismatch" not in str(error) and "not found in the base model" not in str(error):
            raise
        raise InputError(
            f"{adapter.parent}: the weights of this adapter do not fit {model['base']}: it was"
            " tuned on another base of that name; remove its folder so that it is made again"
        ) from None


def store_key(facts: dict[str, Any]) -> str:
    """A file name that changes with everything the results depend on."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_score(
    score: Path,
    items: Path,
    result: "Score",
    rows: list[dict[str, Any]],
    *,
    benchmark: str,
    condition: dict[str, Any],
    provenance: dict[str, Any],
) -> None:
    """Write items, then the score that refers to them."""
    from mothertongue.evaluate.score import write_items

    write_items(items, rows)
    write_json(
        score,
        {
            "benchmark": benchmark,
            "task": result.task,
            "language": result.language,
            "condition": condition,
            **{
                key: value
                for key, value in asdict(result).items()
                if key not in ("task", "language")
            },
            "provenance": provenance,
        },
    )
    main_metric = result.metrics[result.metric]
    print(f"{benchmark} {result.language}: {result.metric} {main_metric['value']:.2f}")
    cut = result.cut
    if cut and cut["requests"]:
        print(f"cut: {cut['requests']} prompts longer than the model, {cut['tokens']} tokens")


def library_versions() -> dict[str, str]:
    """Versions of the libraries that decide prompts and scores."""
    from importlib.metadata import version

    return {name: version(name) for name in ("lm_eval", "datasets")}
