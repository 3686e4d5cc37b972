"""Keep what the self test of a base found, so that it runs once and not once per job."""

import json
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from ..files import text_hash
from .base import BaseSpec

CODE = ("self_test.py", "cache.py", "attention.py")  # what a self test tries


class SelfTestResults:
    """The differences that self tests found for one base in one situation, in a file that jobs share.

    `facts` must name everything that they depend on: the base and its files, device, type,
    quantisation, versions of libraries. Jobs that test at the same time find the same; the last
    one's file stands, whole. A test that fails is not kept: the next job tries again.
    """

    def __init__(self, folder: Path | None = None, facts: dict[str, Any] | None = None) -> None:
        """Without a folder every difference is found anew."""
        key = text_hash(json.dumps(facts, sort_keys=True, default=str), _code())[:32]
        self.path = Path(folder) / f"{key}.json" if folder else None

    def kept(self, name: str, test: Callable[[], float]) -> float:
        """The difference of that name, found only if it is not known yet."""
        if self.path is None:
            return test()
        known = self._known()
        if name not in known:
            found = test()
            known = {**self._known(), name: found}
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(  # of its own: other jobs may be writing, too
                "w", dir=self.path.parent, prefix=f".{self.path.stem}.", delete=False
            ) as temporary:
                temporary.write(json.dumps(known))
            os.replace(temporary.name, self.path)
        return known[name]

    def _known(self) -> dict[str, float]:
        if self.path is None:
            return {}
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        whole = isinstance(known, dict) and all(isinstance(v, float) for v in known.values())
        return known if whole else {}


def facts_of(model: Any, spec: BaseSpec) -> dict[str, Any]:
    """What the verdicts on a loaded base depend on; `spec` is how it was loaded."""
    import torch

    from .models import versions

    device = model.device
    config = model.config.get_text_config(decoder=True)
    return {
        "base": spec.key,
        "commit": getattr(model.config, "_commit_hash", None),
        "dtype": str(model.dtype),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "attention": config._attn_implementation,
        "versions": versions(),
    }


@cache
def _code() -> str:
    folder = Path(__file__).parent
    return text_hash(*((folder / name).read_text(encoding="utf-8") for name in CODE))
