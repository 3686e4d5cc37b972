"""The prompts of judges: those that are brought along, a study's own text, or a file of its own.

A file is a text, or YAML: `text`, its `source`, and how the reply is read: `reply` (json, brackets)
or `pattern`, a regular expression whose only group is the rating or the verdict.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError
from ..files import load_yaml, read_text
from . import BRACED, FOLDER, holds, read_prompt, unfilled

BRACKETS, JSON, PATTERN = "brackets", "json", "pattern"
RATING, PAIRWISE = "rating", "pairwise"
KINDS = {RATING: "judge", PAIRWISE: "judge-pair"}
KEYS = ("source", "fields", "text", "reply", "pattern")


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """A judge's own prompt. `reply`: the form that its file names; `pattern`: how that form is read."""

    text: str
    reply: str | None = None
    pattern: str | None = None


def brought_along() -> list[str]:
    """Names of prompts that a study may take: those with a pattern of their own."""
    files = sorted(FOLDER.glob("judge-*.yaml"))
    names = [path.stem.removeprefix("judge-") for path in files if "pattern" in load_yaml(path)]
    return sorted(names)


def own_prompt(given: str) -> JudgePrompt:
    """What `judge.judges.*.prompt` stands for; a file that is none is an `InputError`."""
    if BRACED.search(given) or "\n" in given.strip():
        return JudgePrompt(given)
    named = given in brought_along()
    path = FOLDER / f"judge-{given}.yaml" if named else Path(given)
    if not path.is_file():
        raise InputError(
            f"prompt: '{given}' is neither a text with ${{question}} and ${{answer}}, nor a file,"
            f" nor one of {', '.join(brought_along())}"
        )
    if path.suffix not in (".yaml", ".yml"):
        return JudgePrompt(read_text(path).strip("\n"))
    try:
        content = load_yaml(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"prompt: {path}: not YAML ({' '.join(str(error).split())})") from None
    return _of_yaml(path, content)


def _of_yaml(path: Path, content: object) -> JudgePrompt:
    if not isinstance(content, Mapping) or not isinstance(content.get("text"), str):
        raise InputError(f"prompt: {path}: holds no 'text'")
    if odd := [str(key) for key in content if key not in KEYS]:
        raise InputError(f"prompt: {path}: unknown key {odd[0]}; known: {', '.join(KEYS)}")
    reply, pattern = content.get("reply"), content.get("pattern")
    if reply not in (None, BRACKETS, JSON) or (reply and pattern):
        raise InputError(f"prompt: {path}: give reply (brackets or json), or a pattern")
    if pattern is not None:
        try:
            groups = re.compile(str(pattern)).groups
        except re.error as error:
            raise InputError(f"prompt: {path}: pattern: {error}") from None
        if groups != 1:
            raise InputError(f"prompt: {path}: pattern has {groups} groups; it needs exactly one")
    return JudgePrompt(content["text"], PATTERN if pattern else reply, pattern)


def default_name(mode: str, form: str, *, criteria: bool) -> str:
    """The prompt of the package for a mode and a form."""
    return f"{'judge-criteria' if criteria else KINDS[mode]}-{form}"


def brought_name(text: str) -> str:
    """The package's prompt of a judge with these words; judge-brackets where there is none."""
    names = [path.stem for path in sorted(FOLDER.glob("judge-*.yaml"))]
    return next((name for name in names if read_prompt(name).text == text), "judge-brackets")


def prompts_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """Form -> prompt of a judge's configuration, for every form in which it may be asked."""
    given = own_prompt(entry["prompt"]) if entry.get("prompt") else None
    reply = (given and given.reply) or entry.get("reply", BRACKETS)
    forms = [reply] if reply else [BRACKETS, JSON]
    mode, criteria = entry.get("mode", RATING), bool(entry.get("criteria"))
    return {
        form: given.text if given else read_prompt(default_name(mode, form, criteria=criteria)).text
        for form in forms
    }


def pattern_of(entry: Mapping[str, Any]) -> str | None:
    """The pattern of a judge's own prompt, if it has one."""
    return own_prompt(entry["prompt"]).pattern if entry.get("prompt") else None


def shows(text: str, field: str) -> bool:
    """Whether a prompt, or what it stands for, shows a field."""
    try:
        return holds(own_prompt(text).text, field)
    except InputError:
        return False  # told as a mistake of its own


def judge_prompt_mistakes(entry: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a judge's own prompt, key by key."""
    prompt, reply = entry.get("prompt"), entry.get("reply")
    if not isinstance(prompt, str):
        return
    try:
        own = own_prompt(prompt)
    except InputError as error:
        yield str(error)
        return
    mode, criteria = entry.get("mode", RATING), bool(entry.get("criteria"))
    fields = ["question", "answer", "reference", "language"]
    needed = ["question", "answer"]
    if mode == PAIRWISE:
        fields, needed = [*fields, "answer_b"], [*needed, "answer_b"]
    if criteria:
        fields, needed = [*fields, "criteria"], [*needed, "criteria"]
    for name in needed:
        if not holds(own.text, name):
            yield f"prompt: holds no ${{{name}}}, so that the judge would not see it"
    known = ", ".join(f"${{{name}}}" for name in fields)
    for name in unfilled(own.text, tuple(fields)):
        yield (
            f"prompt: {name} stands for nothing here; known: {known}"
            " (a $ without braces stays what it is)"
        )
    if own.reply and reply and own.reply != reply:
        yield f"reply: '{reply}', but the prompt's file says {own.reply}; leave one of them out"
    if criteria and own.reply == PATTERN:
        yield "criteria: this prompt is read by a pattern, which gives one rating; leave one out"
    if not reply and not own.reply:
        asked = "verdict" if mode == PAIRWISE else "ratings" if criteria else "rating"
        brackets = {"verdict": "[[A]], [[B]] or [[tie]]", "ratings": "[[name: rating]]"}
        yield (
            "reply: missing beside a prompt of your own; give json if the prompt asks for a JSON object"
            f" of explanation, declined and {asked}, brackets if it asks for"
            f" {brackets.get(asked, '[[rating]]')}"
        )
