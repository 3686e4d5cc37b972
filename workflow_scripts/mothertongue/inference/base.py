"""Which base model a job needs and how it is loaded, as one record; borrow a loaded copy of it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..preload import held
from ..preload.registry import who_loaded

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class BaseSpec:
    """A base model and the way it is loaded (arguments of `models.load_base`)."""

    base: str
    revision: str | None
    quantisation: str
    dtype: str
    trust_remote_code: bool = False

    @classmethod
    def of_model(cls, model: Mapping[str, Any], quantisation: str, dtype: str) -> "BaseSpec":
        """The base of a study's model."""
        return cls(
            base=model["base"],
            revision=model.get("revision"),
            quantisation=quantisation,
            dtype=dtype,
            trust_remote_code=bool(model.get("trust_remote_code", False)),
        )

    @property
    def key(self) -> str:
        """This base as text; a local folder with the sizes and times of its files."""
        path = Path(os.getcwd()) / self.base
        files = []
        if path.is_dir():
            files = [
                (file.name, file.stat().st_size, file.stat().st_mtime_ns)
                for file in sorted(path.iterdir())
                if file.is_file()
            ]
        return repr((sorted(asdict(self).items()), files))

    def load(self, device: str | None = None) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
        """Load the base and its tokenizer, on the job's device if none is named."""
        from .models import load_base

        return load_base(**asdict(self), device=device)


@contextmanager
def borrowed(
    spec: BaseSpec, device: str | None = None
) -> "Iterator[tuple[PreTrainedModel, PreTrainedTokenizerBase]]":
    """Yield (model, tokenizer) of a base: the copy that this process holds, else freshly loaded.

    Put an adapter on it with `models.attach_adapter`, and do not change the base itself. Adapters
    are taken off a held copy afterwards.
    """
    print(who_loaded(spec.key), flush=True)
    kept = held(spec.key)
    if kept is None:
        yield spec.load(device)
        return
    try:
        yield kept
    finally:
        from .adapters import strip_adapters

        strip_adapters(kept[0])
