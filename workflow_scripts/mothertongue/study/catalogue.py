"""Read which public benchmarks hold a language (resources/benchmarks.yaml).

The file has one entry per benchmark; here each of its languages is a record of its own. Imports no
model library and no lm-eval.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError
from ..files import load_yaml
from .schema import Schema, repeated_keys, structural_mistakes, suggestion

RESOURCES = Path(__file__).resolve().parents[3] / "resources"
CATALOGUE = RESOURCES / "benchmarks.yaml"
NATIVE = "native"
# how items came into a language, from the least to the most foreign
ORIGINS = (NATIVE, "culturally-adapted", "human-translated", "post-edited", "machine-translated")
KINDS = ("structured", "generative")

_NAME: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"}
_CODE: Schema = {"type": "string", "pattern": "^[a-z]{2,3}$"}
_CODES: Schema = {"type": "array", "items": _CODE, "minItems": 1, "uniqueItems": True}
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": ["integer", "null"], "minimum": 1}
_FACTS: dict[str, Schema] = {
    "task": {**_TEXT, "description": "name in lm-eval; {language} stands for the code"},
    "hub": {
        "type": "object",
        "properties": {"path": _TEXT, "revision": {"type": ["string", "null"]}},
        "required": ["path", "revision"],
        "additionalProperties": False,
    },
    "origin": {"enum": list(ORIGINS)},
    "kind": {"enum": list(KINDS)},
    "measures": _TEXT,
    "items": {"anyOf": [_COUNT, {"type": "object", "additionalProperties": _COUNT}]},
    "chance": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "licence": {"type": ["string", "null"]},
    "gated": {"type": ["boolean", "null"]},
    "year": {"type": "integer", "minimum": 1990},
    "faults": {"type": "array", "items": _TEXT},
    "source": {"type": "string", "pattern": "^https?://[^@]*$"},
    "checked": {**_TEXT, "description": "day on which the facts were checked, in quotes"},
}
_PACK: Schema = {
    "type": "object",
    "properties": {"task": _NAME, "languages": _CODES, "limit": _COUNT},
    "required": ["task", "languages"],
    "additionalProperties": False,
}
_BENCHMARK: Schema = {
    "type": "object",
    "properties": {
        **_FACTS,
        "label": _TEXT,
        "codes": {"anyOf": [_CODES, {"type": "object", "additionalProperties": _TEXT}]},
        "from": _CODE,
        "unfit": _TEXT,
        "cluster": _TEXT,
        "pack": _PACK,
        "but": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {**_FACTS, "languages": _CODES},
                "required": ["languages"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["label", "codes", *_FACTS],
    "additionalProperties": False,
}
_SCHEMA: Schema = {
    "type": "object",
    "propertyNames": _NAME,
    "additionalProperties": _BENCHMARK,
    "minProperties": 1,
}


@dataclass(frozen=True, slots=True)
class PackTask:
    """The workflow's own task that holds a public benchmark, and items at most (None: all)."""

    name: str
    limit: int | None


@dataclass(frozen=True, slots=True)
class PublicTest:
    """A public benchmark in one language; None: not known.

    `name`: its key in the catalogue; `language`: our code; `pattern`: its name in lm-eval, in which
    `code` takes the place of {language}; `hub` and `revision`: the dataset; `items`: how many are
    scored; `chance`: share of right answers by guessing; `unfit`: why no suite takes it; `cluster`:
    column of the rows whose items belong together, such as those of one passage; `pack`: the
    workflow's own task that holds it.
    """

    name: str
    label: str
    language: str
    pattern: str
    code: str
    hub: str
    revision: str | None
    origin: str
    kind: str
    measures: str
    items: int | None
    chance: float | None
    licence: str | None
    gated: bool | None
    year: int
    faults: tuple[str, ...]
    source: str
    checked: str
    unfit: str | None
    cluster: str | None
    pack: PackTask | None

    @property
    def task(self) -> str:
        """Its name in lm-eval."""
        return self.pattern.replace("{language}", self.code)

    @property
    def is_native(self) -> bool:
        """Whether its items were written in the language."""
        return self.origin == NATIVE

    @property
    def is_usable(self) -> bool:
        """Whether a suite may take it."""
        return self.unfit is None or self.pack is not None


@cache
def known_languages() -> dict[str, str]:
    """Code -> English name of the languages of resources/languages.yaml."""
    table = load_yaml(RESOURCES / "languages.yaml")
    return {code: entry["name"] for code, entry in table.items()}


def language_name(code: str) -> str:
    """The English name of a language; a code that is not known is an `InputError`."""
    known = known_languages()
    if code not in known:
        by_name = {name.lower(): other for other, name in known.items()}
        near = difflib.get_close_matches(str(code).lower(), by_name, n=1, cutoff=0.6)
        hint = f"; did you mean '{by_name[near[0]]}'?" if near else suggestion(code, [*known])
        raise InputError(f"language: '{code}' is not in resources/languages.yaml{hint}")
    return known[code]


def _mistakes(content: Any) -> Iterator[str]:
    """What the schema cannot say: codes of languages that are not there, patterns without a place."""
    known = known_languages()
    for name, entry in content.items():
        codes = entry["codes"]
        listed = [
            *((f"codes.{code}", code) for code in codes),
            *(
                (f"pack.languages.{code}", code)
                for code in entry.get("pack", {}).get("languages", [])
            ),
            *(
                (f"but[{place}].languages", code)
                for place, other in enumerate(entry.get("but", []))
                for code in other["languages"]
            ),
        ]
        for where, code in listed:
            if code not in known:
                yield f"{name}.{where}: unknown language '{code}'{suggestion(code, [*known])}"
            elif code not in codes:
                yield f"{name}.{where}: '{code}' is not among the languages of codes"
        if len(codes) > 1 and "{language}" not in entry["task"]:
            yield f"{name}.task: holds no {{language}}, though the benchmark has {len(codes)} languages"


def _in_language(name: str, entry: Mapping[str, Any], code: str) -> PublicTest:
    """One benchmark in one language: its entry, and what differs there."""
    facts = dict(entry)
    if code == entry.get("from"):
        facts["origin"] = NATIVE
    for other in entry.get("but", []):
        if code in other["languages"]:
            facts |= other
    codes, items, pack = entry["codes"], facts["items"], entry.get("pack")
    return PublicTest(
        name=name,
        language=code,
        pattern=facts["task"],
        code=codes[code] if isinstance(codes, Mapping) else code,
        hub=facts["hub"]["path"],
        revision=facts["hub"]["revision"],
        items=items.get(code) if isinstance(items, Mapping) else items,
        faults=tuple(facts["faults"]),
        unfit=facts.get("unfit"),
        cluster=facts.get("cluster"),
        pack=PackTask(pack["task"], pack.get("limit"))
        if pack and code in pack["languages"]
        else None,
        **{
            key: facts[key]
            for key in (
                *("label", "origin", "kind", "measures", "chance", "licence", "gated", "year"),
                *("source", "checked"),
            )
        },
    )


@cache
def read_catalogue(path: Path = CATALOGUE) -> dict[str, dict[str, PublicTest]]:
    """Benchmark -> language -> test, in the file's order; a mistake is an `InputError` of one line."""
    try:
        content = load_yaml(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    mistakes = [*structural_mistakes(content, _SCHEMA)] or [*_mistakes(content)]
    if twice := repeated_keys(path):
        raise InputError(twice[0])
    if mistakes:
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        raise InputError(f"{path}: {mistakes[0]}{more}")
    return {
        name: {code: _in_language(name, entry, code) for code in entry["codes"]}
        for name, entry in content.items()
    }


def benchmarks_in(language: str, path: Path = CATALOGUE) -> list[PublicTest]:
    """The public benchmarks of a language, native ones first, each origin in the file's order."""
    found = [tests[language] for tests in read_catalogue(path).values() if language in tests]
    return sorted(found, key=lambda test: ORIGINS.index(test.origin))
