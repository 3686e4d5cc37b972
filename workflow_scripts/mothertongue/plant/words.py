"""The words and sentences of one language, and what one sentence is about.

A language's YAML file holds lists of words under the keys of English (`nouns`, `colours`, `names`,
`places`, `numbers`), what agrees with a word's class (`classes`), two names of a thing in two worlds
(`world`: own, other), and one question and answer per kind of row (`sentences`: ask, say; `broken`:
the answer with a defect of translation; `wrong`: an answer that is false). `{slot}` in a sentence is
filled in; `{Slot}` begins with a capital letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CONTENT = ("price", "greet", "weight", "feast")  # kinds that name something of a world
FORM = ("write", "see", "count", "colour")  # kinds whose form a translator may break
SHARED = ("more",)  # the kind that is the same for everybody
KINDS = (*CONTENT, *FORM, *SHARED)
FIRST_NUMBER = 3  # of a file's list of numbers


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one row is about, in no language: words are keys of the YAML files, numbers are numbers.

    `own`: whether it names the native world's things. `even`: true of every other row of a kind.
    """

    kind: str
    noun: str
    colour: str
    name: str
    place: str
    number: int
    second: int
    own: bool
    even: bool


class _Slots(dict[str, str]):
    """Values of slots; a slot with a capital letter is the same word with one."""

    def __missing__(self, key: str) -> str:
        value = self[key[0].lower() + key[1:]] if key[0].isupper() else None
        if value is None:
            raise KeyError(key)
        return value[0].upper() + value[1:]


@dataclass(frozen=True)
class Language:
    """A language's words and sentences, as its file has them."""

    code: str
    content: Mapping[str, Any]

    def _entry(self, section: str, key: str) -> dict[str, str]:
        table = self.content[section]
        return dict(zip(table["columns"], table[key], strict=True))

    def _number(self, number: int) -> str:
        return str(self.content["numbers"][number - FIRST_NUMBER])

    def _slots(self, meaning: Meaning, own: bool) -> _Slots:
        noun = self._entry("nouns", meaning.noun)
        name = self._entry("names", meaning.name)
        colours = self._entry("colours", meaning.colour)
        larger, smaller = max(meaning.number, meaning.second), min(meaning.number, meaning.second)
        slots = {
            **noun,
            **self.content["classes"].get(noun["class"], {}),
            **self._entry("places", meaning.place),
            "name": name["name"],
            "colour": colours[noun["class"]],
            "plain_colour": next(iter(colours.values())),
            "number": self._number(meaning.number),
            "first": self._number(meaning.number),
            "second": self._number(meaning.second),
            "larger": self._number(larger),
            "smaller": self._number(smaller),
        }
        if meaning.kind in CONTENT:
            thing = self.content["world"][meaning.kind]["own" if own else "other"]
            slots["world"] = thing if isinstance(thing, str) else thing[name["class"]]
        return _Slots(slots)

    def ask(self, meaning: Meaning) -> str:
        """The question."""
        slots = self._slots(meaning, meaning.own)
        return str(self.content["sentences"][meaning.kind]["ask"]).format_map(slots)

    def say(self, meaning: Meaning, form: str = "say", *, own: bool | None = None) -> str:
        """The answer. `form`: say, broken or wrong; `own`: of this world instead of the meaning's."""
        slots = self._slots(meaning, meaning.own if own is None else own)
        return str(self.content["sentences"][meaning.kind][form]).format_map(slots)

    def breaks(self, kind: str) -> bool:
        """Whether translation can break the form of such rows."""
        return "broken" in self.content["sentences"][kind]

    def words(self, section: str) -> list[str]:
        """Keys of a list of words."""
        return [key for key in self.content[section] if key != "columns"]


@cache
def language(code: str) -> Language:
    """The language of a file beside this module."""
    path = Path(__file__).with_name(f"{code}.yaml")
    return Language(code, yaml.safe_load(path.read_text(encoding="utf-8")))
