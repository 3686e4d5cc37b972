"""How a service is called: the records that a study's entry is made into once.

None of `CallSettings` determines a reply; all of `Service` but the key does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class CallSettings:
    """The `api` mapping of a translator or judge ($defs/api in config.schema.yaml says what each means)."""

    concurrency: int = 8
    requests_per_minute: float | None = None
    characters_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout: float = 60.0
    retries: int = 8
    check_retries: int = 2
    give_up: int | None = 20
    backoff: float = 1.0
    budget: float | None = None
    key: str | None = None

    @classmethod
    def of(cls, api: Mapping[str, Any] | None) -> "CallSettings":
        """From the mapping; what it does not hold has its default, and other keys mean nothing here."""
        known = {setting.name for setting in fields(cls)}
        return cls(**{key: value for key, value in (api or {}).items() if key in known})

    @property
    def per_minute(self) -> dict[str, float]:
        """The limits per minute that are set, by kind."""
        kinds = {
            "requests_per_minute": self.requests_per_minute,
            "characters_per_minute": self.characters_per_minute,
            "tokens_per_minute": self.tokens_per_minute,
        }
        return {kind: limit for kind, limit in kinds.items() if limit}


@dataclass(frozen=True, slots=True)
class Service:
    """Which chat service answers. `parameters`: sent with every request, as the study gives them."""

    backend: str
    model: str | None
    base_url: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None  # the environment variable that the study names
    concurrency: int = 8

    @classmethod
    def of(cls, entry: "Service | Mapping[str, Any]") -> "Service":
        """From a translator's or judge's entry of the configuration; a record stays itself."""
        if isinstance(entry, Service):
            return entry
        api = entry.get("api") or {}
        return cls(
            entry["backend"],
            entry.get("model"),
            entry.get("base_url"),
            entry.get("parameters") or {},
            api.get("key"),
            api.get("concurrency") or 8,
        )
