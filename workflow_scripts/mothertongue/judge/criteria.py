"""Ratings by several criteria in one reply: how they are asked for, and how they are read.

A reply counts only if it rates every criterion exactly once, each with a whole number from 1 to 5.
The rating of the answer is their mean.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .parse import Parsed, normalise, without_reasoning

LABELLED = re.compile(r"\[\[\s*([^\[\]:\n]{1,60}?)\s*:\s*([^\[\]\n]{1,10}?)\s*\]\]")
STEPS = range(1, 6)  # whole ratings


@dataclass(frozen=True, slots=True)
class Criterion:
    """One entry of `criteria`. Texts are one for all languages, or by language of the answers."""

    name: str
    question: str | Mapping[str, str]
    scale: Sequence[str] | Mapping[str, Sequence[str]]  # anchors of 1 to 5

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Criterion":
        """From the configuration."""
        return cls(entry["name"], entry["question"], entry["scale"])

    def shown(self, language: str | None) -> str:
        """The criterion as a paragraph of a prompt; the first language where it lacks this one."""
        question, scale = self.question, self.scale
        if isinstance(question, Mapping):
            question = question.get(language or "") or next(iter(question.values()))
        if isinstance(scale, Mapping):
            scale = scale.get(language or "") or next(iter(scale.values()))
        anchors = [f"  {number}: {text}" for number, text in zip(STEPS, scale)]
        return "\n".join([f"{self.name}: {question}", *anchors])


def rubric(criteria: Sequence[Criterion], language: str | None) -> str:
    """All criteria as the text that `${criteria}` stands for."""
    return "\n\n".join(one.shown(language) for one in criteria)


def schema(criteria: Sequence[Criterion]) -> dict[str, Any]:
    """The JSON schema of a reply with a rating for each criterion."""
    names = [one.name for one in criteria]
    rating = {"type": "integer", "enum": list(STEPS)}
    ratings: dict[str, Any] = {"type": "object", "properties": dict.fromkeys(names, rating)}
    ratings |= {"required": names, "additionalProperties": False}
    return {
        "type": "object",
        "properties": {
            "explanation": {"type": "string"},
            "declined": {"type": "boolean"},
            "ratings": ratings,
        },
        "required": ["explanation", "declined", "ratings"],
        "additionalProperties": False,
    }


def mean_of(found: Mapping[str, Any], criteria: Sequence[Criterion]) -> Parsed:
    """The mean of all criteria, or what is wrong with one."""
    values = {}
    for one in criteria:
        if one.name not in found:
            return Parsed(None, f"no rating for {one.name}")
        value = found[one.name]
        if isinstance(value, bool) or not isinstance(value, int) or value not in STEPS:
            return Parsed(None, f"{one.name}: {value!r} is not a whole number of the scale")
        values[one.name] = float(value)
    return Parsed(sum(values.values()) / len(values), None, values)


def parse_labelled(reply: str, answers: Sequence[str], criteria: Sequence[Criterion]) -> Parsed:
    """Read one [[name: rating]] for each criterion; a name rated twice, differently, has none.

    A rating that an answer holds as well does not count: nobody could tell whose it is.
    """
    text = normalise(without_reasoning(reply, "\n".join(answers)))
    planted = {match[0] for answer in answers for match in LABELLED.finditer(normalise(answer))}
    found: dict[str, Any] = {}
    for match in LABELLED.finditer(text):
        name, number = match[1].strip().lower(), match[2]
        if match[0] in planted or name not in {one.name for one in criteria}:
            continue
        value = int(number) if number.isascii() and number.isdigit() else number
        if found.setdefault(name, value) != value:
            return Parsed(None, f"two ratings for {name}")
    return mean_of(found, criteria)
