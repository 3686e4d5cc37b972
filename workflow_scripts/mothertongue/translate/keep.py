"""Keep the best of a set of translations: a score for every row, and the rows that score highest.

Three scores. `roundtrip-chrf`: the translation goes back into English by the same translator, and
chrF++ compares that with the source (0 to 100; Popović 2017). `lid`: the likelihood, by language
identification, that the row is in its target language (0 to 1). `qe`: a learned estimate of quality
without references, of the COMET family (about 0 to 1; Rei et al. 2022).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from ..sample.rows import Row
from .languages import identifier, second_opinion

ROUND_TRIP_CHRF, LID = "roundtrip-chrf", "lid"
Score = float | None  # None: the row cannot be scored


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of the rows of one language. `threshold`: the lowest score that was kept.

    `unscored`: rows without a score; `tied`: rows that scored as the threshold does, and were
    chosen among by a hash of their ids.
    """

    rows: int
    kept: int
    unscored: int
    tied: int
    threshold: Score
    mean_kept: Score
    mean_left: Score


def chrf_scores(english: Iterable[Row], back: Iterable[Row]) -> dict[str, float]:
    """Row id -> chrF++ of a row that came back against the English source; absent rows did not."""
    import sacrebleu

    sources = {row.id: row for row in english}
    return {
        row.id: sacrebleu.sentence_chrf(
            "\n".join(row.content), ["\n".join(sources[row.id].content)], word_order=2
        ).score
        for row in back
    }


def lid_scores(rows: Iterable[Row]) -> dict[str, float]:
    """Row id -> the likelihood of the row's own language; absent rows are too short to tell."""
    found = {}
    for row in rows:
        text = "\n".join(row.content)
        told = identifier("en", row.language).likelihood(text)
        if told is not None:
            found[row.id] = told[2]
            continue
        code, sure, percent = second_opinion(text)
        if sure:  # lingua does not know the language, or the text is short
            found[row.id] = percent / 100 if code == row.language else 0.0
    return found


def keep_best(
    rows: Sequence[Row], scores: Mapping[str, float], share: float, *, unscored_last: bool
) -> tuple[list[Row], dict[str, Kept]]:
    """The best `share` of the rows of each language, in their order, and what was kept.

    `unscored_last`: a row without a score is worse than every other; otherwise it counts as the
    median of its language, since nothing speaks against it.
    """
    chosen: set[str] = set()
    told = {}
    for language in dict.fromkeys(row.language for row in rows):
        own = [row.id for row in rows if row.language == language]
        known = [scores[name] for name in own if name in scores]
        middle = median(known) if known else 0.0
        lowest = float("-inf") if unscored_last else middle

        def rank(name: str, lowest: float = lowest) -> tuple[float, str]:
            return -scores.get(name, lowest), hashlib.sha256(name.encode()).hexdigest()

        ranked = sorted(own, key=rank)
        number = max(1, round(share * len(own)))
        best, left = ranked[:number], ranked[number:]
        chosen.update(best)
        threshold = scores.get(best[-1], None if unscored_last else middle)
        told[language] = Kept(
            rows=len(own),
            kept=number,
            unscored=len(own) - len(known),
            tied=sum(scores.get(name, lowest) == threshold for name in own)
            if left and scores.get(left[0], lowest) == threshold
            else 0,
            threshold=threshold,
            mean_kept=_mean(scores, best),
            mean_left=_mean(scores, left),
        )
    return [row for row in rows if row.id in chosen], told


def _mean(scores: Mapping[str, float], names: Iterable[str]) -> Score:
    known = [scores[name] for name in names if name in scores]
    return fmean(known) if known else None
