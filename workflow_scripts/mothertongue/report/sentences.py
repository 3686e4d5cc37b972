"""Words each claim as one sentence, which says nothing that the claim does not hold."""

from dataclasses import replace
from typing import NamedTuple

from ..correlate import claims as c
from ..correlate.averages import (
    ROUND_TRIPS,
    TRANSLATED,
    Cells,
    Setting,
    Test,
)
from ..correlate.claims import Claim
from ..correlate.notes import setting_words
from ..scores import MULTI
from . import categories
from .digits import fewest_digits, p_words, plain, signed
from .labels import capitalised, metric_words
from .table import real_minus
from .verdicts import (
    LEADS,
    almost,
    checked,
    inside,
    is_win_rate,
    margin_words,
    needed_words,
    notes_of,
    numbers,
    over_words,
    without_spread,
)

SECTIONS = {
    c.CELL: categories.GAP,
    c.TRANSLATOR: categories.GAP,
    c.BEST: categories.GAP,
    c.LANGUAGES: categories.GAP,
    c.BENCHMARK: categories.NOTICE,
    c.GROWTH: categories.OBVIOUS,
    c.CAUSE: categories.CAUSE,
    c.SETTING: categories.BRIDGE,
    c.JUDGES: categories.ANSWERS,
    c.CONTROL: categories.GAP,
}
COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}
MOST = 8  # sentences of the first page


class Finding(NamedTuple):
    """A sentence, the claim that it is made of, and where it stands."""

    sentence: str
    claim: Claim
    section: str


class Names:
    """Words for what claims name by key."""

    def __init__(self, cells: Cells):
        self.cells = cells

    def place(self, claim: Claim) -> str:
        """`Knowledge, Spanish`, or the test and language of a claim about one test."""
        if claim.benchmark is not None:
            what = capitalised(self.test(claim))
        else:
            what = capitalised(claim.group or "all tests")
        if claim.language is not None:
            return f"{what}, {self.cells.facts.language(claim.language)}"
        return f"{what}, over {claim.languages} languages" if claim.languages > 1 else what

    def test(self, claim: Claim) -> str:
        """A test; with its metric where it has several."""
        test = Test(claim.benchmark or "", claim.judge)
        name = self.cells.test_label(test)
        several = claim.metric is not None and len(self.cells.metrics(test)) > 1
        metric = metric_words(claim.metric or "").removesuffix(" (less is better)")
        return f"{name}, {metric}" if several and metric not in name else name

    def data(self, name: str) -> str:
        """Training data: `native data`, `data translated by Google Translate`."""
        if name == TRANSLATED:
            return "translated data"
        if name == ROUND_TRIPS:
            return "round-trip data"
        if name in ("native", "base"):
            return f"{name} data"
        stated = self.cells.facts.data.get(name)
        kind = stated.kind if stated is not None else ""
        label = self.cells.facts.data_label(name)
        if kind == "translated":
            return f"data translated by {label}"
        return f"data of the {label}" if kind == "roundtrip" else label

    def best(self, claim: Claim) -> str:
        """`Google Translate, `; nothing if no translator is known."""
        return f"{self.cells.facts.data_label(claim.best)}, " if claim.best else ""

    def adapters(self, claim: Claim) -> str:
        """` two`: adapters behind a gap of one model with one training each."""
        data = [claim.first, claim.second]
        kinds = {TRANSLATED: "translated", ROUND_TRIPS: "roundtrip"}
        count = sum(len(self.cells.data(kinds[n])) if n in kinds else 1 for n in data)
        if claim.scope != MULTI:  # one adapter for each language
            count *= max(claim.languages, 1)
        return f" {COUNTS.get(count, count)}"

    def judge(self, name: str) -> str:
        """A judge's name."""
        return self.cells.facts.judge(name)

    def setting(self, claim: Claim) -> str:
        """A training setting."""
        return setting_words(Setting(claim.scope, claim.learning_rate)).replace(
            ", ", " training at "
        )


def word(claim: Claim, names: Names) -> str:
    """The sentence of a claim."""
    claim = checked(claim)
    place = names.place(claim)
    says = SAYINGS.get(claim.question, say_gap)(claim, names)
    notes = "".join(f"; {real_minus(note)}" for note in notes_of(claim))
    return f"{place}: {says}{notes}."


def tests_words(claim: Claim) -> str:
    """What a sentence rests on: interval over what, p, and models ahead."""
    parts = [over_words(claim)]
    p = claim.p_adjusted if claim.p_adjusted is not None else claim.p
    if p is not None:
        adjusted = "adjusted " if claim.p_adjusted is not None else ""
        parts.append(adjusted + p_words(p, claim.level))
    return ", ".join(parts)


def ahead_words(claim: Claim) -> str:
    """`; ahead in 6 of 8 models`; nothing for one model."""
    if claim.ahead is None or claim.models < 2:
        return ""
    return f"; native data is ahead in {claim.ahead} of {claim.models} models"


def apart_words(claim: Claim, names: Names) -> str:
    """By how much single adapters differ, and in whose favour: no verdict on what they were trained on."""
    if claim.question not in (c.CELL, c.BENCHMARK, c.TRANSLATOR, c.BEST):
        return f"these adapters differ by {numbers(claim)}"
    adapters = f"these{names.adapters(claim)} adapters"
    if not claim.estimate:
        return f"{adapters} differ by {numbers(claim)}"
    if claim.estimate > 0:
        return f"{adapters} differ by {numbers(claim)} in favour of {names.data(claim.first)}"
    low, high = claim.items_low, claim.items_high  # the one interval of single adapters
    turned = replace(
        claim,
        estimate=-claim.estimate,
        items_low=None if high is None else -high,
        items_high=None if low is None else -low,
    )
    return f"{adapters} differ by {numbers(turned)} in favour of {names.data(claim.second)}"


def undecided_words(claim: Claim, names: Names) -> str:
    """The numbers of an undecided comparison and what would decide it."""
    if claim.estimate is None:
        return "nothing can be said"
    if without_spread(claim):
        return "nothing can be said, as no score differs"
    found = f"native data's answers win {numbers(claim)}" if is_win_rate(claim) else numbers(claim)
    if claim.basis == c.ADAPTERS:
        over = f" {over_words(claim)}" if claim.items_low is not None else ""
        if is_win_rate(claim):
            return f"undecided: {found}{over}, which says nothing of other trainings"
        return (
            f"undecided: {apart_words(claim, names)}{over}, which says nothing of other trainings"
        )
    blocked = almost(claim) and claim.question != c.CELL  # by the cell that it is part of
    needed = "" if blocked else needed_words(claim)
    alone = ", not sure enough beside the page's other tests" if almost(claim) else ""
    within = margin_words(claim) if alone and inside(claim) else ""
    return f"undecided, {found}{within} ({tests_words(claim)}{alone})" + (
        f"; {needed} would decide" if needed else ""
    )


def chance_words(claim: Claim) -> str:
    """A test whose scores hold the chance level."""
    scores = ""
    if claim.first_score is not None and claim.second_score is not None:
        scores = f" ({plain(claim.first_score, 1)} and {plain(claim.second_score, 1)})"
    return (
        f"this test sees nothing with these models: scores with either data are at chance{scores}"
    )


def say_gap(claim: Claim, names: Names) -> str:
    """Native data against translated data."""
    first, second = names.data(claim.first), names.data(claim.second)
    if claim.question == c.BEST:
        second = f"data of the best translator ({names.best(claim)}corrected for the choice)"
    if is_win_rate(claim):
        return say_wins(claim, first, second, names)
    basis = f"({tests_words(claim)})"
    ahead = ahead_words(claim)
    if claim.verdict in (c.NATIVE_BETTER, c.FIRST_BETTER):
        return f"{first} is better than {second}, {numbers(claim)} {basis}{ahead}"
    if claim.verdict in (c.TRANSLATED_BETTER, c.SECOND_BETTER):
        return f"{second} is better than {first}, {numbers(claim)} {basis}{ahead}"
    if claim.verdict in (c.NO_WORSE, c.ALIKE):
        within = margin_words(claim)
        return f"{second} is no worse than {first}, {numbers(claim)}{within} {basis}{ahead}"
    if claim.verdict == c.AT_CHANCE:
        return chance_words(claim)
    if claim.verdict == c.LANGUAGES_DIFFER:
        return say_languages(claim, names)
    against = f"against {second}, " if claim.question in (c.BEST, c.TRANSLATOR) else ""
    return against + undecided_words(claim, names)


def say_wins(claim: Claim, first: str, second: str, names: Names) -> str:
    """How often answers after native data win against those after translated data."""
    said = f"answers after {first} win {numbers(claim)} against those after {second}"
    if claim.verdict in (c.NATIVE_BETTER, c.FIRST_BETTER, c.TRANSLATED_BETTER, c.SECOND_BETTER):
        return f"{said} ({tests_words(claim)}){ahead_words(claim)}"
    if claim.verdict in (c.NO_WORSE, c.ALIKE):
        within = f"within 50{margin_words(claim).removeprefix(' within')}"
        return f"{said}, {within} ({tests_words(claim)}){ahead_words(claim)}"
    return f"against {second}, {undecided_words(claim, names)}"


def say_languages(claim: Claim, names: Names) -> str:
    """Whether the gap differs between languages."""
    p = claim.p_adjusted if claim.p_adjusted is not None else claim.p
    shown = "" if p is None else f" (adjusted {p_words(p, claim.level)})"
    if claim.verdict == c.LANGUAGES_DIFFER:
        return f"the gap differs between languages{shown}, so each language stands for itself"
    return f"it is undecided whether the gap differs between languages{shown}"


def leaves_out_zero(claim: Claim) -> bool:
    """Whether the interval lies on one side of 0."""
    return claim.low is not None and claim.high is not None and claim.low * claim.high > 0


def say_growth(claim: Claim, names: Names) -> str:
    """The gap against the score."""
    counted = f"{claim.models} model{'s' * (claim.models != 1)}"
    if claim.estimate is None:
        why = f"no spread of scores in {counted}" if claim.models else "no score counts"
        return f"nothing can be said of gap and score: {why}"
    p = claim.p_adjusted if claim.p_adjusted is not None else claim.p
    shown = claim.verdict in (c.GROWS, c.FALLS) or not leaves_out_zero(claim)
    # p, by exchange of models, decides; an interval that tells another story is left out
    r = numbers(
        replace(claim, unit="r") if shown else replace(claim, unit="r", low=None, high=None),
        unit=False,
    )
    basis = f"(r = {r}, {counted}" + (
        f", adjusted {p_words(p, claim.level)} by exchange of models)" if p is not None else ")"
    )
    if claim.verdict == c.GROWS:
        return f"the gap grows with the score {basis}"
    if claim.verdict == c.FALLS:
        return f"the gap falls with the score {basis}"
    return f"it is undecided whether the gap changes with the score {basis}"


def gains(knowledge: float, defects: float) -> bool:
    """Whether the larger of two effects is no cost, so that "costs more" would say the wrong thing."""
    return max(knowledge, defects, key=abs) < 0


def help_words(effect: float, unit: str) -> str:
    """What an effect does: helps if it is above zero."""
    return f"{'helps' if effect >= 0 else 'costs'} {plain(abs(effect), fewest_digits(unit))}"


def say_cause(claim: Claim, names: Names) -> str:
    """Native content, damage by translation, and which of the two is larger."""
    basis = f"{numbers(claim)} ({tests_words(claim)})"
    if "-" in claim.contrast or "−" in claim.contrast:
        knowledge, defects = claim.first_score, claim.second_score
        told = claim.verdict not in (c.UNDECIDED, c.ALIKE, c.AT_CHANCE)
        if told and knowledge is not None and defects is not None and gains(knowledge, defects):
            content, trip = (help_words(effect, claim.unit) for effect in (knowledge, -defects))
            return f"native content {content} and translation back and forth {trip}, a difference of {basis}"
        if claim.verdict in (c.KNOWLEDGE_LARGER, c.FIRST_BETTER):
            return f"missing knowledge costs more than translation defects, by {basis}"
        if claim.verdict in (c.DEFECTS_LARGER, c.SECOND_BETTER):
            return f"translation defects cost more than missing knowledge, {basis}"
        if claim.verdict == c.ALIKE:
            return f"missing knowledge and translation defects cost about as much, {basis}"
        return f"which costs more, missing knowledge or translation defects, is {undecided_words(claim, names)}"
    knowledge = claim.contrast == "knowledge"
    what = "native content" if knowledge else "translation back and forth"
    if claim.verdict in (c.FIRST_BETTER, c.NATIVE_BETTER):
        return f"{what} {'helps' if knowledge else 'costs'}: {basis}"
    if claim.verdict in (c.SECOND_BETTER, c.TRANSLATED_BETTER):
        return f"{what} {'costs' if knowledge else 'helps'}: {basis}"
    if claim.verdict in (c.ALIKE, c.NO_WORSE):
        return f"{what} changes less than the margin, {basis}"
    if claim.verdict == c.AT_CHANCE:
        return chance_words(claim)
    return f"the effect of {what} is {undecided_words(claim, names)}"


def say_control(claim: Claim, names: Names) -> str:
    """Native data against native rows drawn once more."""
    control = f"the control, {names.cells.facts.data_label(claim.second)},"
    basis = f"{numbers(claim)} ({tests_words(claim)})"
    if claim.verdict in (c.NO_WORSE, c.ALIKE):
        within = f"{numbers(claim)}{margin_words(claim)} ({tests_words(claim)})"
        return f"{control} does as well as native data, {within}"
    if claim.verdict in LEADS:
        return (
            f"{control} differs from native data by {basis}: the draw of rows alone makes as much"
        )
    return f"{control} is not told from native data: {undecided_words(claim, names)}"


def say_setting(claim: Claim, names: Names) -> str:
    """The gap in another training setting against the gap at the main setting."""
    where = f"{names.setting(claim)}"
    basis = f"{numbers(claim)} ({tests_words(claim)})"
    gaps = ""
    if claim.first_score is not None and claim.second_score is not None:
        fewest = fewest_digits(claim.unit)
        gaps = f", from {signed(claim.second_score, fewest)} to {signed(claim.first_score, fewest)}"
    words = {
        c.SMALLER: f"with {where} the gap is smaller than at the main setting{gaps}, change {basis}",
        c.LARGER: f"with {where} the gap is larger than at the main setting{gaps}, change {basis}",
        c.REVERSED: f"with {where} the other data leads than at the main setting{gaps}, change {basis}",
        c.BOTH_FELL: f"with {where} both scores fall and the gap with them{gaps}, change {basis};"
        " that is no gain",
        c.ALIKE: f"with {where} the gap changes by less than the margin{gaps}, {basis}",
        c.AT_CHANCE: f"with {where} {chance_words(claim)}",
    }
    change = f"change of the gap with {where}{gaps}"
    return words.get(claim.verdict, f"{change}: {undecided_words(claim, names)}")


def say_judges(claim: Claim, names: Names) -> str:
    """The gap by one judge against the gap by another."""
    judges = f"{names.judge(claim.first)} and {names.judge(claim.second)}"
    basis = f"{numbers(claim)} ({tests_words(claim)})"
    words = {
        c.OPPOSITE_SIDES: f"the judges {judges} stand on opposite sides, gaps apart by {basis}",
        c.SIDES_DIFFER: f"the gaps of the judges {judges} differ by {basis}",
        c.ALIKE: f"the gaps of the judges {judges} differ by less than the margin, {basis}",
    }
    return words.get(
        claim.verdict,
        f"whether the judges {judges} see different gaps is {undecided_words(claim, names)}",
    )


SAYINGS = {
    c.LANGUAGES: say_languages,
    c.GROWTH: say_growth,
    c.CAUSE: say_cause,
    c.SETTING: say_setting,
    c.JUDGES: say_judges,
    c.CONTROL: say_control,
}
