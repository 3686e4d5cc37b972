"""Translate instruction data: back ends, splitting, checks, and the engine's use of them.

Back ends are one short file each behind a lazy registry. To add one: write a class with what
`types.Translator` names (`limit`, `request` and `send`), and name it in `BACKENDS` with the
configuration keys that determine its translations.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files import existing_files
from ..prompts import read_prompt

if TYPE_CHECKING:  # rules import this package, and need no service
    from .recorded import Recorded
    from .settings import Languages, TranslatorSettings
    from .types import Translator

CHAT = ("model", "base_url", "prompt", "temperature", "seed", "max_tokens", "parameters")
BACKENDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "recorded": ("mothertongue.translate.recorded:Recorded", ("memory", "engine")),
    "google": ("mothertongue.translate.google_page:GooglePage", ("base_url", "codes")),
    "google-cloud": ("mothertongue.translate.google_cloud:GoogleCloud", ("base_url", "codes")),
    "cohere": ("mothertongue.translate.chat:ChatTranslator", CHAT),
    "openai": ("mothertongue.translate.chat:ChatTranslator", CHAT),
    "huggingface": (
        "mothertongue.translate.seq2seq:Seq2Seq",
        ("model", "revision", "codes", "max_tokens", "beams"),
    ),
}
SHAPING = ("backend", "max_characters", "protect_code")  # determine translations of every back end


def make_translator(
    settings: "TranslatorSettings", languages: "Languages"
) -> "Translator | Recorded":
    """The back end of a translator, for texts in these languages."""
    from ..api.clients import load

    address, keys = BACKENDS[settings.backend]
    if "model" in keys and not settings.service.model:
        raise InputError(f"translate.translators: back end {settings.backend} needs a model")
    translator: Translator | Recorded = load(address)(settings, languages)
    return translator


def memory_files(translator: Mapping[str, Any]) -> list[str]:
    """Translation memory files there are, for a rule's input; scripts name those missing."""
    return existing_files(translator.get("memory") or [])


def determining(translator: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a translator's configuration that determines its translations."""
    _, own = BACKENDS[translator["backend"]]
    keys = (*SHAPING, *own) if translator["backend"] != "recorded" else ("backend", *own)
    found = {key: translator[key] for key in sorted(keys) if key in translator}
    if "prompt" in own:  # the text itself: a changed word is another translator
        found["prompt"] = translator.get("prompt") or read_prompt("translate").text
    if not found.get("parameters"):  # a key that older studies do not have
        found.pop("parameters", None)
    return found


def operating(
    translator: Mapping[str, Any], replies: Mapping[str, Any], prices: Any
) -> dict[str, Any]:
    """How a translator is called and paid: nothing that changes a translation."""
    from ..api.prices import price_of

    price = price_of(prices, translator)
    api = translator["api"]
    if translator["backend"] == "huggingface":  # enough calls at a time to fill batches
        api = {**api, "concurrency": max(api["concurrency"], 2 * translator["batch"])}
    return {
        "api": api,
        "batch": translator.get("batch", 16),
        "replay": replies.get("replay"),
        "price": {
            "characters": price.characters,
            "input_tokens": price.input_tokens,
            "output_tokens": price.output_tokens,
        },
    }


def language_facts(
    root: Path, configured: Mapping[str, Mapping[str, Any]], codes: Iterable[str]
) -> dict[str, dict[str, str | None]]:
    """Name, script and Google's code of languages, from the study and resources/languages.yaml."""
    from ..files import load_yaml

    table = load_yaml(root / "resources" / "languages.yaml")
    facts = {}
    for code in sorted(set(codes)):
        known = table.get(code, {})
        facts[code] = {
            "name": configured.get(code, {}).get("name") or known.get("name", code),
            "script": known.get("script"),
            "google": known.get("google", code),
            "flores": f"{known['aya']}_{known['script']}" if "aya" in known else code,
        }
    return facts
