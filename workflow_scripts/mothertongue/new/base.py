"""What a model's name or folder tells of it: number of weights, whether it is tuned for chats."""

import json
import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files import read_json

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
SIZE = re.compile(r"(?<![\d.])(\d+(?:[.]\d+)?)\s*([MB])(?![a-z])", re.IGNORECASE)
INSTRUCT = re.compile(r"(?<![a-z])(instruct|chat|it|rlhf|dpo|sft)(?![a-z])", re.IGNORECASE)
UNITS = {"M": 1e6, "B": 1e9}


@dataclass(frozen=True, slots=True)
class Base:
    """A base model. `told_by`: what its number of weights follows from."""

    base: str
    name: str
    label: str
    parameters: float
    told_by: str
    chat: bool


def look_at_model(base: str, parameters: float | None = None) -> Base:
    """Read a folder, or a hub id's name; `parameters` is what the user says of its weights."""
    folder = Path(base).expanduser()
    local = folder.is_dir()
    if not local and (
        folder.exists() or base.startswith((".", "/", "~")) or not HUB_ID.fullmatch(base)
    ):
        raise InputError(
            f"--model {base}: neither a folder with a model nor a hub id, such as"
            " HuggingFaceTB/SmolLM2-135M"
        )
    label = (folder.resolve().name if local else base.rpartition("/")[2])[:60]
    name = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "model"
    if parameters is not None:
        size, told = parameters, "--parameters"
    elif local:
        size, told = weights_of(folder), "its files"
    else:
        size, told = _size_in(label), "its name"
    chat = bool(INSTRUCT.search(label)) or (local and has_chat_template(folder))
    return Base(str(folder) if local else base, name, label, size, told, chat)


def _size_in(label: str) -> float:
    found = SIZE.findall(label)
    if not found:
        raise InputError(
            f"--model {label}: its name does not tell its number of weights; add it, as --parameters 1.35e8"
        )
    number, unit = found[-1]
    return float(number) * UNITS[unit.upper()]


def weights_of(folder: Path) -> float:
    """Number of weights of a model's folder, from the heads of its safetensors files."""
    if not (folder / "config.json").is_file():
        raise InputError(
            f"--model {folder}: has no config.json, so it is not the folder of a model"
        )
    total = 0
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as handle:
            (length,) = struct.unpack("<Q", handle.read(8))
            head = json.loads(handle.read(length))
        total += sum(math.prod(one["shape"]) for name, one in head.items() if "shape" in one)
    if not total:
        raise InputError(
            f"--model {folder}: has no weights as safetensors (save_pretrained writes them)"
        )
    return float(total)


def has_chat_template(folder: Path) -> bool:
    """Whether the tokenizer of a model's folder brings a chat template."""
    settings = folder / "tokenizer_config.json"
    own = settings.is_file() and read_json(settings).get("chat_template")
    return bool(own) or (folder / "chat_template.jinja").is_file()
