"""All answers of a study in one self-contained page: data, style and script inside, no network.

Texts travel as compressed JSON and are only ever set as text, so nothing that a model writes can
become markup or script.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..files import read_jsonl
from .labels import Labels
from .records import Place, Rating, read_ratings

TEMPLATE = Path(__file__).with_name("browser.html")


class AnswerFiles(NamedTuple):
    """The files of one answer set. `ratings`: judge -> file."""

    place: Place
    answers: Path
    ratings: Mapping[str, Path]


def rating_cell(rating: Rating) -> list[Any]:
    """What the page shows of a rating: value, why there is none, the judge's texts."""
    value = None if rating.rating is None else round(rating.rating, 2)
    return [value, rating.unscored, [reply["text"] for reply in rating.replies]]


def answer_rows(files: AnswerFiles, ids: Iterable[str]) -> list[Any]:
    """One condition's answers in the order of the questions, with every judge's ratings."""
    by_judge = {
        judge: {one.id: one for one in read_ratings(path)} for judge, path in files.ratings.items()
    }
    by_id = {row["id"]: row for row in read_jsonl(files.answers)}
    rows: list[Any] = []
    for name in ids:
        answer = by_id.get(name)
        if answer is None:
            rows.append(None)
            continue
        rated = {judge: known[name] for judge, known in by_judge.items() if name in known}
        flags = sorted({flag for one in rated.values() for flag in one.flags})
        cells = {judge: rating_cell(one) for judge, one in rated.items()}
        rows.append([answer["answer"], answer.get("stop"), cells, flags])
    return rows


def page(study: Mapping[str, Any]) -> str:
    """The page with its data, as `collect` gathers it."""
    text = json.dumps(study, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packed = base64.b64encode(gzip.compress(text.encode("utf-8"), 9, mtime=0)).decode("ascii")
    return TEMPLATE.read_text(encoding="utf-8").replace("@DATA@", packed)


def collect(
    sets: Sequence[AnswerFiles], labels: Labels, questions: Mapping[str, Path]
) -> dict[str, Any]:
    """Gather a study's answers and ratings as the JSON of the page.

    `questions`: "set/language" -> file.
    """
    items = {key: read_jsonl(path) for key, path in sorted(questions.items())}
    ids = {key: [row["id"] for row in rows] for key, rows in items.items()}
    done = []
    for files in sets:
        key = f"{files.place.questions}/{files.place.language}"
        if key not in ids:
            raise InputError(f"{files.answers}: its question set {key} is missing")
        cell = files.place._asdict()
        del cell["judge"]
        done.append({**cell, "rows": answer_rows(files, ids[key])})
    seeds = len({files.place.seed for files in sets})
    return {**labels, "items": items, "sets": done, "seeds": seeds}
