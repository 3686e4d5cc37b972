"""Input functions of rules/correlate.smk and contrasts.smk."""

from snakemake.iocontainers import Wildcards

from ..study import Study
from .judge import answers_path

STUDY_ABOUT = "<results>/correlate/study/about.json"
STUDY_ITEMS = "<results>/correlate/study/items.parquet"


class Correlating:
    """Scores of a study and of the published one.

    `published`: folder of the published scores; `has_items`: whether the study has scores by item.
    """

    def __init__(self, study: Study, published: str, *, has_items: bool):
        self.study, self.published, self.has_items = study, published, has_items

    def evaluations(self, suffix: str = ".json") -> list[str]:
        """Every score file of the study, or what lies beside each."""
        return [
            f"<results>/evaluate/{one.condition.path}/{one.benchmark}/{one.language}{suffix}"
            for one in self.study.evaluations
        ]

    def ratings(self) -> list[str]:
        """Every ratings file of the study."""
        return [
            f"<results>/judge/{one.judge}/{answers_path(one.answers)}"
            for one in self.study.judgements
        ]

    def runs(self, name: str) -> list[str]:
        """A file of every fine-tuning run."""
        return [
            f"<results>/finetune/{condition.path}/{name}" for condition in self.study.conditions
        ]

    def scores(self, wildcards: Wildcards) -> str:
        """The scores of {source}."""
        published = wildcards.source == "published"
        return f"{self.published}/scores.csv" if published else "<results>/scores.csv"

    def about(self, wildcards: Wildcards) -> str:
        """The description of {source}'s scores."""
        return f"{self.published}/about.json" if wildcards.source == "published" else STUDY_ABOUT

    def averages(self, wildcards: Wildcards) -> list[str]:
        """Averages as the paper prints them; a study has its own."""
        return [f"{self.published}/averages.csv"] if wildcards.source == "published" else []

    def item_table(self, wildcards: Wildcards) -> list[str]:
        """The scores by item of {source}; published ones and those of others may have none."""
        return [STUDY_ITEMS] if wildcards.source == "study" and self.has_items else []
