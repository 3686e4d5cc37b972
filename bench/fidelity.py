"""How often good answers are blamed by the checks without a judge, by language.

    python bench/fidelity.py shared/data/aya/aya_dataset.parquet --rows 1000

Answers that people wrote in Aya's columns are looked at as if a model had given them. Rows that are
labelled with a wrong language count as mistakes here, so that the rates are upper bounds; --show
prints the blamed answers, for readers.
"""

import argparse
from collections import Counter
from pathlib import Path

import polars as pl
from mothertongue.answer.fidelity import METRICS, fidelity
from mothertongue.translate.languages import known_code

BLAMED = [name for name in METRICS if name not in ("language_fidelity", "cut_off")]


def main(path: Path, rows: int, show: bool) -> None:
    """Print a line per language: per cent of answers with each fault."""
    print(f"{'language':10}{'answers':>8}" + "".join(f"{name:>16}" for name in BLAMED))
    table = pl.read_parquet(path).select("language_code", "inputs", "targets")
    for (code,), part in table.group_by("language_code", maintain_order=True):
        part = part.sample(min(rows, part.height), seed=1)
        language, counts = known_code(str(code)), Counter[str]()
        for prompt, answer in part.select("inputs", "targets").iter_rows():
            found = fidelity(prompt, answer, language)
            faults = {name for name, value in found.scores().items() if value}
            counts.update(faults)
            if show and faults - {"language_fidelity", "untold"}:
                print(f"  {sorted(faults)} {found.language}: {answer[:100]!r}")
        shares = (f"{100 * counts[name] / part.height:16.2f}" for name in BLAMED)
        print(f"{language:10}{part.height:8}" + "".join(shares), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    main(arguments.path, arguments.rows, arguments.show)
