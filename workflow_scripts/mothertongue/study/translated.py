"""Check the data of a study that is translated already (`data`), and where it is used."""

import re
from collections.abc import Iterator

from .condition_checks import data_named
from .records import languages_of
from .schema import Json, suggestion
from .validation import MULTI, ROUND_TRIP, Names, listed, mapping, source_mistakes


def translated_mistakes(config: Json) -> Iterator[str]:
    """Names that another section has, languages without rows, round trips that cannot be made."""
    names = Names(mapping(config))
    for name, entry in names.data.items():
        if name in names.translators:
            yield f"data.{name}: a translator has this name (translate.translators); choose another"
        sources = dict(languages_of(mapping(entry)))
        if isinstance(entry, dict) and not sources:
            yield f"data.{name}: names no rows; give each language its file, as sw: ours.sw.jsonl"
        for code, source in sources.items():
            where = f"data.{name}.{code}"
            is_code = bool(
                re.fullmatch("[a-z]{2,3}", str(code))
            )  # what else it is, the schema says
            if is_code and names.languages and code not in names.languages:
                yield f"{where}: unknown language '{code}'{suggestion(code, list(names.languages))}"
            source = {"path": source} if isinstance(source, str) else source
            yield from source_mistakes(where, source, "")
        if mapping(entry).get("parallel_to") == "english" and not names.has_english:
            yield (
                f"data.{name}.parallel_to: english, but the study names no English rows; give"
                " sample.english its path or hub"
            )
    for index, condition in enumerate(listed(names.config.get("conditions"))):
        scopes = [one for one in listed(mapping(condition).get("scope")) if isinstance(one, str)]
        for where, data in data_named(mapping(condition), f"conditions[{index}]"):
            yield from _used(names, where, data, scopes)


def _used(names: Names, where: str, data: str, scopes: list[str]) -> Iterator[str]:
    """What a condition wants of such data and cannot have."""
    name = data.removesuffix(ROUND_TRIP)
    if name not in names.data or name in names.translators:
        return
    if data != name:
        yield (
            f"{where}: '{name}' is translated already (data.{name}), and nobody here can translate it"
            " back; only translators have round trips: take it out"
        )
        return
    wanted = dict.fromkeys(
        code for scope in scopes for code in (names.pot if scope == MULTI else [scope])
    )
    there = dict(languages_of(mapping(names.data[name])))
    for code in wanted:
        if there and code in names.languages and code not in there:
            yield (
                f"{where}: data.{name} has no '{code}' (it has {', '.join(there)}); give its rows, or"
                " take it out of this entry's scope"
            )
