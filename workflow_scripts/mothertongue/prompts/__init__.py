"""The templates and prompts that are put around a study's own texts, as data files.

A file holds the text, where it comes from, and the fields that it may hold as `${field}`. A study
may give a text of its own instead (`translate.translators.*.prompt`, `judge.judges.*.prompt`).
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from ..errors import InputError
from ..files import load_yaml

FOLDER = Path(__file__).parent
BRACED = re.compile(r"(?<!\$)\$\{([^{}]*)\}")


@dataclass(frozen=True)
class Prompt:
    """A text with fields. `source`: whose it is; `fields`: what it may hold."""

    name: str
    source: str
    fields: tuple[str, ...]
    text: str

    @property
    def sha256(self) -> str:
        """What tells one text from another."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


@cache
def read_prompt(name: str) -> Prompt:
    """A prompt or template that the package brings; an unknown name is an `InputError`."""
    path = FOLDER / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
        raise InputError(f"prompt '{name}' is not one of {known}")
    content = load_yaml(path)
    return Prompt(name, content["source"], tuple(content["fields"]), content["text"])


@cache
def templates() -> tuple[str, ...]:
    """Names of the texts that turn an instruction into a prompt: those whose only field is `instruction`."""
    names = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return tuple(name for name in names if read_prompt(name).fields == ("instruction",))


def fill(text: str, /, **fields: str) -> str:
    """Put texts in for `${field}`; any other `$` is text, and the texts themselves are not looked at."""
    return Template(text).safe_substitute(**fields)


def holds(text: str, field: str) -> bool:
    """Whether a text has a place for a field."""
    return field in Template(text).get_identifiers()


def unfilled(text: str, fields: tuple[str, ...]) -> list[str]:
    """What stands as `${name}` in a text and will not be filled in; any other `$` is text."""
    return [f"${{{name}}}" for name in BRACED.findall(text) if name not in fields]
