"""What a chat judge is asked: the prompt of the form of its reply, filled with the texts of an item."""

from ..prompts import fill, read_prompt
from ..prompts.judging import BRACKETS, JSON, PATTERN, RATING, default_name, prompts_of

__all__ = ["BRACKETS", "JSON", "PATTERN", "judge_prompt", "prompts_of"]


def judge_prompt(
    question: str,
    answer: str,
    reference: str | None = None,
    *,
    form: str = BRACKETS,
    prompt: str | None = None,
    mode: str = RATING,
    **more: str,
) -> str:
    """A prompt (default: the package's of that form), filled; `$` and braces in texts stay.

    `more`: answer_b, language and criteria, where the prompt shows them.
    """
    if prompt is None:
        prompt = read_prompt(default_name(mode, form, criteria="criteria" in more)).text
    return fill(prompt, question=question, answer=answer, reference=reference or "", **more)
