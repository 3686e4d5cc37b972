"""What about.json says of benchmarks, models and missing scores, once the score files are there.

The description is the content of a JSON file; `correlate.facts` reads it as records.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from .rows import Key, ScoreRow


def describe_benchmark(about: dict[str, Any], content: Mapping[str, Any]) -> None:
    """Add what a score file says of its benchmark (units, chance, items) to the description."""
    about.setdefault("metrics", list(content["metrics"]))
    main = content.get("metric")
    if main in about["metrics"]:
        about["metrics"].sort(key=lambda name: name != main)
    about.setdefault("units", content.get("unit", {}))
    about.setdefault("higher", content.get("higher_is_better", {}))
    about.setdefault("chance", content.get("chance"))
    levels = about.setdefault("chance_levels", {})
    levels.setdefault(content["language"], content.get("chance_levels") or {})
    about.setdefault("version", content.get("version"))
    about.setdefault("shots", content.get("shots"))
    items = about.setdefault("items", {})
    items[content["language"]] = max(items.get(content["language"], 0), content.get("n", 0))


def describe_provenance(models: dict[str, Any], model: str, content: Mapping[str, Any]) -> None:
    """Keep what the scores of a model were made with, each distinct value once."""
    provenance = content.get("provenance") or {}
    made = models.setdefault(model, {}).setdefault("provenance", {})
    for name in ("base", "revision", "quantisation", "dtype", "template", "versions"):
        value = provenance.get(name)
        if value is not None and value not in made.setdefault(name, []):
            made[name].append(value)


def missing_lines(
    rows: Iterable[ScoreRow], reasons: Mapping[Key, str], describe: Mapping[str, Any]
) -> list[str]:
    """What has no score and why: each test and reason once, with its languages and number of sets."""
    found: dict[tuple[str, str], dict[Key, str]] = {}
    for row in rows:
        if row.score is not None and math.isfinite(row.score):
            continue
        benchmark, judge = row.key.benchmark, row.key.judge
        label = describe["benchmarks"].get(benchmark, {}).get("label", benchmark)
        if judge:
            label += f", judge {describe['judges'].get(judge, {}).get('label', judge)}"
        reason = reasons.get(row.key, "no item was scored")
        found.setdefault((label, reason), {})[row.key] = row.key.language
    return [
        f"{label} ({', '.join(dict.fromkeys(sets.values()))}): {reason},"
        f" {len(sets)} {'sets' if len(sets) > 1 else 'set'} without a score"
        for (label, reason), sets in found.items()
    ]
