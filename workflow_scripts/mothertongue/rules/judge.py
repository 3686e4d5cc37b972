"""Input functions and parameters of rules/judge.smk, judge_compare.smk and judge_pages.smk."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from snakemake.iocontainers import OutputFiles, Wildcards

from ..files import read_jsonl
from ..judge import calling_settings, rating_settings
from ..judge.labels import Labels, rating_facts, study_labels
from ..judge.members import kin
from ..prompts.judging import PAIRWISE
from ..report import categories
from ..study import Study
from ..study.paths import (
    ANSWERS,
    BATCH_REPORT,
    FIDELITY_ITEMS,
    LABELLED,
    PAIRS,
    QUESTIONS,
    RATINGS,
    REPLIES,
    Layout,
)
from .plan import IN_RULES

Shown = Callable[[Wildcards, OutputFiles], dict[str, str]]


class Judging:
    """Files and settings of the judges. `store`: path of the store of replies."""

    def __init__(self, study: Study, store: str):
        self.study, self.store = study, store
        self.files = Layout.around(store, REPLIES)

    def ratings(self, wildcards: Wildcards | None = None) -> list[str]:
        """Every ratings file of the study."""
        return [IN_RULES.of(RATINGS, one) for one in self.study.judgements]

    def verdicts(self, wildcards: Wildcards | None = None) -> list[str]:
        """Every file of a pairwise judge's verdicts."""
        return [IN_RULES.of(PAIRS, one) for one in self.study.pairs]

    def others(self, wildcards: Wildcards) -> str:
        """The answers of {against}, which a pairwise judge compares with those of {data}."""
        return IN_RULES.at(ANSWERS, **{**wildcards, "data": wildcards.against})

    def pairs_of(self, wildcards: Wildcards, threads: int) -> list[tuple[str, str]]:
        """The two answer files of every pair of {judge}; none for one that rates."""
        return [
            (self.files.of(ANSWERS, one.answers), self.files.of(ANSWERS, one.other))
            for one in self.study.pairs
            if one.judge == wildcards.judge
        ]

    def members(self, pattern: str) -> Callable[[Wildcards], list[str]]:
        """The files of {jury}'s members."""

        def files(wildcards: Wildcards) -> list[str]:
            own = dict(wildcards.items())
            members = self.study.juries[own.pop("jury")].members
            return [IN_RULES.at(pattern, judge=member, **own) for member in members]

        return files

    @property
    def juries(self) -> dict[str, list[str]]:
        """The juries that rate, as a parameter of rules; none where there are none."""
        juries = [name for name in self.study.raters() if name in self.study.juries]
        return {"juries": juries} if juries else {}

    @property
    def families(self) -> dict[str, list[str]]:
        """Judge -> models of the study that are of its own family, by their names."""
        models = [self.study.models[name] for name in self.study.tuned_models]
        return {name: kin(judge, models) for name, judge in self.study.judges.items()}

    @property
    def shows_members(self) -> bool:
        """Whether judges are compared as a jury: where there is one, or two pairwise judges."""
        pairwise = [one for one in self.study.judges.values() if one.mode == PAIRWISE]
        return bool(self.study.juries) or (len(pairwise) > 1 and bool(self.study.pairs))

    def member_names(self, wildcards: Wildcards) -> list[str]:
        """The members of {jury}."""
        return list(self.study.juries[wildcards.jury].members)

    def joined_by(self, wildcards: Wildcards) -> str:
        """How {jury} takes its members together."""
        return str(self.study.juries[wildcards.jury]["by"])

    def answers(self, wildcards: Wildcards | None = None) -> list[str]:
        """Every answer set of the study."""
        return [IN_RULES.of(ANSWERS, one) for one in self.study.answers]

    @cached_property
    def _own_answers(self) -> frozenset[str]:
        return frozenset(self.answers())

    def questions(self, wildcards: Wildcards | None = None) -> list[str]:
        """Every question set as used."""
        return sorted({IN_RULES.of(QUESTIONS, one) for one in self.study.answers})

    def checks(self, wildcards: Wildcards | None = None) -> list[str]:
        """What was found in answers without a judge, by item (answer.fidelity)."""
        return [IN_RULES.of(FIDELITY_ITEMS, one) for one in self.study.checked_answers]

    def labelled(self, wildcards: Wildcards | None = None) -> list[str]:
        """What people said of the study's own answers, once their files are named."""
        people = self.study.config["judge"]["people"] or {}
        own = people.get("labels") and not people.get("answers")
        return [IN_RULES.at(LABELLED)] if own else []

    def batch(self, wildcards: Wildcards) -> str | list[str]:
        """The report of {judge}'s batches, if it asks in batches.

        After a new batch, every rating of the judge is read from the store again. (As an `ancient`
        input, the report would keep Snakemake from seeing in the same run that answers or a prompt
        have changed.) Answers that are none of the study's own (a module's, say) are in no such batch.
        """
        judge = wildcards.judge
        own = IN_RULES.at(ANSWERS, **wildcards) in self._own_answers
        if wildcards.get("against"):
            own = own and self.others(wildcards) in self._own_answers
        batched = self.study.judges[judge].get("batch") and own
        return IN_RULES.at(BATCH_REPORT, judge=judge) if batched else []

    def spec(self, wildcards: Wildcards) -> dict[str, Any]:
        """What determines the ratings of {judge}; its label is for tables only."""
        languages = {code: entry.label for code, entry in self.study.languages.items()}
        if hasattr(wildcards, "language"):  # a language added to the study re-rates no other
            languages = {code: languages.get(code, code) for code in [wildcards.language]}
        judge = self.study.judges[wildcards.judge]
        return rating_settings(wildcards.judge, judge, languages)

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
