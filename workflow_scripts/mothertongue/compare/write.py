"""Writes a comparison as a page, as JSON or as CSV, by the name of the file."""

import json
from pathlib import Path

from ..files import atomic
from .results import Comparison


def write(path: Path, comparison: Comparison) -> None:
    """Write the file, whole or not at all."""
    if path.suffix == ".csv":
        with atomic(path) as temporary:
            comparison.frame().write_csv(temporary)
        return
    if path.suffix == ".html":
        from .page import page

        text = page(comparison)
    else:
        text = json.dumps(comparison.as_json(), ensure_ascii=False, indent=1) + "\n"
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
