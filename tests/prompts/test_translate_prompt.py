"""A translator's own prompt: three placeholders, and any other `$` is text."""

import pytest
from mothertongue.errors import InputError
from mothertongue.prompts import read_prompt
from mothertongue.translate.chat import ChatTranslator
from mothertongue.translate.settings import LanguageFacts, TranslatorSettings

LANGUAGES = {
    "en": LanguageFacts("English", "Latn", "en", "eng_Latn"),
    "es": LanguageFacts("Spanish", "Latn", "es", "spa_Latn"),
}


def filled(prompt, text="It costs $3 or ${text} or $$."):
    entry = {"backend": "openai", "model": "m", "prompt": prompt, "base_url": "http://localhost:1"}
    request = ChatTranslator(TranslatorSettings.of(entry), LANGUAGES).request(text, "en", "es")
    return request["messages"][0]["content"]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("You get $5. ${text}", "You get $5. TEXT"),
        ("${text} costs 100$", "TEXT costs 100$"),
        ("US$, A$ and $ alone: ${text}", "US$, A$ and $ alone: TEXT"),
        ("Keep $x$ and $\\alpha$ as they are: ${text}", "Keep $x$ and $\\alpha$ as they are: TEXT"),
        ("$HOME ${text}", "$HOME TEXT"),
        ("${ ${text}", "${ TEXT"),
        ("${source_lang} > ${target_lang}: ${text}", "English > Spanish: TEXT"),
        ("$$5 ${text}", "$5 TEXT"),  # as ever, two stand for one
        ("$5,000 in 5$ bills; ${text}$", "$5,000 in 5$ bills; TEXT$"),
    ],
)
def test_a_dollar_is_kept(prompt, expected):
    text = "It costs $3 or ${text} or $$."
    assert filled(prompt, text) == expected.replace("TEXT", text)


@pytest.mark.parametrize("name", ["${target}", "${5}", "${}", "${target_language}", "${text }"])
def test_a_placeholder_that_nothing_fills_is_one_clear_line(name):
    with pytest.raises(InputError, match=r"prompt: ") as caught:
        filled(f"Into {name}: ${{text}}")
    assert name in str(caught.value)


def test_the_paper_s_prompt_is_as_it_was():
    shown = (
        filled(None, "Hi").replace("English", "${source_lang}").replace("Spanish", "${target_lang}")
    )
    assert shown.replace("Hi", "${text}") == read_prompt("translate").text
