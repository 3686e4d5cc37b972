"""Input functions of rules/probe.smk: judges on trial (judge.probe)."""

import os
from typing import Any

from snakemake.iocontainers import Wildcards

from ..estimate.workload import answered, probed
from ..judge.probes import files_of
from ..study import Study
from ..study.paths import PROBED, WARNINGS
from ..study.validation import CHAT
from .plan import IN_RULES


class Probing:
    """Which judges are asked which probes."""

    def __init__(self, study: Study):
        self.study = study
        self.settings: dict[str, Any] | None = study.config["judge"]["probe"]

    @property
    def languages(self) -> list[str]:
        """Languages of answers; of our own probes those that have a file."""
        return probed(self.study)

    @property
    def untried(self) -> dict[str, list[str]]:
        """Languages of answers without probes, as a parameter of rules; none where all have some."""
        found = [code for code in answered(self.study) if code not in self.languages]
        return {"untried": found} if found and self.settings is not None else {}

    def probes(self, wildcards: Wildcards) -> list[str]:
        """The files of probes in {language}."""
        path = (self.settings or {}).get("path")
        return [os.path.relpath(one) for one in files_of(wildcards.language, path)]

    def found(self, wildcards: Wildcards | None = None) -> list[str]:
        """What every judge says of its probes."""
        judges = [n for n, judge in self.study.judges.items() if judge.backend in CHAT]
        return [
            IN_RULES.at(PROBED, judge=judge, language=code)
            for judge in judges
            for code in self.languages
        ]

    def warned(self, wildcards: Wildcards | None = None) -> list[str]:
        """The warnings about judges, if any judge is asked."""
        return [IN_RULES.at(WARNINGS)] if self.found() else []
