"""Input functions and parameters of rules/exchange.smk."""

from ..study import ROUND_TRIP, Study
from ..study.paths import TRANSLATED_REPORT
from .plan import IN_RULES


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
        return [
            IN_RULES.at(TRANSLATED_REPORT, translator=data.removesuffix(ROUND_TRIP), scope=scope)
            for data, scope in self.study.data_and_scope()
            if data in unknown
        ]
