"""Input functions and parameters of sample.smk, translate.smk, roundtrip.smk and training_sets.smk: training sets whose rows are drawn."""

import re
from typing import Any

from snakemake.iocontainers import Wildcards

from ..study import Study
from ..study.mixes import Mix, Portion, source_of
from ..study.paths import TRAINING
from .plan import IN_RULES


class Drawing:
    """Portions of rows, and the training sets that they make."""

    def __init__(self, study: Study):
        self.study = study

    # -- portions --------------------------------------------------------------------------------

    def tokens(self, *sources: str) -> str:
        """The portions that are drawn from some sources (none given: from any), as a pattern."""
        found = {key[2] for key in self.study.portions if not sources or key[0] in sources}
        return "|".join(map(re.escape, sorted(found))) or "(?!)"  # none: nothing matches

    def source(self, wildcards: Wildcards) -> str:
        """The rows that a portion is drawn from."""
        return IN_RULES.source(wildcards.source, wildcards.scope)

    def beside(self, wildcards: Wildcards) -> list[str]:
        """The sources of every part of a mixture of shares: the scarcest part limits them all."""
        mix, _ = self._portion(wildcards)
        shares = mix.shares() or {}
        sources = (source_of(data, self.study.translating) for data in shares)
        return [IN_RULES.source(source, wildcards.scope) for source in sources]

    def _portion(self, wildcards: Wildcards) -> tuple[Mix, Portion]:
        return self.study.portions[wildcards.source, wildcards.scope, wildcards.portion]

    def drawn(self, wildcards: Wildcards) -> dict[str, Any]:
        """What decides which rows a portion has, beside its source."""
        mix, one = self._portion(wildcards)
        shares = mix.shares()
        amount = next(part.amount for part in mix.parts if part.data == one.data)
        sources = [source_of(data, self.study.translating) for data in shares or ()]
        return {
            "data": one.data,
            "amount": amount,
            "draw": mix.draw,
            "nested": mix.nested,
            "turn": one.turn,
            "turns": one.turns,
            "shares": shares,
            "shared": [sources.count(source) for source in sources],
        }

    # -- training sets ---------------------------------------------------------------------------

    def parts(self, wildcards: Wildcards) -> list[str]:
        """The rows of every part of a training set."""
        found = self.study.portions_of(wildcards.data)
        return [IN_RULES.portion(one, wildcards.scope) for one in found]

    def sources(self, wildcards: Wildcards) -> list[str]:
        """What each part is drawn from."""
        found = self.study.portions_of(wildcards.data)
        return [IN_RULES.source(one.source, wildcards.scope) for one in found]

    def names(self, wildcards: Wildcards) -> list[str]:
        """The data of every part."""
        return [one.data for one in self.study.portions_of(wildcards.data)]

    def sets(self) -> list[str]:
        """Every training set of the study whose rows are drawn."""
        return [IN_RULES.at(TRAINING, data=d, scope=s) for d, s in self.study.sized_sets()]
