"""The words of `words.yaml` and `steering.yaml` as patterns, compiled once."""

import re
from functools import cache
from pathlib import Path

import yaml

UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
FOLDED = str.maketrans("’‘ʼ", "'''")


def fold(text: str) -> str:
    """Small letters and plain apostrophes; every character keeps its place."""
    folded = text.translate(FOLDED)
    return "".join(low if len(low := c.lower()) == 1 else c for c in folded)


def as_pattern(word: str) -> str:
    """The pattern of an entry: `*` is any ending, a space any white space; `(`…`)` is a pattern."""
    if "(" not in word and "\\" not in word:
        word = re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", " ")
    return word.replace(" ", r"\s+")


@cache
def table(name: str) -> dict[str, dict[str, list[str]]]:
    """Role -> language -> entries of a file beside this module."""
    text = Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8")
    # libyaml's loader, where it is there, is ten times as fast as the one in Python
    found: dict[str, dict[str, list[str]]] = yaml.load(
        text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return found


def any_of(entries: list[str]) -> str:
    """A pattern of entries: whole words, or anywhere in scripts that set no spaces."""
    whole: list[str] = []
    anywhere: list[str] = []
    for entry in sorted(set(entries), key=lambda entry: (-len(entry), entry)):
        free = UNSPACED.search(entry) or entry.startswith("(?<")  # the latter says its own bounds
        (anywhere if free else whole).append(as_pattern(entry))
    parts = [rf"(?<!\w)(?:{'|'.join(whole)})(?!\w)"] if whole else []
    return "(?:" + "|".join([*parts, *anywhere]) + ")"


@cache
def role(name: str) -> str:
    """The pattern of a role of `words.yaml`, all languages together."""
    return any_of([entry for entries in table("words")[name].values() for entry in entries])


@cache
def finder(*names: str) -> re.Pattern[str]:
    """Finds a word of any of these roles in folded text."""
    return re.compile("|".join(role(name) for name in names))
