"""Parameters of rules/estimate.smk and replies.smk."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from snakemake.iocontainers import OutputFiles, Wildcards

from ..errors import InputError
from ..estimate import workload
from ..study import Study
from ..study.paths import COST, EXPORTED_REPLIES, REPLIES, Layout
from ..translate import language_facts
from .plan import Plan

Sheets = list[dict[str, Any]]


class Sheet(Protocol):
    """A record of `estimate.sheets`."""

    def params(self) -> dict[str, Any]:
        """The record as a rule's parameter."""
        ...


class Estimating:
    """What a study will call, train, evaluate and find, in sheets that the estimate counts."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def samples(self) -> list[str]:
        """The sampled rows that training sets have, or are translated from."""
        study = self.plan.study
        whole = {workload.sampled(study, *cell) for cell in study.data_and_scope()}
        drawn = {file for cell in study.sized_sets() for file in workload.drawn(study, *cell)}
        return sorted(f"<results>/{file}" for file in whole | drawn)

    def _sheets(self, planned: Callable[[Study], Sequence[Sheet]]) -> Sheets:
        try:
            return [sheet.params() for sheet in planned(self.plan.study)]
        except InputError as error:
            raise self.plan.refusal(error) from None

    def translations(self, wildcards: Wildcards) -> Sheets:
        """Sets to be translated."""
        return self._sheets(workload.translations)

    def judgements(self, wildcards: Wildcards) -> Sheets:
        """Answers to be rated."""
        return self._sheets(workload.judgements)

    def models(self, wildcards: Wildcards) -> Sheets:
        """What each model trains on, reads and writes."""
        folder, local = Path(self.plan.results), self.plan.local
        return self._sheets(lambda study: workload.models(study, folder, local=local))

    def people(self, wildcards: Wildcards) -> dict[str, Any] | None:
        """What people are asked to label; None: nothing."""
        sheet = workload.people(self.plan.study)
        return sheet.params() if sheet else None

    def power(self, wildcards: Wildcards) -> Sheets:
        """What the power of the study depends on."""
        return self._sheets(workload.power)

    @property
    def languages(self) -> dict[str, dict[str, str | None]]:
        """Names, scripts and codes of the study's languages and English."""
        languages = self.plan.study.languages
        return language_facts(self.plan.root, languages, ["en", *languages])

    def store(self, wildcards: Wildcards, output: OutputFiles) -> str:
        """The store of replies beside the estimate."""
        return Layout.around(output[0], COST).at(REPLIES)


def store_beside_export(wildcards: Wildcards, output: OutputFiles) -> str:
    """The store of replies beside the exported ones."""
    return Layout.around(output[0], EXPORTED_REPLIES).at(REPLIES)
