"""Reads back what annotators return: CSV, JSON Lines, exports of Label Studio and Argilla.

A file may be partial: rows without a label are left out. Anything else that is not understood is one
line that names the file and the row.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..files import read_jsonl, read_text
from .records import Item, Label

WHERE = "an export of Label Studio (JSON or JSON-MIN) or of Argilla (records.json)"


class Said(NamedTuple):
    """A label as a file has it; `where` names the file and row."""

    where: str
    item: object
    annotator: object
    label: object


def said_in(path: Path) -> Iterator[Said]:
    """Every label of a file, by its ending."""
    if path.suffix == ".csv":
        yield from _csv(path)
    elif path.suffix == ".jsonl":
        for number, row in enumerate(read_jsonl(path), start=1):
            yield _row(f"{path}, row {number}", row)
    elif path.suffix == ".json":
        yield from _json(path)
    else:
        raise InputError(
            f"{path}: a file of labels ends in .csv, .jsonl or .json (Label Studio, Argilla)"
        )


def _row(where: str, row: Mapping[str, Any]) -> Said:
    if "item" not in row or "label" not in row:
        raise InputError(
            f"{where}: needs item and label; it has {', '.join(map(str, row)) or 'nothing'}"
        )
    return Said(where, row["item"], row.get("annotator"), row["label"])


def _csv(path: Path) -> Iterator[Said]:
    text = read_text(path)
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(
        io.StringIO(text), delimiter=";" if ";" in head and "," not in head else ","
    )
    try:
        for number, row in enumerate(reader, start=2):
            yield _row(f"{path}, row {number}", {k: v for k, v in row.items() if k})
    except csv.Error as error:
        raise InputError(f"{path}: no readable CSV ({error}); save it as CSV in UTF-8") from None


def _json(path: Path) -> Iterator[Said]:
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON ({error}); export it again") from None
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise InputError(f"{path}: not a list of objects; {WHERE} is wanted")
    for number, row in enumerate(content, start=1):
        where = f"{path}, task {number}"
        try:
            if "annotations" in row:
                yield from _label_studio(where, row)
            elif "responses" in row:
                yield from _argilla(where, row)
            elif "label" in row or "annotator" in row:  # JSON-MIN; a skipped task has no label
                # Label Studio puts the number of a user in the place of `annotator`
                who = row.get("asked_of") or row.get("annotator")
                yield _row(where, {"label": None, **row, "annotator": who})
            else:
                raise InputError(f"{where}: neither annotations nor responses; {WHERE} is wanted")
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise InputError(f"{where}: not understood ({error!r}); {WHERE} is wanted") from None


def _label_studio(where: str, task: Mapping[str, Any]) -> Iterator[Said]:
    for one in task["annotations"]:
        for result in one["result"]:
            if one.get("was_cancelled") or result.get("from_name") != "label":
                continue
            who = task["data"].get("annotator") or one.get("completed_by")
            yield Said(where, task["data"]["item"], who, result["value"]["choices"][0])


def _argilla(where: str, record: Mapping[str, Any]) -> Iterator[Said]:
    told = record.get("metadata") or {}
    for one in (record["responses"] or {}).get("label") or []:
        if one.get("status", "submitted") in (None, "submitted"):
            who = told.get("annotator") or one.get("user_id")
            yield Said(where, told.get("item") or record["id"], who, one["value"])


def labels_of(paths: Sequence[Path], key: Mapping[str, Item]) -> list[Label]:
    """Every label of the files, with its condition; what a person says of an item counts once."""
    found: dict[tuple[str, str], Label] = {}
    people = {who.casefold(): who for item in key.values() for who in item.annotators}
    for path in paths:
        for said in said_in(path):
            text = "" if said.label is None else str(said.label).strip()
            if not text:
                continue
            item = key.get(str(said.item).strip())
            if item is None:
                raise InputError(
                    f"{said.where}: item {said.item!r} is not in the key of this export"
                )
            choice = _choice(text, item)
            if choice is None:
                raise InputError(
                    f"{said.where}: label {text!r} of item {item.id} is none of {', '.join(item.labels)}"
                )
            who = _who(said, item, path.stem.split(".")[0], people)
            label = Label.of(item, who, choice)
            before = found.setdefault((item.id, who), label)
            if before.choice != choice:
                raise InputError(
                    f"{said.where}: {who} labels item {item.id} {choice}, and {before.choice} elsewhere;"
                    " keep one of the two"
                )
    return list(found.values())


def _who(said: Said, item: Item, stem: str, people: Mapping[str, str]) -> str:
    """Whose label it is: as the row says; without a name, by the file, or who alone was asked.

    A tool may put the number of one of its users in the place of a name. `people`: the names of this
    export by themselves in lower case.
    """
    name = str(said.annotator or "").strip()
    if name.casefold() in people:
        return people[name.casefold()]
    if not name or name.isdecimal():
        if stem.casefold() in people:
            return people[stem.casefold()]
        if len(item.annotators) == 1:
            return item.annotators[0]
    raise InputError(
        f"{said.where}: annotator {name or stem!r} is none of {', '.join(sorted(people.values()))}, who were"
        " asked (judge.people.annotators); correct the name in the file"
    )


def _choice(text: str, item: Item) -> str | None:
    """A label as we write it: `4.0` of a spreadsheet is 4, `a` is A."""
    plain = text.removesuffix(".0") if item.b is None else text
    known = {label.casefold(): label for label in item.labels}
    return known.get(plain.casefold())
