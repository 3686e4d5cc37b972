"""Templates as data: the words around what is asked, in the package's files or a file of the study.

A template file holds `text` (the prompt of the first turn, with `${instruction}`); optionally
`next` (the prompt of a later turn; default: the same text), `system` (what stands before the
prompt where a row has a system message, with `${system}`), and `languages`: code -> words of its
own for any of the three.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError
from ..files import load_yaml
from . import FOLDER, fill, holds, read_prompt, templates, unfilled

CHAT = "chat"  # the tokenizer's own template
PARTS = {"text": "instruction", "next": "instruction", "system": "system"}  # part -> its field
SYSTEM = "${system}\n\n"
OTHER_KEYS = ("source", "fields", "languages")


@dataclass(frozen=True, slots=True)
class Template:
    """The words around what is asked. `languages`: code -> part -> words of its own."""

    name: str
    text: str
    next: str
    system: str = SYSTEM
    languages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def part(self, part: str, language: str | None) -> str:
        """One part in a language."""
        own: str = self.languages.get(language or "", {}).get(part) or getattr(self, part)
        return own

    def prompt(
        self,
        instruction: str,
        *,
        language: str | None = None,
        system: str | None = None,
        later: bool = False,
    ) -> str:
        """The prompt of one turn; the answer is to follow directly."""
        text = fill(
            self.part("next" if later else "text", language), instruction=instruction.strip()
        )
        if system is None:
            return text
        return fill(self.part("system", language), system=system.strip()) + text

    def params(self) -> dict[str, Any]:
        """The template as a rule's parameter: a changed word is another template."""
        return {
            "name": self.name,
            "text": self.text,
            "next": self.next,
            "system": self.system,
            "languages": {code: dict(words) for code, words in self.languages.items()},
        }


def template_params(given: str) -> str | dict[str, Any]:
    """A study's `template` as a parameter: its name, or the words of a file of the study."""
    return given if given in (*templates(), CHAT) else template_of_file(given).params()


def chat_template_of(folder: Path) -> str | None:
    """The chat template that a model's folder brings, as it is written there; None without one."""
    for name in ("chat_template.jinja", "chat_template.json"):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
    try:
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = config.get("chat_template") if isinstance(config, dict) else None
    return found if isinstance(found, str) or not found else json.dumps(found)


def frame_warning(given: object) -> str:
    """What is said where an instruct model is tuned through a template that is not its own."""
    name = given if isinstance(given, str) else "of the study"
    return (
        f"the tokenizer has a chat template, but the recipe's template is '{name}': an instruct model"
        " that was tuned so answered Spanish questions in English; finetune.template: chat uses its"
        " own"
    )


def read_template(given: str | Mapping[str, Any]) -> Template:
    """A template by its name in the package, or as `params` gave it."""
    if not isinstance(given, str):
        return Template(**given)
    if given not in templates():
        raise InputError(f"template '{given}' is not one of {', '.join((*templates(), CHAT))}")
    content = load_yaml(FOLDER / f"{given}.yaml")
    text = read_prompt(given).text
    return Template(given, text, content.get("next", text), content.get("system", SYSTEM))


def template_of_file(path: str | Path) -> Template:
    """The template of a study's own file; what is wrong with it is one `InputError`."""
    try:
        content = load_yaml(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: not a template file ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict) or not isinstance(content.get("text"), str):
        raise InputError(f"{path}: a template file holds 'text', with ${{instruction}} in it")
    unknown = [str(key) for key in content if key not in (*PARTS, *OTHER_KEYS)]
    if unknown:
        raise InputError(
            f"{path}: unknown key {', '.join(unknown)}; known: text, next, system, languages"
        )
    languages = content.get("languages") or {}
    for where, words in (("", content), *((f"languages.{c}.", w) for c, w in languages.items())):
        for part, name in PARTS.items():
            _check(path, where + part, words.get(part), name)
    own = {key: content[key] for key in PARTS if key in content}
    template = Template(str(path), **{"next": own["text"], **own}, languages=languages)
    return template


def _check(path: str | Path, key: str, words: object, name: str) -> None:
    if words is None:
        return
    if not isinstance(words, str) or not holds(words, name):
        raise InputError(f"{path}: {key} is not a text with ${{{name}}} in it")
    if wrong := unfilled(words, (name,)):
        raise InputError(f"{path}: {key}: {wrong[0]} stands for nothing here; known: ${{{name}}}")
