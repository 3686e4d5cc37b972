"""What a judge is told, as frozen records made once from the two parameters of a rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..api import CallSettings, Price, Service
from ..prompts.judging import BRACKETS, RATING
from .criteria import Criterion

AUTO = "auto"  # the form of the reply is found out


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """What determines a judge's ratings. `reply`: a form, or AUTO; `prompts`: form -> own prompt.

    A judge that is no chat model has a back end alone.
    """

    service: Service
    temperature: float | None = None
    max_tokens: int | None = None
    repeats: int = 1
    reply: str = BRACKETS
    prompts: Mapping[str, str] = field(default_factory=dict)
    mode: str = RATING
    criteria: tuple[Criterion, ...] = ()
    pattern: str | None = None  # how a reply to an own prompt is read
    languages: Mapping[str, str] = field(default_factory=dict)  # code -> name, for ${language}
    logprobs: bool = False

    @classmethod
    def of(cls, spec: "JudgeSpec | Mapping[str, Any]") -> "JudgeSpec":
        """From what `rating_settings` gives (no form: in brackets); a record stays itself."""
        if isinstance(spec, JudgeSpec):
            return spec
        return cls(
            Service.of(spec),
            spec.get("temperature"),
            spec.get("max_tokens"),
            spec.get("repeats", 1),
            spec.get("reply", BRACKETS) or AUTO,
            spec.get("prompt", {}),
            spec.get("mode", RATING),
            tuple(map(Criterion.of, spec.get("criteria", ()))),
            spec.get("pattern"),
            spec.get("languages", {}),
            spec.get("logprobs", False),
        )

    @property
    def backend(self) -> str:
        """Which back end rates."""
        return self.service.backend

    @property
    def identity(self) -> dict[str, str | None]:
        """Which model at which address this is."""
        service = self.service
        return {
            "backend": service.backend,
            "model": service.model,
            "base_url": service.base_url,
        }


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
    def of(cls, operating: "JudgeCalls | Mapping[str, Any]") -> "JudgeCalls":
        """From what `calling_settings` gives (an estimate has no price); a record stays itself."""
        if isinstance(operating, JudgeCalls):
            return operating
        batch = operating.get("batch")
        return cls(
            CallSettings.of(operating.get("api")),
            Price(**operating.get("price", {})),
            Path(operating["store"]),
            operating.get("replay"),
            BatchSettings.of(batch) if batch else None,
            bool(operating.get("own_batch")),
        )
