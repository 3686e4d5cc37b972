"""Compute how much GPU memory a model takes from its shape, how it is loaded, and the length of rows.

Not measured on a card yet. Read off models' configurations and off what PyTorch keeps of a pass:
weights are 2 bytes in 16 bits; in int8 the linear layers take 1 and the embeddings 2. A training pass
keeps `KEPT` bytes a token for each layer and unit of width (tests/finetune/test_adapter_type.py holds them);
with gradient checkpointing it keeps the layers' inputs and one layer. Imports no model library.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .records import Model

LINEAR = {"int8": 1.0, "nf4": 0.53}  # bytes of a weight of a linear layer
KEPT = 45.0  # with LoRA on qkv in bfloat16; in float32, as before, 57
KEPT_CARRIER = 3.0  # more for each further square matrix that carries LoRA
KEPT_WHOLE = {2: 64.0, 4: 92.0}  # where all weights are trained, by the size of a number
CONTEXT = 1.5e9  # CUDA's own, and libraries' workspaces
ROWS = 4  # of the longest length in a training pass; with fewer it only gets slower
CACHED = 2048  # tokens of evaluations and answers in the cache at a time: one long prompt
SCORED = 256  # positions whose logits, and their softmax, are there at once, in float32
EAGER = ("bloom", "mpt", "gpt_neo", "xglm")  # transformers has no SDPA for them
MODEL_KEYS = ("hidden_size", "n_embd", "d_model")
LAYER_KEYS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
HEAD_KEYS = ("num_attention_heads", "n_head", "n_heads", "num_heads")

# finetune.lora.targets -> matrices per layer, in square ones; the three of an MLP are 3.5 times as wide
CARRIERS: dict[str, float] = {"qkv": 3, "attention": 4, "all-linear": 11}


@dataclass(frozen=True)
class Shape:
    """What decides memory: weights, layers, width, vocabulary, heads, width of keys and values."""

    parameters: float
    layers: int
    width: int
    vocabulary: int
    heads: int
    key_width: int
    tied: bool = False
    eager: bool = False

    @property
    def embeddings(self) -> float:
        """Weights that stay in 16 bits: of the embeddings and of the output head."""
        return min(self.parameters, self.vocabulary * self.width * (1 if self.tied else 2))


def guessed(parameters: float, base: str = "") -> Shape:
    """The shape of a model of which only the size is known: a usual one, with a large vocabulary."""
    layers = max(
        2, round((parameters / 196608) ** (1 / 3))
    )  # 12 x layers x width², width 128 x layers
    width = 128 * layers
    eager = any(name.replace("_", "") in base.lower().replace("-", "") for name in EAGER)
    vocabulary = 152_000 if parameters > 2e8 else int(parameters / width / 4) or 1
    return Shape(parameters, layers, width, vocabulary, layers, width, eager=eager)


def from_config(config: Mapping[str, Any], parameters: float) -> Shape | None:
    """The shape that a model's config.json tells; None where it does not."""
    config = config.get("text_config") or config

    def one(keys: tuple[str, ...]) -> int | None:
        return next((config[key] for key in keys if isinstance(config.get(key), int)), None)

    width, layers, heads = one(MODEL_KEYS), one(LAYER_KEYS), one(HEAD_KEYS)
    vocabulary = config.get("vocab_size")
    if not (width and layers and heads and isinstance(vocabulary, int)):
        return None
    each = config.get("head_dim") or width // heads
    keys = config.get("num_key_value_heads") or heads
    eager = config.get("model_type") in EAGER
    tied = bool(config.get("tie_word_embeddings", False))
    return Shape(parameters, layers, width, vocabulary, heads, keys * each, tied, eager)


def shape_of(model: Model, folder: Path | None = None) -> Shape:
    """The shape of a model of a study: of its folder's config.json, its `build`, or its size."""
    parameters, base = model.parameters, model.base or ""
    path = (folder or Path(base)) / "config.json"
    if path.is_file():
        try:
            if shape := from_config(json.loads(path.read_text(encoding="utf-8")), parameters):
                return shape
        except (OSError, ValueError):
            pass  # whoever loads it says so
    if build := model.build:
        width = build.hidden_size
        facts = (build.layers, width, build.vocabulary, build.heads, width)
        return Shape(parameters, *facts, tied=True)
    return guessed(parameters, base)


def carriers_of(targets: object) -> float:
    """Matrices of a layer that carry LoRA, counted in square ones; names of modules count as all."""
    return CARRIERS.get(targets, CARRIERS["all-linear"]) if isinstance(targets, str) else 11


def weights(shape: Shape, quantisation: str, word: int = 2) -> float:
    """Bytes of a loaded base; `word` is the size of a number of the compute type."""
    linear = word if quantisation == "none" else LINEAR[quantisation]
    return linear * (shape.parameters - shape.embeddings) + word * shape.embeddings


def adapter_weights(shape: Shape, rank: int, carriers: float) -> float:
    """Weights of a LoRA adapter, about: those of square matrices."""
    return 2 * rank * carriers * shape.width * shape.layers


def states(
    shape: Shape,
    quantisation: str,
    *,
    rank: int = 8,
    carriers: float = 3,
    word: int = 2,
    whole: bool = False,
) -> float:
    """Bytes that a fine-tuning holds from its first step to its last.

    An adapter and the base below it, or with `whole` all weights in float32: 4 bytes each, as much
    for the gradient, and 8 for AdamW's two averages. `carriers`: square matrices per layer that carry
    LoRA (`CARRIERS`).
    """
    if whole:
        return 16 * shape.parameters
    adapter = adapter_weights(shape, rank, carriers)
    return weights(shape, quantisation, word) + 16 * adapter


def passing(
    shape: Shape,
    tokens: int,
    length: int,
    *,
    checkpointing: bool,
    carriers: float = 3,
    word: int = 2,
    whole: bool = False,
) -> float:
    """Bytes that one pass over `tokens` tokens, in rows of `length`, keeps for the way back.

    Every module that carries LoRA keeps its input and more. Training all weights keeps inputs as
    well, and the 16-bit copies of the weights (with checkpointing, of one layer at a time).
    """
    each = KEPT + KEPT_CARRIER * (carriers - CARRIERS["qkv"])
    layer = (KEPT_WHOLE[word] if whole else each * word / 2) * shape.width
    kept = layer + word * shape.layers * shape.width if checkpointing else layer * shape.layers
    logits = tokens / 2 * shape.vocabulary * 12  # of outputs: logits, gradient, two in float32
    eager = 6 * shape.heads * tokens * length * (1 if checkpointing else shape.layers)
    copies = word * shape.parameters / (shape.layers if checkpointing else 1)
    return (
        tokens * kept + logits
        + (eager if shape.eager else 0) + (copies if whole and word < 4 else 0)
    )  # fmt: skip


def training(
    shape: Shape,
    quantisation: str,
    length: int,
    *,
    checkpointing: bool = True,
    rank: int = 8,
    carriers: float = 3,
    word: int = 2,
    whole: bool = False,
) -> float:
    """Bytes of a fine-tuning on a GPU: what it holds, and a pass over `ROWS` rows of `length` tokens.

    A step of AdamW on all weights needs 4 bytes more for each, when no pass is under way.
    """
    held = states(shape, quantisation, rank=rank, carriers=carriers, word=word, whole=whole)
    one = passing(
        shape,
        ROWS * length,
        length,
        checkpointing=checkpointing,
        carriers=carriers,
        word=word,
        whole=whole,
    )
    return CONTEXT + held + max(one, 4 * shape.parameters if whole else 0)


def reading(shape: Shape, quantisation: str, tokens: int = CACHED, *, word: int = 2) -> float:
    """Bytes of evaluations and answers with `tokens` tokens (rows x length) in the cache.

    Decoding takes the cache twice for moments.
    """
    cache = 2 * shape.layers * shape.key_width * word * tokens
    eager = 6 * shape.heads * 2048**2 if shape.eager else 0
    logits = 12 * shape.vocabulary * SCORED
    return CONTEXT + weights(shape, quantisation, word) + 2 * cache + logits + eager


def needed(
    shape: Shape,
    quantisation: str,
    length: int,
    *,
    rank: int = 8,
    carriers: float = 3,
    word: int = 2,
    whole: bool = False,
) -> dict[str, float]:
    """Bytes by stage, at least: with less, jobs stop; with more, they are faster."""
    read = reading(shape, quantisation, word=word)
    trained = training(
        shape, quantisation, length, rank=rank, carriers=carriers, word=word, whole=whole
    )
    return {"finetune": trained, "evaluate": read, "answer": read}
