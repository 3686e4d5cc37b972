"""Mistakes in what a study says about the exchange rate of native and translated rows, and about prices."""

from collections.abc import Iterator

from .schema import Json
from .validation import mapping


def exchange_mistakes(config: Json) -> Iterator[str]:
    """Prices of translators that there are not; a plan for more native rows than are trained on."""
    config = mapping(config)
    translators = mapping(mapping(config.get("translate")).get("translators"))
    known = [*translators, *mapping(config.get("data"))]
    for name in mapping(mapping(config.get("prices")).get("translated_row")):
        if known and name not in known:  # none at all: scores that were made elsewhere
            yield (
                f"prices.translated_row.{name}: the study has no translator or data of this name;"
                f" it has {', '.join(known)}"
            )
    section = mapping(config.get("exchange"))
    rows, most = section.get("rows"), section.get("most")
    if isinstance(rows, int) and isinstance(most, int) and rows > most:
        yield (
            f"exchange.rows: {rows}, but the largest native set is exchange.most: {most};"
            " a rate is found between sizes only, so raise `most` or lower `rows`"
        )
