"""The register of departures from the paper: resources/published/departures.yaml, typed and checked.

Knows what the paper states, what this workflow does, why, and how large the effect is; not how a page
shows it (report/departures.py).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError

TOPICS = ("benchmark", "metric", "data", "recipe", "judge", "paper")
DATA = ("native", "translated", "roundtrip")  # kinds of training data, as in about.json
SCOPES = ("mono", "multi")
LISTS = ("benchmarks", "metrics", "languages", "data", "scopes", "keys", "files")


@dataclass(frozen=True)
class Departure:
    """One row of the register.

    `short` are the few words for a table's cell. `benchmarks` to `scopes` say which scores the row
    concerns; an empty one stands for all. `benchmarks` are names of about.json, `keys` of the schema
    (`*` stands for a name), `files` are relative to the repository's root. `section` is where the paper
    states it, or none.
    """

    id: str
    topic: str
    short: str
    paper: str
    section: str
    ours: str
    why: str
    effect: str
    benchmarks: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def general(self) -> bool:
        """Whether it concerns every score of a study."""
        return not any((self.benchmarks, self.metrics, self.languages, self.data, self.scopes))

    def concerns(
        self, benchmark: str, metric: str, language: str, data: str, scope: str = ""
    ) -> bool:
        """Whether it concerns a score; `data` is the kind of training data, an empty `scope` any."""
        wanted = (
            (self.benchmarks, benchmark),
            (self.metrics, metric),
            (self.languages, language),
            (self.data, data),
        )
        in_scope = not (self.scopes and scope) or scope in self.scopes
        return in_scope and all(not known or value in known for known, value in wanted)


def read_departures(path: Path) -> list[Departure]:
    """The register's rows, in its order; an unknown field or topic is an `InputError`."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    rows = [_departure(entry, path) for entry in content or []]
    names = [row.id for row in rows]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"{path}: two rows have the id '{twice}'")
    return rows


def _departure(entry: Any, path: Path) -> Departure:
    name = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        raise InputError(f"{path}: a row without id")
    known = {field.name for field in fields(Departure)}
    texts = known - set(LISTS)
    wrong = sorted(set(entry) - known)
    empty = sorted(t for t in texts if not isinstance(entry.get(t), str) or not entry[t].strip())
    if wrong or empty:
        told = [f"unknown {', '.join(wrong)}"] * bool(wrong) + [
            f"no text in {', '.join(empty)}"
        ] * bool(empty)
        raise InputError(f"{path}: {name}: {'; '.join(told)}")
    if entry["topic"] not in TOPICS:
        raise InputError(f"{path}: {name}: topic is none of {', '.join(TOPICS)}")
    values: dict[str, Any] = {key: " ".join(entry[key].split()) for key in texts}
    values |= {key: tuple(entry.get(key, ())) for key in LISTS}
    return Departure(**values)


def dangling(
    rows: Iterable[Departure],
    root: Path,
    *,
    keys: Iterable[str],
    benchmarks: Iterable[str],
    metrics: Iterable[str],
) -> list[str]:
    """One line for each file, key, benchmark, metric or kind that a row names and that is not there.

    `keys` are those of the schema, with `*` for a name (evaluate.benchmarks.*.kind).
    """
    known_keys = [re.compile(re.escape(key).replace(r"\*", r"[^.]+") + r"(\..*)?") for key in keys]
    known = {
        "benchmark": set(benchmarks),
        "metric": set(metrics),
        "kind of data": set(DATA),
        "scope": set(SCOPES),
    }
    lines = []
    for row in rows:
        lines += [f"{row.id}: no file {f}" for f in row.files if not (root / f).is_file()]
        lines += [
            f"{row.id}: no key {key}"
            for key in row.keys
            if not any(pattern.fullmatch(key) for pattern in known_keys)
        ]
        named = zip(known, (row.benchmarks, row.metrics, row.data, row.scopes), strict=True)
        for what, values in named:
            lines += [f"{row.id}: no {what} {v}" for v in values if v not in known[what]]
    return lines
