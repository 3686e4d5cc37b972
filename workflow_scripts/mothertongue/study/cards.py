"""The GPU cards that are known: their memory, and how fast our jobs run on them (resources/gpus.yaml).

A study names the card of a model (`models.*.gpu_type`, `finetune.gpu_type`); otherwise a run on this
host asks `nvidia-smi`, and elsewhere the card is not known. Imports no model library.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ..process.devices import visible

TABLE = Path(__file__).resolve().parents[3] / "resources" / "gpus.yaml"
WORK = ("train", "read", "write")
KINDS = ("int8", "nf4", "none")


@dataclass(frozen=True)
class Card:
    """One kind of card. `flops`: operations a second, by (work, quantisation); `load`: bytes a second."""

    name: str
    memory_gb: float | None
    flops: Mapping[tuple[str, str], float]
    load: float
    basis: str

    def seconds(self, work: str, quantisation: str, parameters: float, tokens: float) -> float:
        """Seconds of training on, reading or writing tokens; a frozen base takes no gradients."""
        operations = (4 if work == "train" else 2) * parameters * tokens
        return operations / self.flops[work, quantisation]


@cache
def cards(path: Path = TABLE) -> dict[str, Card]:
    """The table; the first entry, which stands for a card that is not known, has constants."""
    rows: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    first = next(iter(rows.values()))
    found = {}
    for name, row in rows.items():
        constants, scale = row.get("sustained"), dict.fromkeys(WORK, 1.0)
        if constants is None:
            constants = first["sustained"]
            scale = dict.fromkeys(WORK, row["peak_tflops"] / first["peak_tflops"])
            scale["write"] = row["gb_per_s"] / first["gb_per_s"]
        found[name] = Card(
            name,
            float(row["memory_gb"]),
            {
                (work, kind): 1e12 * scale[work] * constants[work][kind]
                for work in WORK
                for kind in KINDS
            },
            1e9 * constants["load"],
            row.get("basis", "scaled"),
        )
    return found


def reference() -> Card:
    """The card that estimates speak of where none is known."""
    return next(iter(cards().values()))


def by_device(device: str, memory_gb: float) -> Card:
    """The card that nvidia-smi calls `device`; one that is not in the table has its own memory only."""
    rows = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    for name, row in rows.items():
        if device in row["names"]:
            return cards()[name]
    like = reference()
    return Card(device, memory_gb, like.flops, like.load, f"as {like.name}")


def named(name: str, memory_gb: float | None = None) -> Card:
    """The card of a name; one that is not in the table has the memory that the study says, if any."""
    found = cards().get(name.lower()) or Card(
        name, None, reference().flops, reference().load, f"as {reference().name}"
    )
    if memory_gb is None:
        return found
    return Card(found.name, memory_gb, found.flops, found.load, found.basis)


@cache
def on_this_host() -> Card | None:
    """The card with the least memory among those that this process may use; None without any."""
    names = visible()
    if not names or not shutil.which("nvidia-smi"):
        return None
    query = ["nvidia-smi", "--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"]
    try:
        asked = subprocess.run(query, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = []
    for line in asked.stdout.splitlines() if asked.returncode == 0 else []:
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == 3 and re.fullmatch(r"\d+", parts[2]):
            if parts[0] in names or not all(name.isdigit() for name in names):
                found.append((int(parts[2]) * 2**20 / 1e9, parts[1]))
    if not found:
        return None
    memory_gb, device = min(found)
    return by_device(device, memory_gb)
