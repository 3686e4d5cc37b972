"""Say which of two or more runs is better, from the logs that evaluations leave.

    python -m mothertongue.compare A B [C …] [--margin 2] [--out page.html]

A and B are files or folders: lm-evaluation-harness with --log_samples, Inspect, lighteval details,
Every Eval Ever records, score files of a study, CSV or JSON Lines with item and score. Exit status 2:
logs that are broken, have nothing in common or are of different tests, said in one line.
"""

import argparse
import json
import sys
from pathlib import Path

from ..errors import InputError
from .frames import MARGIN, compare_logs


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line, or these words of one."""
    parser = argparse.ArgumentParser(
        prog="python -m mothertongue.compare",
        description="Compare evaluation logs: paired differences with intervals and verdicts.",
    )
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="file or folder of logs, or NAME=PATH"
    )
    parser.add_argument(
        "--margin", action="append", default=[], metavar="[METRIC=]NUMBER",
        help=f"smallest difference that matters, in points of 100 (default: {MARGIN:g}) or by metric",
    )  # fmt: skip
    parser.add_argument(
        "--confidence", type=float, default=0.95, help="of intervals (default: 0.95)"
    )
    parser.add_argument("--tasks", nargs="+", default=[], help="only these tasks")
    parser.add_argument(
        "--metrics", nargs="+", default=[],
        help="these metrics, or all (default: the first of each task)",
    )  # fmt: skip
    parser.add_argument(
        "--anyway", action="store_true", help="compare different tests all the same"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--out", type=Path, help="write a page (.html) or the results (.json, .csv)"
    )
    return parser.parse_args(words)


def margins_of(words: list[str]) -> dict[str, float]:
    """`2` and `rating=0.2` as numbers by metric; "" is for points of 100."""
    found = {"": MARGIN}
    for word in words:
        metric, sign, text = word.rpartition("=")
        try:
            found[metric if sign else ""] = float(text)
        except ValueError:
            raise InputError(f"--margin {word}: give a number, or METRIC=NUMBER") from None
    return found


def named(word: str) -> tuple[str, str]:
    """`base=runs/a` as a name and a path; the name is empty where there is none."""
    name, sign, path = word.partition("=")
    return (name, path) if sign and not Path(word).exists() else ("", word)


def main(words: list[str] | None = None) -> int:
    """Compare, print, write; the exit status."""
    given = arguments(words)
    try:
        if not 0.5 < given.confidence < 1:
            raise InputError(f"--confidence {given.confidence:g}: give a number between 0.5 and 1")
        if given.out and given.out.suffix not in (".html", ".json", ".csv"):
            raise InputError(f"--out {given.out}: give a name that ends in .html, .json or .csv")
        pairs = [named(word) for word in given.runs]
        names = [name for name, _ in pairs]
        comparison = compare_logs(
            [path for _, path in pairs],
            names=names if all(names) else (),
            margin=margins_of(given.margin),
            confidence=given.confidence,
            metrics=given.metrics,
            tasks=given.tasks,
            anyway=given.anyway,
        )
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if given.out:
        from .write import write

        write(given.out, comparison)
    if given.json:
        print(json.dumps(comparison.as_json(), ensure_ascii=False, indent=1))
    else:
        from .terminal import show

        show(comparison, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
