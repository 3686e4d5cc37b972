"""Probes of a judge: questions with an answer that should win, and what a judge says of them.

Ours (resources/probes) hold five kinds per question; a file in the columns of M-RewardBench (prompt,
chosen, rejected, language; subset, id) can be given instead. A judge that rates is right where it rates
the chosen answer higher; a pairwise judge is asked in both orders.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from ..errors import InputError
from ..files import existing_files, load_yaml, read_json_rows
from ..study.judging import PROBES
from ..translate.languages import known_code
from .records import Item, Rated

KINDS = ("wrong", "cut", "other", "padding", "order")
TEXTS = ("id", "question", "right", *(kind for kind in KINDS if kind != "cut"))
FAILS = "fails probes"
PASSING = 0.7  # accuracy below which a judge is marked wherever it is shown
CUT = 0.5  # of a right answer: what is left of it


@dataclass(frozen=True, slots=True)
class Probe:
    """One question with two answers. `group`: probes of one group share the question."""

    id: str
    language: str
    kind: str
    group: str
    prompt: str
    chosen: str
    rejected: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a judge says of one probe.

    `right`: 1 where the chosen answer wins, .5 for a tie; of a pairwise judge the mean of both orders.
    `first`: how often the answer shown first wins. `longer`: 1 where the longer answer wins. None: no
    reply that can be read.
    """

    id: str
    language: str
    kind: str
    group: str
    right: float | None
    first: float | None
    longer: float | None
    longer_is_right: float | None

    @classmethod
    def of(cls, probe: Probe, right: float | None, first: float | None) -> "Result":
        """From how often the chosen and the first answer win."""
        a, b = len(probe.chosen), len(probe.rejected)
        longer = None if right is None or a == b else right if a > b else 1 - right
        truth = None if longer is None else float(a > b)
        return cls(probe.id, probe.language, probe.kind, probe.group, right, first, longer, truth)


def half(text: str) -> str:
    """The first half of a text: an answer that breaks off."""
    return text[: max(1, round(CUT * len(text)))].rstrip()


def our_probes(path: Path) -> list[Probe]:
    """The probes of a file of resources/probes."""
    rows = load_yaml(path)
    found = []
    for number, row in enumerate(rows if isinstance(rows, list) else [{}], start=1):
        absent = [name for name in TEXTS if not isinstance(row.get(name), str) or not row[name]]
        if absent:
            raise InputError(f"{path}, entry {number}: {', '.join(absent)} missing (a text each)")
        worse = {kind: row.get(kind, "") for kind in KINDS}
        worse |= {"cut": half(row["right"]), "padding": f"{row['right']} {row['padding']}"}
        found += [
            Probe(
                f"{row['id']}-{kind}",
                path.stem,
                kind,
                row["id"],
                row["question"],
                row["right"],
                text,
            )
            for kind, text in worse.items()
        ]
    return found


def given_probes(path: Path, language: str) -> list[Probe]:
    """The probes in one language of a file in the columns of M-RewardBench: JSON Lines, JSON or parquet."""
    rows = _rows(path)
    found = []
    for number, row in enumerate(rows, start=1):
        texts = [row.get(name) for name in ("prompt", "chosen", "rejected", "language")]
        if not all(isinstance(text, str) and text for text in texts):
            raise InputError(
                f"{path}, row {number}: needs prompt, chosen, rejected and language, a text each"
                " (judge.probe.path)"
            )
        prompt, chosen, rejected, code = map(str, texts)
        if known_code(code) == language:
            name = str(row.get("id", number))
            kind = str(row.get("subset") or row.get("category") or "given")
            found.append(Probe(f"{name}-{number}", language, kind, name, prompt, chosen, rejected))
    return found


def _rows(path: Path) -> Sequence[Mapping[str, Any]]:
    if path.suffix == ".parquet":
        import polars as pl

        try:
            return pl.read_parquet(path).to_dicts()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputError(f"{path}: no readable parquet ({error})") from None
    return read_json_rows(path)


def files_of(language: str, path: str | None) -> list[Path]:
    """The files of probes in a language: ours, if there is one, or those of judge.probe.path."""
    if path:
        named = path.replace("{language}", language)
        return [Path(name) for name in existing_files(named)] or [Path(named)]
    own = PROBES / f"{language}.yaml"
    return [own] if own.is_file() else []


def read_probes(paths: Sequence[Path], language: str) -> list[Probe]:
    """The probes of files in a language; none is an `InputError`."""
    found: list[Probe] = []
    for path in paths:
        found += our_probes(path) if path.suffix == ".yaml" else given_probes(path, language)
    if not found:
        raise InputError(f"{paths[0]}: no probe in '{language}' (judge.probe.path)")
    return found


def asked(probes: Sequence[Probe], *, pairwise: bool) -> list[Item]:
    """What the judge is asked: each answer once, or each pair in both orders."""
    if pairwise:
        return [
            Item(f"{one.id}-{n}", one.prompt, a, answer_b=b, language=one.language)
            for one in probes
            for n, (a, b) in enumerate(((one.chosen, one.rejected), (one.rejected, one.chosen)))
        ]
    answers = dict.fromkeys((one.prompt, text, one.language) for one in probes for text in (one.chosen, one.rejected))  # fmt: skip
    return [
        Item(f"answer-{n}", prompt, text, language=language)
        for n, (prompt, text, language) in enumerate(answers)
    ]


def results(
    probes: Sequence[Probe], items: Sequence[Item], rated: Sequence[Rated], *, pairwise: bool
) -> list[Result]:
    """What the judge's replies say of each probe."""
    said = [_mean(one) for one in rated]
    if pairwise:
        return list(_of_pairs(probes, said))
    marks = {(item.prompt, item.answer): mark for item, mark in zip(items, said, strict=True)}
    found = []
    for one in probes:
        a, b = marks[one.prompt, one.chosen], marks[one.prompt, one.rejected]
        right = None if a is None or b is None else float(a > b) if a != b else 0.5
        found.append(Result.of(one, right, None))
    return found


def _of_pairs(probes: Sequence[Probe], said: Sequence[float | None]) -> Iterator[Result]:
    for number, one in enumerate(probes):
        chosen_first, rejected_first = said[2 * number], said[2 * number + 1]
        if chosen_first is None or rejected_first is None:
            yield Result.of(one, None, None)
        else:
            right = (chosen_first + 1 - rejected_first) / 2
            yield Result.of(one, right, (chosen_first + rejected_first) / 2)


def _mean(rated: Rated) -> float | None:
    """The mean of the repeats: a rating, or how often the first answer is preferred (1, .5 or 0)."""
    values = [reply.rating for reply in rated.replies if reply.rating is not None]
    return fmean(values) if values else None


@dataclass(frozen=True, slots=True)
class Trial:
    """How a judge does in one language (None: in all), over one kind of probes (None: over all).

    `accuracy` with its interval over questions; `length`: how much more often the longer answer wins
    than is right; `position`: how much more often than half the answer shown first wins.
    """

    judge: str
    language: str | None
    kind: str | None
    probes: int
    unread: int
    accuracy: float
    low: float
    high: float
    length: float | None
    position: float | None
    passes: bool


def trials(judge: str, found: Sequence[Result], confidence: float) -> list[Trial]:
    """Rows of a judge: all together, by language, and by language and kind."""
    groups: dict[tuple[str | None, str | None], list[Result]] = defaultdict(list)
    for one in found:
        for place in ((None, None), (one.language, None), (one.language, one.kind)):
            groups[place].append(one)
    return [_trial(judge, place, own, confidence) for place, own in groups.items()]


def _trial(
    judge: str, place: tuple[str | None, str | None], own: Sequence[Result], confidence: float
) -> Trial:
    from ..correlate.statistics import mean_interval

    read = [one for one in own if one.right is not None]
    by_question: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in read:
        by_question[one.language, one.group].append(one.right or 0.0)
    interval = mean_interval([fmean(values) for values in by_question.values()], confidence)
    accuracy = fmean(one.right or 0.0 for one in read) if read else 0.0
    longer = [one.longer - one.longer_is_right for one in read if one.longer is not None and one.longer_is_right is not None]  # fmt: skip
    first = [one.first - 0.5 for one in read if one.first is not None]
    return Trial(
        judge,
        *place,
        len(own),
        len(own) - len(read),
        accuracy,
        max(0.0, interval.low),
        min(1.0, interval.high),
        fmean(longer) if longer else None,
        fmean(first) if first else None,
        accuracy >= PASSING,
    )


def warnings(rows: Sequence[Trial]) -> dict[str, str]:
    """Judge -> words beside its name wherever it is shown, for judges below PASSING in a language."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.language is not None and row.kind is None and not row.passes:
            found[row.judge].append(f"{row.language} {100 * row.accuracy:.0f} %")
    return {judge: f" ({FAILS}: {', '.join(words)})" for judge, words in found.items()}
