"""Check the entries of `conditions`: their names, their languages, and whether they are measured."""

from collections.abc import Iterator, Mapping
from typing import Any

from .schema import Json
from .validation import MULTI, ROUND_TRIP, Names, Section, listed, mapping, unknown


def condition_mistakes(config: Json) -> Iterator[str]:
    """Names that do not exist, English through English, adapters that nothing would measure."""
    names = Names(mapping(config))
    used: set[str] = set()
    for index, entry in enumerate(listed(names.config.get("conditions"))):
        entry, where = mapping(entry), f"conditions[{index}]"
        scopes = listed(entry.get("scope"))
        used |= {lr for lr in listed(entry.get("lr")) if isinstance(lr, str)}
        for at, data in data_named(entry, where):
            if data.endswith(ROUND_TRIP):
                engine = data.removesuffix(ROUND_TRIP)
                what = "translator of a round trip"
                if engine not in names.data:  # what else it is told in translated.py
                    yield from unknown(at, engine, names.translators, what, optional=True)
                if mapping(names.translators.get(engine)).get("keep"):
                    yield (
                        f"{at}: '{engine}' keeps the best of its translations of English rows, and a"
                        " round trip starts from native rows; name a translator without keep"
                    )
            else:
                usable = ["native", *names.data, *names.translators]
                yield from unknown(at, data, usable, "data")
            if data != "native" and "en" in scopes:
                what = (
                    "has no round trip through" if data.endswith(ROUND_TRIP) else "is not put into"
                )
                yield f"{at}: English {what} English; take en out of this entry's scope"
            if data != "native" and MULTI in scopes and "en" in names.pot:
                yield f"{at}: the mix holds English; list sample.multi.languages without en"
        for place, scope in enumerate(scopes):
            if names.languages:
                at = f"{where}.scope[{place}]"
                yield from unknown(at, scope, [*names.languages, MULTI], "scope")
        for key, known, what in (
            ("lr", names.rates, "learning rate"),
            ("models", names.models, "model"),
            ("benchmarks", names.benchmarks, "benchmark"),
            ("questions", names.questions, "question set"),
        ):
            for place, name in enumerate(listed(entry.get(key))):
                optional = key == "questions"
                at = f"{where}.{key}[{place}]"
                yield from unknown(at, name, known, what, optional=optional)
        if names.benchmarks:
            yield from _unmeasured(names, where, entry, scopes)
            yield from _untested(names, where, entry)
    chosen = mapping(names.config.get("correlate")).get("lr")
    yield from unknown("correlate.lr", chosen, names.rates, "learning rate")
    if isinstance(chosen, str) and chosen in names.rates and used and chosen not in used:
        yield f"correlate.lr: no condition is tuned at '{chosen}' (they use {', '.join(sorted(used))})"


def data_named(entry: Section, where: str) -> Iterator[tuple[str, str]]:
    """Every name of data in an entry of `conditions`, with the key at which it stands."""
    for place, data in enumerate(listed(entry.get("data"))):
        yield f"{where}.data[{place}]", str(data)
    for place, wanted in enumerate(listed(entry.get("mix"))):
        at = f"{where}.mix[{place}]"
        if isinstance(wanted, Mapping):
            yield from ((f"{at}.{data}", str(data)) for data in wanted)
        else:
            yield at, str(wanted)


def _untested(names: Names, where: str, entry: Section) -> Iterator[str]:
    """Languages of `evaluate_on` that the study lacks, or that no benchmark of the entry is in."""
    wanted = entry.get("benchmarks", "all")
    tested = {
        str(code)
        for name, spec in names.benchmarks.items()
        if wanted == "all" or name in listed(wanted)
        for code in listed(mapping(spec).get("languages"))
    }
    for place, code in enumerate(listed(entry.get("evaluate_on"))):
        at = f"{where}.evaluate_on[{place}]"
        yield from unknown(at, code, names.languages, "language")
        if isinstance(code, str) and code in names.languages and code not in tested:
            yield (
                f"{at}: no benchmark of the entry is in '{code}'; add it to"
                " evaluate.benchmarks.*.languages, or take it out here"
            )


def _unmeasured(names: Names, where: str, entry: Section, scopes: list[Any]) -> Iterator[str]:
    """Languages of an entry that none of its benchmarks and question sets is in."""

    def chosen(key: str, known: Section) -> list[Section]:
        wanted = entry.get(key, "all")
        return [mapping(v) for k, v in known.items() if wanted == "all" or k in listed(wanted)]

    benchmarks, questions = (
        chosen("benchmarks", names.benchmarks),
        chosen("questions", names.questions),
    )
    tested = {
        str(c) for spec in names.benchmarks.values() for c in listed(mapping(spec).get("languages"))
    }
    covered = {str(code) for spec in benchmarks for code in listed(spec.get("languages"))}
    for spec in questions:
        covered |= {str(code) for code in listed(spec.get("languages"))} or tested
    for place, scope in enumerate(scopes):
        if (
            isinstance(scope, str)
            and scope not in covered
            and (scope in names.languages or (scope == MULTI and not covered))
        ):
            yield (
                f"{where}.scope[{place}]: nothing would measure this adapter: no benchmark or"
                f" question set of the entry is in '{scope}'"
            )
