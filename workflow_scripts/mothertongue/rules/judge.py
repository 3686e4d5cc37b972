"""Input functions and parameters of rules/judge.smk, judge_compare.smk and judge_pages.smk."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from snakemake.io import ancient
from snakemake.iocontainers import OutputFiles, Wildcards

from ..files import read_jsonl
from ..judge import calling_settings, rating_settings
from ..judge.labels import Labels, rating_facts, study_labels
from ..report import categories
from ..study import Study
from ..study.paths import ANSWERS, BATCH_REPORT, QUESTIONS, RATINGS
from .plan import IN_RULES

Shown = Callable[[Wildcards, OutputFiles], dict[str, str]]


class Judging:
    """Files and settings of the judges. `store`: path of the store of replies."""

    def __init__(self, study: Study, store: str):
        self.study, self.store = study, store

    def ratings(self, wildcards: Wildcards | None = None) -> list[str]:
        """Every ratings file of the study."""
        return [IN_RULES.of(RATINGS, one) for one in self.study.judgements]

    def answers(self, wildcards: Wildcards | None = None) -> list[str]:
        """Every answer set of the study."""
        return [IN_RULES.of(ANSWERS, one) for one in self.study.answers]

    @cached_property
    def _own_answers(self) -> frozenset[str]:
        return frozenset(self.answers())

    def questions(self, wildcards: Wildcards | None = None) -> list[str]:
        """Every question set as used."""
        return sorted({IN_RULES.of(QUESTIONS, one) for one in self.study.answers})

    def batch(self, wildcards: Wildcards) -> str | list[str]:
        """The report of {judge}'s batches, if it asks in batches; its age re-rates nothing.

        Answers that are none of the study's own (a module's, say) are in no such batch.
        """
        judge = wildcards.judge
        own = IN_RULES.at(ANSWERS, **wildcards) in self._own_answers
        batched = self.study.judges[judge].get("batch") and own
        return ancient(IN_RULES.at(BATCH_REPORT, judge=judge)) if batched else []

    def spec(self, wildcards: Wildcards) -> dict[str, Any]:
        """What determines the ratings of {judge}; its label is for tables only."""
        return rating_settings(wildcards.judge, self.study.judges[wildcards.judge])

    def calling(self, wildcards: Wildcards, threads: int) -> dict[str, Any]:
        """How {judge} is called and paid. Naming threads keeps it out of what re-runs a job."""
        return calling_settings(
            self.study.judges[wildcards.judge],
            replies=self.study.config["replies"],
            prices=self.study.config["prices"],
            store=self.store,
        )

    def calling_one(self, wildcards: Wildcards, threads: int) -> dict[str, Any]:
        """The same; a batch of its own only for answers that ask_in_batches does not know."""
        calling = self.calling(wildcards, threads)
        return {**calling, "own_batch": bool(calling["batch"]) and not self.batch(wildcards)}

    @property
    def labels(self) -> Labels:
        """Names as a reader knows them."""
        return study_labels(self.study)

    def shown_under(
        self, topic: str, item: str, form: str, workflow: Any
    ) -> dict[str, str | Shown]:
        """Category, sub-category and labels of a page about answers and judges."""

        def labels_with_facts(wildcards: Wildcards, output: OutputFiles) -> dict[str, str]:
            # Captions see the configuration, not the files, so n goes in there.
            captions = workflow.config.setdefault("captions", {})
            captions["judge"] = rating_facts(self.study, asked)
            return {
                "item": item,
                "languages": ", ".join(
                    sorted({answers.language for answers in self.study.answers})
                ),
                "judge": ", ".join(self.labels["judges"].values()),
                "form": form,
            }

        def asked(questions: str, language: str) -> int:
            path = IN_RULES.at(QUESTIONS, questions=questions, language=language)
            return len(read_jsonl(workflow.pathvars.apply(path)))

        return {"category": categories.ANSWERS, "subcategory": topic, "labels": labels_with_facts}
