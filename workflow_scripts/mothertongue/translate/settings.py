"""What a back end of translation is told, as frozen records made once from a rule's parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..api.settings import CallSettings, Service


@dataclass(frozen=True, slots=True)
class LanguageFacts:
    """What a language is called: in prompts (English), by script (ISO 15924), by Google and FLORES."""

    name: str
    script: str | None
    google: str
    flores: str

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "LanguageFacts":
        """From what `language_facts` gives for one language."""
        return cls(facts["name"], facts["script"], facts["google"], facts["flores"])


Languages = Mapping[str, LanguageFacts]


def languages_of(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, LanguageFacts]:
    """Every language of a rule's parameter, by code."""
    return {code: LanguageFacts.of(one) for code, one in facts.items()}


@dataclass(frozen=True, slots=True)
class TranslatorSettings:
    """A translator as its back end needs it; config.schema.yaml says what each setting means.

    `service`: model and address; `codes`: language -> the service's own code.
    """

    service: Service
    calls: CallSettings
    codes: Mapping[str, str]
    max_characters: int | None = None
    protect_code: bool = True
    prompt: str | None = None
    temperature: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    memory: str | list[str] | None = None
    engine: str | None = None
    revision: str | None = None
    beams: int = 1
    batch: int = 16

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "TranslatorSettings":
        """From an entry of `translate.translators`, or the part of it that a rule passes on."""
        own = ("prompt", "temperature", "seed", "max_tokens", "memory", "engine", "revision")
        return cls(
            Service.of(entry),
            CallSettings.of(entry.get("api")),
            dict(entry.get("codes") or {}),
            entry.get("max_characters"),
            entry.get("protect_code", True),
            **{key: entry.get(key) for key in own},
            beams=int(entry.get("beams") or 1),
            batch=int(entry.get("batch") or 16),
        )

    @property
    def backend(self) -> str:
        """Which back end translates."""
        return self.service.backend

    def google_codes(self, languages: Languages) -> dict[str, str]:
        """Google's code of every language, or the configured one."""
        return {code: facts.google for code, facts in languages.items()} | dict(self.codes)
