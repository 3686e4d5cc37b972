"""What a chat judge is told to do: the records that its two mappings are made into once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..api import CallSettings, Price
from .prompt import BRACKETS

AUTO = "auto"  # the form of the reply is found out


@dataclass(frozen=True, slots=True)
class ChatSpec:
    """What determines a chat judge's ratings. `reply`: a form, or AUTO; `prompts`: form -> own prompt."""

    backend: str
    model: str | None
    base_url: str | None
    temperature: float | None
    max_tokens: int | None
    repeats: int
    reply: str
    prompts: Mapping[str, str]

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "ChatSpec":
        """From what `rating_settings` gives; a spec that names no form asks in brackets."""
        return cls(
            spec["backend"],
            spec["model"],
            spec.get("base_url"),
            spec["temperature"],
            spec["max_tokens"],
            spec["repeats"],
            spec.get("reply", BRACKETS) or AUTO,
            spec.get("prompt", {}),
        )

    @property
    def identity(self) -> dict[str, str | None]:
        """Which model at which address this is."""
        return {"backend": self.backend, "model": self.model, "base_url": self.base_url}


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """A judge's `batch` mapping: the most of one file, seconds between looks, and the discount."""

    requests: int
    megabytes: float
    poll: float
    discount: float

    @classmethod
    def of(cls, batch: Mapping[str, Any]) -> "BatchSettings":
        """From the mapping of the configuration."""
        return cls(batch["requests"], batch["megabytes"], batch["poll"], batch["discount"])


@dataclass(frozen=True, slots=True)
class JudgeCalls:
    """How a judge is called and paid; nothing of it changes a rating."""

    api: CallSettings
    price: Price
    store: Path
    replay: str | None
    batch: BatchSettings | None
    own_batch: bool

    @classmethod
    def of(cls, operating: Mapping[str, Any]) -> "JudgeCalls":
        """From what `calling_settings` gives; an estimate asks nothing and has no price."""
        batch = operating.get("batch")
        return cls(
            CallSettings.of(operating["api"]),
            Price(**operating.get("price", {})),
            Path(operating["store"]),
            operating.get("replay"),
            BatchSettings.of(batch) if batch else None,
            bool(operating.get("own_batch")),
        )
