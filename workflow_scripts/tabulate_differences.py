"""Tabulate what else differed between conditions: rows, answer tokens, steps, what was cut.

A gap between two conditions may come from any of these; the report shows them beside a verdict.
One line per adapter, from the provenance that fine-tuning writes; docs/results.md explains the columns.
"""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mothertongue.files import atomic, read_json
from mothertongue.process.log import log_to

COLUMNS = ("model", "data", "scope", "lr", "learning_rate", "seed", "rows", "dropped_rows")
COLUMNS += ("cut_rows", "trained_rows", "truncated_rows", "answer_tokens", "tokens", "steps")
COLUMNS += ("epochs", "best_epoch", "answer_tokens_seen", "validation_rows", "equal")


def difference(provenance: dict[str, Any]) -> dict[str, Any]:
    """The line of one adapter."""
    condition, training = provenance["condition"], provenance["training"]
    lost = training["dropped_rows"] + training["kept_rows"]
    return {
        **{key: condition[key] for key in ("model", "data", "scope", "lr")},
        "learning_rate": provenance["recipe"]["learning_rate"],
        "seed": int(condition["seed"]),
        "rows": training["rows"],
        "dropped_rows": training["dropped_rows"],
        "cut_rows": training["rows"] - lost,
        "trained_rows": training["kept_rows"],
        "truncated_rows": training["truncated_rows"],
        "answer_tokens": training["supervised_tokens"],
        "tokens": training["tokens"],
        "steps": provenance["steps"],
        "epochs": provenance["epochs"],
        "best_epoch": provenance["best_epoch"],
        "answer_tokens_seen": provenance["supervised_tokens"],
        "validation_rows": provenance["validation"]["rows"],
        "equal": (provenance.get("equal") or {}).get("kind", ""),
    }


def main(*, provenances: Iterable[Path], table: Path) -> None:
    """Write one line per adapter, in the order of `provenances`."""
    with atomic(table) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(difference(read_json(path)) for path in provenances)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            provenances=[Path(path) for path in snakemake.input],
            table=Path(snakemake.output[0]),
        )
