"""Input functions and parameters of rules/exchange.smk."""

from collections import defaultdict

from ..scores import MULTI
from ..study import ROUND_TRIP, Study
from ..study.mixes import Amount, Mix
from ..study.paths import TRANSLATED_PORTION_REPORT, TRANSLATED_REPORT
from .plan import IN_RULES


def asks_for_exchange(study: Study) -> bool:
    """Whether the report says what a native row is worth.

    It does if the study has a section `exchange`, or trains on two sizes of native and of one kind of
    translated rows in a language.
    """
    if "exchange" in study.config:
        return True
    sizes: dict[tuple[str, str], set[Amount]] = defaultdict(set)
    for condition in study.conditions:
        first, *others = Mix.parse(condition.data).parts
        if not others and condition.scope != MULTI and not first.data.endswith(ROUND_TRIP):
            sizes[condition.scope, first.data].add(first.amount)
    two = {place for place, found in sizes.items() if len(found) > 1}
    return any(name != "native" and (scope, "native") in two for scope, name in two)


class Exchanging:
    """Prices, wishes and reports of a study that asks what a native row is worth."""

    def __init__(self, study: Study):
        self.study = study
        self.prices = study.config["prices"]
        self.section = study.config.get("exchange") or {}

    @property
    def native_price(self) -> float | None:
        """US dollars of a native row, if the study states them."""
        price: float | None = self.prices.get("native_row")
        return price

    @property
    def translated_prices(self) -> dict[str, float]:
        """US dollars of a translated row, by translator, where the study states them."""
        return dict(self.prices.get("translated_row") or {})

    def wish(self, key: str) -> list[float]:
        """Scores or budgets to look for; [] stands for those of the native sizes."""
        return [float(value) for value in self.section.get(key) or ()]

    def reports(self) -> list[str]:
        """Reports of sets whose translators' prices are to be measured."""
        if self.native_price is None:
            return []
        unknown = set(self.study.translators) - set(self.translated_prices)
        whole = [
            IN_RULES.at(TRANSLATED_REPORT, translator=data, scope=scope)
            for data, scope in self.study.data_and_scope()
            if data in unknown
        ]
        drawn = [
            IN_RULES.at(
                TRANSLATED_PORTION_REPORT, translator=one.data, scope=scope, portion=one.token
            )
            for one, scope in self.study.translated_portions()
            if one.data in unknown
        ]
        return whole + drawn
