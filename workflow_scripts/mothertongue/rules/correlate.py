"""Input functions of rules/correlate.smk and contrasts.smk."""

from snakemake.iocontainers import Wildcards

from ..study import Study
from ..study.mixes import NATIVE
from ..study.paths import (
    ANSWERS_PROVENANCE,
    FIDELITY,
    FIDELITY_ITEMS,
    HISTORY,
    ITEMS,
    PAIRS,
    PROVENANCE,
    RATINGS,
    SCORE,
    SCORES,
    STUDY_ABOUT,
    STUDY_ITEMS,
    TRAINING,
)
from .plan import IN_RULES


class Correlating:
    """Scores of a study and of the published one.

    `published`: folder of the published scores; `has_items`: whether the study has scores by item.
    """

    def __init__(self, study: Study, published: str, *, has_items: bool):
        self.study, self.published, self.has_items = study, published, has_items

    def evaluations(self) -> list[str]:
        """Every score file of the analysis of gaps: tests in an adapter's own language.

        Answers that are looked at without a judge count as tests (answer.fidelity).
        """
        return [
            *(IN_RULES.of(SCORE, one) for one in self.study.own_evaluations),
            *(IN_RULES.of(FIDELITY, one) for one in self.study.checked_answers),
        ]

    def item_tables(self) -> list[str]:
        """The scores by item of these evaluations."""
        return [
            *(IN_RULES.of(ITEMS, one) for one in self.study.own_evaluations),
            *(IN_RULES.of(FIDELITY_ITEMS, one) for one in self.study.checked_answers),
        ]

    def elsewhere(self, pattern: str) -> list[str]:
        """A file of every test in another language, and of the untuned bases' tests beside them."""
        tested = self.study.other_evaluations
        beside = {(one.condition.model, *one[1:]) for one in tested}
        bases = [
            one
            for one in self.study.own_evaluations
            if one.condition.data == "base" and (one.condition.model, *one[1:]) in beside
        ]
        return [IN_RULES.of(pattern, one) for one in (*tested, *bases)]

    def other_evaluations(self) -> list[str]:
        """Their score files."""
        return self.elsewhere(SCORE)

    def other_item_tables(self) -> list[str]:
        """Their scores by item."""
        return self.elsewhere(ITEMS)

    def ratings(self) -> list[str]:
        """Every ratings file of the study."""
        return [IN_RULES.of(RATINGS, one) for one in self.study.judgements]

    def verdicts(self) -> list[str]:
        """Every file of a pairwise judge's verdicts on native data's answers."""
        own = (one for one in self.study.pairs if one.answers.condition.data == NATIVE)
        return [IN_RULES.of(PAIRS, one) for one in own]

    def training_sets(self) -> list[str]:
        """Every training set, to be counted, where conditions have numbers of rows; else none."""
        sized = self.study.sized_sets()
        sets = [*self.study.data_and_scope(), *sized] if sized else []
        return [IN_RULES.at(TRAINING, data=data, scope=scope) for data, scope in sets]

    def histories(self) -> list[str]:
        """The losses of every fine-tuning."""
        return [IN_RULES.of(HISTORY, one) for one in self.study.conditions]

    def provenances(self) -> list[str]:
        """The provenance of every fine-tuning."""
        return [IN_RULES.of(PROVENANCE, one) for one in self.study.conditions]

    def answer_provenances(self) -> list[str]:
        """The provenance of every answer set."""
        return [IN_RULES.of(ANSWERS_PROVENANCE, one) for one in self.study.answers]

    def scores(self, wildcards: Wildcards) -> str:
        """The scores of {source}."""
        published = wildcards.source == "published"
        return f"{self.published}/scores.csv" if published else IN_RULES.at(SCORES)

    def about(self, wildcards: Wildcards) -> str:
        """The description of {source}'s scores."""
        published = wildcards.source == "published"
        return f"{self.published}/about.json" if published else IN_RULES.at(STUDY_ABOUT)

    def averages(self, wildcards: Wildcards) -> list[str]:
        """Averages as the paper prints them; a study has its own."""
        return [f"{self.published}/averages.csv"] if wildcards.source == "published" else []

    def margin(self, wildcards: Wildcards) -> float | None:
        """The study's margin; None, the usual one, for the published scores: a demo's would be too wide."""
        published = wildcards.source == "published"
        return None if published else float(self.study.config["report"]["margin"])

    def item_table(self, wildcards: Wildcards) -> list[str]:
        """The scores by item of {source}; published ones and those of others may have none."""
        study = wildcards.source == "study"
        return [IN_RULES.at(STUDY_ITEMS)] if study and self.has_items else []
