"""What a chat judge is asked, by the form of its reply: the paper's prompt, or one of the study's own."""

from collections.abc import Mapping
from typing import Any

from ..prompts import fill, holds, read_prompt, unfilled

BRACKETS, JSON = "brackets", "json"
DEFAULTS = {BRACKETS: "judge-brackets", JSON: "judge-json"}
FIELDS = read_prompt(DEFAULTS[BRACKETS]).fields


def prompts_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """Form -> prompt of a judge's configuration, for every form in which it may be asked."""
    reply = entry.get("reply", BRACKETS)
    forms = [reply] if reply else [BRACKETS, JSON]
    return {form: entry.get("prompt") or read_prompt(DEFAULTS[form]).text for form in forms}


def judge_prompt(
    question: str,
    answer: str,
    reference: str | None = None,
    *,
    form: str = BRACKETS,
    prompt: str | None = None,
) -> str:
    """A prompt (default: the package's of that form), filled; `$` and braces in texts stay."""
    text = read_prompt(DEFAULTS[form]).text if prompt is None else prompt
    return fill(text, question=question, answer=answer, reference=reference or "")


def shows_reference(prompt: str) -> bool:
    """Whether a prompt shows the judge the reference answer."""
    return holds(prompt, "reference")


def prompt_mistakes(entry: Mapping[str, Any]) -> list[str]:
    """What is wrong with a judge's own prompt, key by key."""
    prompt = entry.get("prompt")
    if not isinstance(prompt, str):
        return []
    lacking = [f"${{{name}}}" for name in ("question", "answer") if not holds(prompt, name)]
    found = [f"prompt: holds no {name}, so that the judge would not see it" for name in lacking]
    known = ", ".join(f"${{{name}}}" for name in FIELDS)
    found += [
        f"prompt: {name} stands for nothing here; known: {known} (a $ without braces stays what it is)"
        for name in unfilled(prompt, FIELDS)
    ]
    if not entry.get("reply"):
        found.append(
            "reply: missing beside a prompt of your own; give json if the prompt asks for a JSON object"
            " of explanation, declined and rating, brackets if it asks for [[rating]]"
        )
    return found
