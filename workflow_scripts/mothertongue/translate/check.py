"""Check anyone's translations: prints each row of a JSON Lines file with what is wrong with it.

Columns: source_language and target_language (ISO 639), source and reply (text; null is a reply
that never came), and `finish` where the service said why it stopped. Other columns are kept. Each
row is printed with `problems` (kinds, the worst first), `details`, `hard`, `mended` (kinds of what
could be taken off) and, where something was, the mended `text`. A summary by kind stands on
standard error. Exit status: 1 where a row has a hard fault, 2 where the file cannot be read.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from ..api.types import Reply
from ..errors import InputError
from ..files import read_jsonl
from .checks import check
from .languages import known_code

NEEDED = ("source_language", "target_language", "source", "reply")


def check_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row with what its checks found."""
    found = check(
        row["source"],
        Reply(row["reply"], str(row.get("finish") or "stop")),
        source_language=known_code(row["source_language"]),
        target_language=known_code(row["target_language"]),
    )
    worst = sorted(found.problems, key=lambda problem: -problem.severity)
    told = {
        "problems": list(dict.fromkeys(problem.kind for problem in worst)),
        "details": {problem.kind: problem.detail for problem in worst if problem.detail},
        "hard": found.hard,
        "mended": list(found.mended),
    }
    return {**row, **told, **({"text": found.text} if found.mended else {})}


def main(path: Path) -> tuple[Counter[str], Counter[str], int]:
    """Print every row, checked; returns kinds of problems, kinds mended, and rows at fault."""
    problems: Counter[str] = Counter()
    mended: Counter[str] = Counter()
    hard = flagged = 0
    rows = read_jsonl(path)
    for number, row in enumerate(rows, start=1):
        _require(row, f"{path}, row {number}")
    for row in rows:
        told = check_row(row)
        problems.update(told["problems"])
        mended.update(told["mended"])
        hard += told["hard"]
        flagged += bool(told["problems"])
        print(json.dumps(told, ensure_ascii=False))
    print(
        f"{len(rows)} rows: {hard} with a hard fault, {flagged - hard} with soft faults only",
        file=sys.stderr,
    )
    for name, counts in (("problems", problems), ("mended", mended)):
        listed = ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
        print(f"{name}: {listed or 'none'}", file=sys.stderr)
    return problems, mended, hard


def _require(row: dict[str, Any], where: str) -> None:
    missing = [column for column in NEEDED if column not in row]
    if missing:
        raise InputError(f"{where}: no column {', '.join(missing)}")
    for column in NEEDED[:3]:
        if not isinstance(row[column], str) or not row[column].strip():
            raise InputError(f"{where}: '{column}' is empty or not text")
    if not isinstance(row["reply"], str | None):
        raise InputError(f"{where}: 'reply' is neither text nor null")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m mothertongue.translate.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pairs", type=Path, help="JSON Lines, one translation per line")
    try:
        at_fault = main(parser.parse_args().pairs)[2]
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(1 if at_fault else 0)
