"""Input functions and parameters of rules/people.smk."""

from pathlib import Path
from typing import Any

from snakemake.iocontainers import Wildcards

from ..files import existing_files, patterns_of
from ..prompts.judging import PAIRWISE
from ..study import Study
from ..study.mixes import NATIVE
from ..study.paths import ANSWERS, KEY, PAIRS, RATINGS
from .plan import IN_RULES


class People:
    """What people are asked to label, and where their files are (judge.people)."""

    def __init__(self, study: Study):
        self.study = study
        self.settings: dict[str, Any] = study.config["judge"]["people"] or {}

    @property
    def languages(self) -> list[str]:
        """Languages with answers, where people are asked at all."""
        if not self.settings:
            return []
        found = {one.language for one in self.study.answers}
        return [code for code in self.study.languages if code in found or self._elsewhere(code)]

    def _elsewhere(self, language: str) -> list[str]:
        """Answers in a language that were made elsewhere."""
        patterns = patterns_of(self.settings.get("answers") or [])
        return existing_files([one.replace("{language}", language) for one in patterns])

    @property
    def returned(self) -> bool:
        """Whether the study names files that annotators returned."""
        return bool(self.settings.get("labels"))

    def answers(self, wildcards: Wildcards) -> list[str]:
        """The answers of tuned models in {language}."""
        if self.settings.get("answers"):
            return self._elsewhere(wildcards.language)
        own = [one for one in self.study.answers if one.language == wildcards.language]
        return [IN_RULES.of(ANSWERS, one) for one in own if one.condition.data != "base"]

    def ratings(self, wildcards: Wildcards) -> list[str]:
        """Every judge's ratings of these answers."""
        if not self.settings.get("answers"):
            return [
                *(IN_RULES.of(RATINGS, one) for one in self.study.judgements),
                *(IN_RULES.of(PAIRS, one) for one in self.study.pairs),
            ]
        found = []
        for code in self.languages:
            for path in map(Path, self._elsewhere(code)):
                model, data, scope, lr, seed, questions = path.parts[-7:-1]
                cell = {"model": model, "data": data, "scope": scope, "lr": lr, "language": code}
                cell |= {"seed": seed.removeprefix("seed"), "questions": questions}
                for judge, spec in self.study.judges.items():
                    if spec.mode != PAIRWISE:
                        found.append(IN_RULES.at(RATINGS, judge=judge, **cell))
                    elif data != NATIVE:
                        pair = {**cell, "data": NATIVE, "against": data}
                        found.append(IN_RULES.at(PAIRS, judge=judge, **pair))
        return found

    def guidelines(self, wildcards: Wildcards) -> list[str]:
        """The study's own guidelines in {language}, if it has some."""
        path = self.settings.get("guidelines")
        return [path.replace("{language}", wildcards.language)] if path else []

    def keys(self, wildcards: Wildcards | None = None) -> list[str]:
        """The blind keys of all languages."""
        return [IN_RULES.at(KEY, language=code) for code in self.languages]

    def files(self, wildcards: Wildcards) -> list[str]:
        """The files that annotators returned, as far as they are there; the script names others."""
        return existing_files(self.settings.get("labels") or [])

    def sample(self, wildcards: Wildcards) -> dict[str, Any]:
        """How the sample is drawn and for whom."""
        keys = ("mode", "items", "annotators", "overlap", "seed")
        return {key: self.settings[key] for key in keys}
