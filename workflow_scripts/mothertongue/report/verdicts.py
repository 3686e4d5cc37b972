"""Checks a claim's verdict against its own numbers, and words the numbers that it rests on.

Everything here takes one `Claim` and adds nothing to it. A verdict that its own p or interval does
not carry is undecided, whatever wrote it down.
"""

from dataclasses import replace

from ..correlate import claims as c
from ..correlate import notes
from ..correlate.claims import Claim
from ..correlate.facts import WON
from .digits import fewest_digits, plain, wins_words, with_interval
from .forest import Look

LOOKS = {  # Okabe and Ito's colours, darkened for print; the symbol tells them apart without colour
    c.NATIVE_BETTER: Look("#005a94", "#dcebf5", "▲"),
    c.NO_WORSE: Look("#00684a", "#dcf1e9", "≈"),
    c.TRANSLATED_BETTER: Look("#a84300", "#fbe6d9", "▼"),
    c.UNDECIDED: Look("#4a5560", "#f3f5f7", "?"),
    c.AT_CHANCE: Look("#6b7680", "#ffffff", "∅"),
    c.LANGUAGES_DIFFER: Look("#8a3d6c", "#f7e6f0", "≠"),
}
LEADS = {c.NATIVE_BETTER: 1, c.FIRST_BETTER: 1, c.TRANSLATED_BETTER: -1, c.SECOND_BETTER: -1}
LEADS |= {c.GROWS: 1, c.FALLS: -1, c.KNOWLEDGE_LARGER: 1, c.DEFECTS_LARGER: -1}
LEADS |= {c.LARGER: 1, c.SMALLER: -1}
WITHIN = (c.NO_WORSE, c.ALIKE)
GAPS = (
    c.CELL,
    c.BENCHMARK,
    c.TRANSLATOR,
    c.BEST,
    c.CONTROL,
)  # questions whose answer may be "no worse"
EITHER_SIDE = (c.SIDES_DIFFER, c.OPPOSITE_SIDES, c.REVERSED, c.BOTH_FELL)
UNITS = {"%": "points", "points": "points (sum of ratings)", "points of 5": "points of 5"}
UNITS |= {"r": "", "correlation": "", WON: "points of win rate"}
FARTHEST = 100.0  # between two percentages
AXES = {
    "%": "points of 100",
    WON: "native's wins above 50 %",
    "points": "sum of ratings",
    "points of 5": "rating, 1–5",
}


SAID = (  # what the words of a sentence hold already
    notes.NOT_AT_LEVEL,
    *notes.CHOSEN.split("; "),
    notes.TRAINED_ONCE,
    notes.SEES_NOTHING,
    notes.GAP,
)


def corrected(claim: Claim) -> bool:
    """Whether the wider interval of the page's level decides: that of a difference.

    Equivalence is tested one-sided; its interval at the study's confidence lies within the margin.
    """
    known = claim.decides_low is not None and claim.decides_high is not None
    return known and claim.verdict not in WITHIN


def deciding(claim: Claim) -> tuple[float | None, float | None]:
    """The interval that is printed, since the verdict goes with it."""
    if corrected(claim):
        return claim.decides_low, claim.decides_high
    return claim.low, claim.high


def deciding_confidence(claim: Claim) -> float:
    """Confidence of the interval that is printed."""
    wide = claim.decides_confidence if corrected(claim) else None
    return wide or claim.confidence


def almost(claim: Claim) -> bool:
    """Undecided, although its own interval decides: not sure enough beside the page's other tests."""
    low, high = deciding(claim)
    if claim.verdict != c.UNDECIDED or claim.basis == c.ADAPTERS or low is None or high is None:
        return False
    return low > 0 or high < 0 or inside(claim)


def inside(claim: Claim) -> bool:
    """Whether the interval that is printed lies within the margin, where equivalence is tested."""
    low, high = deciding(claim)
    if claim.question not in GAPS or not claim.margin or low is None or high is None:
        return False
    if notes.HIDES in claim.note:
        return False
    return -claim.margin < low and high < claim.margin


def margin_words(claim: Claim) -> str:
    """` within ±2`."""
    margin = float(claim.margin or 0)
    return f" within ±{plain(margin, 0 if margin.is_integer() else 2)}"


def carried(claim: Claim) -> bool:
    """Whether p and interval of a claim carry its verdict."""
    decides = (*LEADS, *WITHIN, *EITHER_SIDE, c.LANGUAGES_DIFFER)
    if claim.verdict not in decides:
        return True
    if claim.basis == c.ADAPTERS and claim.question != c.JUDGES:
        return False
    p = claim.p_adjusted if claim.p_adjusted is not None else claim.p
    if p is not None and p > claim.level:
        return False
    low, high = deciding(claim)
    if claim.verdict == c.SMALLER and (claim.first_score or 0) < 0:
        return False  # the gap at this setting lies on the other side: it reversed
    if claim.verdict == c.LANGUAGES_DIFFER:  # tested without an interval
        return p is not None
    if low is None or high is None:
        return False
    if claim.verdict in LEADS:
        return low > 0 if LEADS[claim.verdict] > 0 else high < 0
    if claim.verdict in WITHIN:
        return claim.margin is not None and -claim.margin < low and high < claim.margin
    return low > 0 or high < 0


def checked(claim: Claim) -> Claim:
    """The claim; undecided where its numbers do not carry its verdict."""
    return claim if carried(claim) else replace(claim, verdict=c.UNDECIDED)


def without_spread(claim: Claim) -> bool:
    """Whether nothing differs: an estimate of exactly zero with no interval, or one without width."""
    if claim.basis == c.ADAPTERS:
        return False  # what one training says of items stands in an interval of its own
    return claim.estimate == 0 and deciding(claim) in ((0, 0), (None, None))


def unit_words(unit: str) -> str:
    """A unit of a difference in a sentence."""
    return UNITS.get(unit, unit)


def printed_interval(claim: Claim) -> tuple[float | None, float | None]:
    """The ends that are printed and drawn; a difference of percentages ends at ±100."""
    low, high = deciding(claim)
    if claim.basis == c.ADAPTERS:
        low, high = claim.items_low, claim.items_high
    if claim.unit == "%" and low is not None and high is not None:
        return max(low, -FARTHEST), min(high, FARTHEST)
    return low, high


def numbers(claim: Claim, *, unit: bool = True) -> str:
    """Estimate and deciding interval with the digits of their unit, or more where they need them."""
    low, high = printed_interval(claim)
    if is_win_rate(claim):
        return wins_words(claim.estimate, low, high, margin=claim.margin)
    words = unit_words(claim.unit) if unit else ""
    fewest = fewest_digits(claim.unit)
    return with_interval(claim.estimate, low, high, margin=claim.margin, unit=words, fewest=fewest)


def is_win_rate(claim: Claim) -> bool:
    """Whether a claim is native data's win rate, whose estimate counts from 50 per cent."""
    return claim.unit == WON and claim.question in GAPS


def needed_words(claim: Claim) -> str:
    """`6 models more or 3 seeds each or 2,000 items`; empty where nothing is known."""
    needed = claim.needed
    if needed is None:
        return ""
    parts = []
    if needed.models is not None:
        more = max(1, needed.models - claim.models)
        parts.append(f"{more:,} model{'s' * (more > 1)} more")
    if needed.seeds is not None:
        parts.append(f"{needed.seeds:,} seeds each")
    if needed.items is not None:
        parts.append(f"{needed.items:,} items a language")
    return " or ".join(parts) if parts else "no affordable number of models, seeds or items"


def notes_of(claim: Claim) -> list[str]:
    """The parts of a claim's note that its sentence does not say by itself."""
    parts = [part.strip() for part in claim.note.split(";")]
    said = SAID + (notes.NOTHING_VARIES,) * (without_spread(claim) or claim.verdict == c.AT_CHANCE)
    return [part for part in parts if part and not part.startswith(said) and not is_shared(part)]


def is_shared(note: str) -> bool:
    """Whether a note is about all claims of a page alike, and is said once below them."""
    return note.endswith(notes.MODELS_ALONE)


def over_words(claim: Claim) -> str:
    """What the interval ranges over: `over 8 models`."""
    models = f"{claim.models} model{'s' * (claim.models != 1)}"
    if claim.basis == c.FAMILIES:
        return f"over {claim.families} families of {models}"
    if claim.basis == c.MODELS:
        return f"over {models}"
    if claim.basis == c.REPLICATES:
        many = [
            f"{count:,} {word}{'s' * (count != 1)}"
            for count, word in ((claim.seeds, "seed"), (claim.draws, "draw"))
            if count
        ]
        return f"over {' and '.join(many) or 'replicates'} and items of {models}"
    return "over items of these adapters alone"


def levels_words(claims: list[Claim]) -> str:
    """The confidence of the intervals that are printed."""
    known = sorted({round(100 * deciding_confidence(claim), 2) for claim in claims})
    if not known:
        return "Intervals"
    if len(known) == 1:
        return f"{known[0]:g} % intervals"
    return f"{known[0]:g} to {known[-1]:g} % intervals (one family of tests per page)"
