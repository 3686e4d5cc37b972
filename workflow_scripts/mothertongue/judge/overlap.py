"""An honest offline baseline: how much an answer's letters overlap with a reference answer.

chrF (0-100) is mapped linearly to 1-5. It reads no meaning: a correct answer in other words gets
a low rating. It is called `overlap` wherever it appears, and does not replace a judge.
"""

from . import HIGHEST, LOWEST
from .records import Item, Rated, Reply
from .settings import JudgeCalls, JudgeSpec


def overlap_rating(chrf: float) -> float:
    """Map chrF (0-100) linearly to the rating scale."""
    return round(LOWEST + (HIGHEST - LOWEST) * min(100.0, max(0.0, chrf)) / 100, 3)


class OverlapJudge:
    """chrF against the reference answer of the question set."""

    def __init__(self, name: str, spec: JudgeSpec, calls: JudgeCalls):
        """Need nothing but a name."""
        self.name = name

    def rate(self, items: list[Item]) -> list[Rated]:
        """Rate every item that has a reference; others stay unscored."""
        from sacrebleu.metrics.chrf import CHRF

        metric = CHRF()
        rated = []
        for item in items:
            if item.reference is None:
                reply = Reply("", None, "no reference answer in the question set")
            else:
                chrf = metric.sentence_score(item.answer, [item.reference]).score
                reply = Reply(f"chrF {chrf:.1f}", overlap_rating(chrf))
            rated.append(Rated(item.id, [reply]))
        return rated
