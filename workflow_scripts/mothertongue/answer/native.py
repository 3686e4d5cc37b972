"""Native questions, drawn from OASST1, that stand in no instruction data of the study."""

from typing import Any

from ..files import Row


def draw_native(
    settings: dict[str, Any], *, language: str, instructions: dict[str, Any], aya: dict[str, Any]
) -> list[Row]:
    """Draw questions that are not in the language's instruction data."""
    from mothertongue.answer.draw import draw, read_messages
    from mothertongue.sample.source import language_rows, read_aya

    messages, source = read_messages(settings["dataset"], "answer.questions.….draw.dataset")
    known = language_rows(read_aya(instructions), aya, f"languages.{language}")["inputs"]
    return draw(
        messages,
        language=language,
        known=[text for text in known if text],
        rows=settings["rows"],
        seed=settings["seed"],
        similarity=settings["similarity"],
        max_characters=settings["max_characters"],
        source=source,
    )
