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
from .pairs import PairPlace, PairRow, read_verdicts
from .records import Place, Rating, read_ratings

TEMPLATE = Path(__file__).with_name("browser.html")


PEOPLE = "people"  # stands beside the judges, with what annotators said
SIGNS = {  # columns of what was found without a judge (answer.fidelity) -> words
    "wrong_language": "another language",
    "mixed_script": "mixed scripts",
    "loop": "a loop",
    "refusal": "a refusal",
}
SHOWN_FIRST = {"first": "shown first", "second": "shown second"}


class AnswerFiles(NamedTuple):
    """The files of one answer set. `ratings`: judge -> file; `checks`: items of answer.fidelity."""

    place: Place
    answers: Path
    ratings: Mapping[str, Path]
    checks: Path | None = None


class Said(NamedTuple):
    """What people said of answers, as cells of the page: value, None, a line for each person.

    `ratings`: by the place of the answers and question; `pairs`: by that, too, and the other data.
    """

    ratings: Mapping[tuple[Place, str], list[Any]]
    pairs: Mapping[tuple[PairPlace, str], list[Any]]


def place_of_checks(path: Path) -> Place:
    """The answers that a table of answer.fidelity is about: …/fidelity-{questions}/{language}.items.parquet."""
    place = Place.of(path.with_name(f"{path.name.split('.')[0]}.jsonl")).answers
    return place._replace(questions=place.questions.removeprefix("fidelity-"))


def rating_cell(rating: Rating) -> list[Any]:
    """What the page shows of a rating: value, why there is none, the judge's texts."""
    value = None if rating.rating is None else round(rating.rating, 2)
    return [value, rating.unscored, [reply["text"] for reply in rating.replies]]


def verdict_cell(row: PairRow) -> list[Any]:
    """The same of a verdict: -1 to 1 for the own answer, the verdict or why there is none, texts."""
    value = None if row.first is None or row.second is None else row.first + row.second - 1
    texts = [
        f"{SHOWN_FIRST.get(str(one.get('own_shown')), '')}: {one['text']}".removeprefix(": ")
        for one in row.replies
        if one.get("text")
    ]
    return [value, row.verdict or f"unscored ({row.unscored})", texts]


def signs_of(path: Path | None) -> dict[str, list[str]]:
    """What is wrong with answers by question, as far as it was looked for."""
    if path is None:
        return {}
    import polars as pl

    rows = pl.read_parquet(path).to_dicts()
    return {row["item"]: [word for name, word in SIGNS.items() if row.get(name)] for row in rows}


def pair_sets(
    verdicts: Iterable[Path], said: Said | None, ids: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    """Verdicts of judges and people on two conditions, in the order of the questions."""
    found: dict[PairPlace, dict[str, list[Any]]] = {}
    for path in verdicts:
        own = found.setdefault(PairPlace.of(path), {})
        own.update({row.id: verdict_cell(row) for row in read_verdicts(path)})
    for (pair, question), cell in (said.pairs if said else {}).items():
        found.setdefault(pair, {})[question] = cell
    return [
        {
            **place._asdict(),
            "against": against,
            "rows": [rows.get(name) for name in ids[f"{place.questions}/{place.language}"]],
        }
        for (place, against), rows in found.items()
        if f"{place.questions}/{place.language}" in ids
    ]


def answer_rows(files: AnswerFiles, ids: Iterable[str], said: Said | None = None) -> list[Any]:
    """One condition's answers in the order of the questions, with every judge's ratings."""
    signs = signs_of(files.checks)
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
        if said and (cell := said.ratings.get((files.place, name))):
            cells[PEOPLE] = cell
        rows.append([answer["answer"], answer.get("stop"), cells, flags, signs.get(name, [])])
    return rows


def page(study: Mapping[str, Any]) -> str:
    """The page with its data, as `collect` gathers it."""
    text = json.dumps(study, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packed = base64.b64encode(gzip.compress(text.encode("utf-8"), 9, mtime=0)).decode("ascii")
    return TEMPLATE.read_text(encoding="utf-8").replace("@DATA@", packed)


def collect(
    sets: Sequence[AnswerFiles],
    labels: Labels,
    questions: Mapping[str, Path],
    verdicts: Iterable[Path] = (),
    said: Said | None = None,
) -> dict[str, Any]:
    """Gather a study's answers, ratings and verdicts as the JSON of the page.

    `questions`: "set/language" -> file; `said`: what people said.
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
        done.append({**cell, "rows": answer_rows(files, ids[key], said)})
    seeds = len({files.place.seed for files in sets})
    judges = labels["judges"] | ({PEOPLE: "people"} if said else {})
    pairs = pair_sets(verdicts, said, ids)
    return {
        **{**labels, "judges": judges},
        **{"items": items, "sets": done, "pairs": pairs, "seeds": seeds},
    }
