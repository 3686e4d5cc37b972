"""Check a prompt that a study gives: fields it lacks, and fields that nothing fills."""

from . import holds, read_prompt, unfilled


def shows_reference(prompt: str) -> bool:
    """Whether a prompt shows the judge the reference answer."""
    return holds(prompt, "reference")


def judge_prompt_mistakes(prompt: object, reply: object) -> list[str]:
    """What is wrong with a judge's own prompt, key by key. `reply`: the form that the study names."""
    if not isinstance(prompt, str):
        return []
    fields = read_prompt("judge-brackets").fields
    lacking = [f"${{{name}}}" for name in ("question", "answer") if not holds(prompt, name)]
    found = [f"prompt: holds no {name}, so that the judge would not see it" for name in lacking]
    known = ", ".join(f"${{{name}}}" for name in fields)
    found += [
        f"prompt: {name} stands for nothing here; known: {known} (a $ without braces stays what it is)"
        for name in unfilled(prompt, fields)
    ]
    if not reply:
        found.append(
            "reply: missing beside a prompt of your own; give json if the prompt asks for a JSON object"
            " of explanation, declined and rating, brackets if it asks for [[rating]]"
        )
    return found


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
