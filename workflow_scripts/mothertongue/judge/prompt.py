"""What a chat judge is asked, by the form of its reply: the paper's prompt, or one of the study's own."""

from collections.abc import Mapping
from typing import Any

from ..prompts import fill, read_prompt

BRACKETS, JSON = "brackets", "json"
DEFAULTS = {BRACKETS: "judge-brackets", JSON: "judge-json"}


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
