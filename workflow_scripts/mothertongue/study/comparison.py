"""Training sets that are compared: which are cut to the rows they share, and which to an equal size.

Native rows and their round trips share ids, and so do all translations of the English rows of a
scope. Native and translated sets share none: `budget` makes those equal in number. Data that is
translated already may have the ids of either, as it says or as its ids tell.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .conditions import Cell, Product
from .mixes import rows_asked
from .records import Translated
from .schema import Json
from .validation import ROUND_TRIP, listed, mapping

OWN, COMMON = "own", "common"
NATIVE, ENGLISH = "native", "english"  # whose ids rows may have


class Budget(NamedTuple):
    """What is held equal (rows, tokens or steps), and the data whose sets it is held equal with."""

    kind: str
    others: tuple[str, ...]


def family(data: str, translated: Mapping[str, Translated]) -> str | None:
    """Whose ids the rows of a set have: native, english or none; None where its ids will tell."""
    if data in translated:
        return translated[data].parallel_to
    return NATIVE if data == NATIVE or data.endswith(ROUND_TRIP) else ENGLISH


class Common(NamedTuple):
    """The data whose rows a set is cut to: `sure` have the same ids, `perhaps` do if any are alike."""

    sure: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()


def common_rows(
    products: Iterable[Product], translated: Mapping[str, Translated]
) -> dict[tuple[str, str], Common]:
    """(data, scope) -> the other data whose rows the set is cut to; sets with own rows are absent."""
    sets = {
        (data, scope): None
        for product in products
        if product.rows == COMMON
        for data in product.data  # mixtures have no place in such an entry (mixes.py)
        for scope in product.scope
    }

    def beside(data: str, scope: str) -> Common:
        own = family(data, translated)
        others = {o: family(o, translated) for o, place in sets if place == scope and o != data}
        return Common(
            tuple(o for o, its in others.items() if own == its and own not in (None, "none")),
            tuple(
                o for o, its in others.items() if None in (own, its) and "none" not in (own, its)
            ),
        )

    return {(data, scope): beside(data, scope) for data, scope in sets}


def budgets(products: Iterable[Product]) -> dict[Cell, Budget]:
    """Every cell with a budget.

    Equal are all cells of one model, scope and learning rate whose entries ask for the same kind.
    """
    kinds: dict[Cell, str] = {}
    for product in products:
        if product.budget:
            kinds |= dict.fromkeys(product.cells(), product.budget)
    groups: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for cell, kind in kinds.items():
        groups[cell.model, cell.scope, cell.lr, kind].append(cell.data)
    return {
        cell: Budget(
            kind,
            tuple(d for d in groups[cell.model, cell.scope, cell.lr, kind] if d != cell.data),
        )
        for cell, kind in kinds.items()
    }


def comparison_mistakes(config: Json) -> Iterator[str]:
    """Training sets and adapters that two entries of `conditions` want in two ways."""
    config = mapping(config)
    first: dict[tuple[str, ...], tuple[int, object]] = {}
    told: set[tuple[int, str]] = set()
    for index, entry in enumerate(listed(config.get("conditions"))):
        entry = mapping(entry)
        wanted = entry.get("models", "all")
        models = [
            m for m in mapping(config.get("models")) if wanted == "all" or m in listed(wanted)
        ]
        names = [*listed(entry.get("data")), *listed(entry.get("mix"))]
        for data in filter(_is_text, names):
            for scope in filter(_is_text, listed(entry.get("scope"))):
                drawn = rows_asked(entry) is not None  # sets of their own
                keys: list[tuple[str, ...]] = [] if drawn else [("rows", data, scope)]
                for lr in filter(_is_text, [] if drawn else listed(entry.get("lr"))):
                    keys += [("budget", data, scope, lr, model) for model in models]
                for key in keys:
                    value = entry.get(key[0])
                    before, known = first.setdefault(key, (index, value))
                    if known != value and (index, key[0]) not in told:
                        told.add((index, key[0]))
                        yield (
                            f"conditions[{index}].{key[0]}: {value or 'none'}, but conditions[{before}]"
                            f" has {known or 'none'} for the same {data} in '{scope}', and a study"
                            " holds each once; say the same in both, or take it out of one"
                        )


def _is_text(value: Json) -> bool:
    return isinstance(value, str)
