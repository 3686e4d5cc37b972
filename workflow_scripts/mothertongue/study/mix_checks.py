"""Check the numbers of rows, mixtures and draws of `conditions` (see mixes.py)."""

from collections.abc import Iterable, Iterator, Mapping

from .mixes import apportion, rows_asked
from .schema import Json
from .validation import MULTI, listed, mapping


def mix_mistakes(config: Json) -> Iterator[str]:
    """Entries of `conditions` whose numbers of rows, mixtures or draws do not go together."""
    config = mapping(config)
    for index, entry in enumerate(listed(config.get("conditions"))):
        if not isinstance(entry, Mapping):
            continue  # the schema says so
        where = f"conditions[{index}]"
        rows, mixes = rows_asked(entry), listed(entry.get("mix"))
        recipes = [one for one in mixes if isinstance(one, Mapping)]
        if not listed(entry.get("data")) and not mixes and "data" not in entry:
            yield f"{where}.data: missing (what is trained on: names, or mixtures in mix)"
        for place, mixture in enumerate(mixes):
            if isinstance(mixture, Mapping):
                yield from _mixture(f"{where}.mix[{place}]", mixture, rows or ())
        sized = rows is not None or bool(recipes)
        for key in ("draws", "nested"):
            if key in entry and not sized:
                yield (
                    f"{where}.{key}: nothing is drawn without numbers of rows; give rows, such as"
                    f" [250, 500, all], or take {key} out"
                )
        if sized and MULTI in listed(entry.get("scope")):
            yield (
                f"{where}.scope: rows, mixtures and draws are those of one language; put {MULTI} into"
                " an entry of its own"
            )
        if sized and entry.get("budget"):
            yield (
                f"{where}.budget: {entry['budget']}, but rows says how many rows there are; equal"
                " numbers of optimiser steps are finetune.budget: steps"
            )
        if recipes and entry.get("rows") == "common":
            yield f"{where}.rows: common is not for mixtures; put them into an entry of their own"
        if entry.get("budget") == mapping(config.get("finetune")).get("budget") == "steps":
            yield f"{where}.budget: steps, which finetune.steps holds equal already; take it out"


def _mixture(where: str, mixture: Mapping[str, Json], rows: Iterable[Json]) -> Iterator[str]:
    """Shares that are no whole, shares beside numbers, parts that would get no row."""
    amounts = list(mixture.values())
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in amounts):
        return  # the schema says so
    shares = [one for one in amounts if isinstance(one, float) and not one.is_integer()]
    if not shares:
        return
    told = ", ".join(f"{name}: {amount:g}" for name, amount in mixture.items())
    if len(shares) < len(amounts):
        yield f"{where}: mixes shares and numbers of rows ({told}); give either"
    elif abs(sum(shares) - 1) > 1e-4:
        yield f"{where}: the shares sum to {sum(shares):g}, not to 1 ({told})"
    else:
        for number in rows:
            if isinstance(number, int) and 0 in apportion(mixture, number).values():
                yield f"{where}: a part gets none of {number} rows ({told}); take larger rows"
