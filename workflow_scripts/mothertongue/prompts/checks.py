"""Check a prompt that a study gives: fields it lacks, and fields that nothing fills."""

from . import holds, read_prompt, unfilled


def translation_prompt_mistakes(prompt: object) -> list[str]:
    """What is wrong with a translator's own prompt, if it has one."""
    if not isinstance(prompt, str):
        return []
    if not holds(prompt, "text"):
        return ["prompt: holds no ${text}, so that nothing would be translated"]
    return [
        f"prompt: {name} stands for nothing here; known: ${{text}}, ${{source_lang}},"
        " ${target_lang} (a $ without braces stays what it is)"
        for name in unfilled(prompt, read_prompt("translate").fields)
    ]
