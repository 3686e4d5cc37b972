"""Calls of translators and judges: counted from the very requests, or projected from their sources."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ..api import Ask, Price, Store, request_key
from ..api.forecast import answered, further_calls
from ..api.prices import prompt_of, tokens_of
from ..judge import open_judge
from ..judge.pairs import asked_items, meetings
from ..judge.probes import asked, read_probes
from ..judge.prompt import judge_prompt
from ..judge.records import Item, read_items
from ..judge.settings import JudgeCalls, JudgeSpec
from ..sample.rows import iterate_rows
from ..translate import make_translator
from ..translate.languages import weight
from ..translate.rows import RowTranslator
from ..translate.settings import Languages, TranslatorSettings
from .lines import Line
from .sheets import JudgeSheet, TranslationSheet

if TYPE_CHECKING:
    from ..judge.chat import ChatJudge
    from ..translate.types import Translator

GROWTH = 1.3  # tokens of a translation per token of its source
QUESTION = 40  # tokens of an open question
RATING = 150  # tokens of a judge's reply: a brief explanation and the rating
BATCH_HOURS = 24.0  # within which a batch is answered
Sheet = TranslationSheet | JudgeSheet


class Call(NamedTuple):
    """One call that is not answered yet: characters, tokens in and tokens out."""

    characters: int
    into: int
    out: int


@dataclass(frozen=True)
class Stored:
    """The replies that there are. `seen`: requests of earlier sets, which are sent once in all."""

    store: Store | None
    file: Path
    seen: set[str]


def hours(api: Mapping[str, Any], calls: float, characters: float, tokens: float) -> float:
    """Hours at the configured limits, or at a second a call and the configured concurrency."""
    minutes: list[float] = [calls / 60.0 / api["concurrency"]]
    for kind, amount in (("requests", calls), ("characters", characters), ("tokens", tokens)):
        if api.get(f"{kind}_per_minute"):
            minutes.append(amount / api[f"{kind}_per_minute"])
    return max(minutes) / 60.0


def dollars(sheet: Sheet, characters: float, into: float, out: float) -> float | None:
    """The price of calls; None where a service is paid but the table has no price."""
    if not sheet.priced:
        return None
    price = Price(**sheet.price)
    usd = price.characters * characters + price.input_tokens * into + price.output_tokens * out
    return usd / 1e6


def with_calls(
    line: Line, sheet: Sheet, calls: Sequence[Call], *, share: float = 1.0, further: float = 0.0
) -> Line:
    """A line with the numbers of calls; `share`: the part of the price that is paid.

    `further`: attempts per call after replies that fail a check; every number but `requests` holds
    them.
    """
    characters, into, out = (
        (round((1 + further) * sum(column)) for column in zip(*calls, strict=True))
        if calls
        else [0] * 3
    )
    usd = dollars(sheet, characters, into, out)
    attempts = round(further * len(calls))
    return replace(
        line,
        requests=len(calls),
        attempts=attempts,
        characters=characters,
        tokens=round(into + out),
        usd=None if usd is None else share * usd,
        hours=hours(sheet.api, len(calls) + attempts, characters, into + out),
    )


class Translations:
    """The calls of one set by one translator."""

    def __init__(self, stored: Stored, sheet: TranslationSheet, languages: Languages):
        self.stored, self.sheet, self.languages = stored, sheet, languages
        self.settings = TranslatorSettings.of({**sheet.entry, "api": sheet.api})
        # a recorded translator calls nothing, and translation_lines stops before
        self.backend = cast("Translator", make_translator(self.settings, languages))
        self.same = getattr(self.backend, "deterministic", False)
        retries = sheet.api["check_retries"]
        self.further = further_calls(stored.file, sheet.name, retries, self.same)

    def line(self, what: str, basis: str, calls: Sequence[Call]) -> Line:
        """One line; how long a local model takes is not known."""
        head = Line(self.sheet.stage, self.sheet.name, what, basis)
        line = with_calls(head, self.sheet, calls, further=self.further)
        return (
            replace(line, hours=None) if self.settings.backend == "huggingface" and calls else line
        )

    def counted(
        self, what: str, target: str, files: Sequence[Path], *, back: bool = False
    ) -> tuple[Line, list[Call]]:
        """The requests that are not answered yet, and, if asked for, the way back of all of them."""
        work = RowTranslator(
            self.backend,
            name=self.sheet.name,
            target=target,
            scripts={code: one.script for code, one in self.languages.items()},
            limit=self.settings.max_characters or self.backend.limit,
            protect_code=self.settings.protect_code,
        )
        asks: dict[str, Ask] = {}
        calls: dict[str, Call] = {}
        returning = []
        for ask in work.asks(row for file in files for row in iterate_rows(file)):
            key, prompt = request_key(ask.request), prompt_of(ask.request)
            segment = ask.tag.source
            tokens, own = tokens_of(prompt), tokens_of(segment)
            if back and f"{key} back" not in self.stored.seen:
                self.stored.seen.add(f"{key} back")
                english = round(weight(segment))  # about as long in English, in Latin letters
                frame = len(prompt) - len(segment)
                returning.append(Call(english + frame, tokens - own + english // 4, own))
            if key in self.stored.seen:
                continue
            self.stored.seen.add(key)
            asks[key] = Ask(ask.request, ask.check)  # without its row
            calls[key] = Call(len(prompt), tokens, round(GROWTH * own))
        known = answered(self.stored.store, asks, deterministic=self.same)
        line = self.line(what, "counted", [call for key, call in calls.items() if key not in known])
        return replace(line, in_store=len(known)), returning


def translation_lines(
    stored: Stored,
    sheet: TranslationSheet,
    languages: Languages,
    sources: Sequence[Path],
    pivots: Sequence[Path],
) -> Iterator[Line]:
    """Sets by one translator; those that come back, too, have two lines, out and back.

    `pivots`: the translations that go back, once they are there.
    """
    if sheet.entry["backend"] == "recorded":
        yield Line(sheet.stage, sheet.name, sheet.what, "recorded")
        return
    work = Translations(stored, sheet, languages)
    trip = sheet.stage in ("roundtrip", "keep")
    what = f"{sheet.what} out" if trip else sheet.what
    line, returning = work.counted(what, sheet.target, sources, back=trip)
    yield line
    if trip and all(pivot.is_file() for pivot in pivots):
        yield work.counted(f"{sheet.what} back", "source_language", pivots)[0]
    elif trip:
        yield work.line(f"{sheet.what} back", "projected", returning)


def judged_items(sheet: JudgeSheet, root: Path) -> Iterator[tuple[list[Item] | None, int]]:
    """What is asked about each set, None where its answers do not exist yet, and how many that is."""
    for name, questions in sheet.answers:
        path = root / name
        yield read_items(path) if path.is_file() else None, questions
    for files, language in sheet.probes:
        found = asked(
            read_probes(list(map(Path, files)), language),
            pairwise=sheet.spec.get("mode") == "pairwise",
        )
        yield found, len(found)
    for own, other, questions in sheet.pairs:
        both = root / own, root / other
        there = all(path.is_file() for path in both)
        yield asked_items(meetings(*both)) if there else None, 2 * questions


def judge_lines(stored: Stored, sheet: JudgeSheet, root: Path) -> Iterator[Line]:
    """One judge: requests about answers that exist are counted, the others projected.

    `root`: the results folder.
    """
    spec = JudgeSpec.of(sheet.spec)
    calls_of = JudgeCalls.of({"api": sheet.api, "store": stored.file})
    judge = cast("ChatJudge", open_judge(sheet.name, spec, calls_of))  # only those are paid
    further = further_calls(stored.file, sheet.name, sheet.api["check_retries"], False)
    longest = tokens_of(judge_prompt("", "", mode=spec.mode)) + QUESTION + sheet.answer_tokens
    longest += sheet.answer_tokens if sheet.pairs else 0  # two answers
    asks: dict[str, Ask] = {}
    calls: dict[str, Call] = {}
    later: list[Call] = []
    for items, number in judged_items(sheet, root):
        if items is None:
            later += [Call(4 * longest, longest, RATING)] * (number * spec.repeats)
        for ask in judge.asks(items or []):
            key, prompt = request_key(ask.request), prompt_of(ask.request)
            asks[key] = ask
            calls[key] = Call(len(prompt), tokens_of(prompt), RATING)
    known = answered(stored.store, asks)
    new = [call for key, call in calls.items() if key not in known]
    how = "in batches" if sheet.discount else "singly"
    for basis, some in (("counted", new), ("projected", later)):
        if not some and (basis != "counted" or not known):
            continue
        what = "verdicts in both orders" if sheet.pairs else "ratings"
        what += " and probes" if sheet.probes else ""
        head = Line("judge", sheet.name, f"{what}, {how}", basis)
        line = with_calls(head, sheet, some, share=1 - sheet.discount, further=further)
        if sheet.discount:
            line = replace(line, hours=BATCH_HOURS if some else 0.0)
        yield replace(line, in_store=len(known)) if basis == "counted" else line
