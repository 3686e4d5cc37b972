"""Load a base model (8-bit by default), put an adapter on it, and prove that it is applied.

Shared by finetune, evaluate and answer, so that all three see the same weights, arithmetic and
prompt. Torch and transformers are imported inside the functions: importing this module is cheap.

A caution about `int8`: in inference bitsandbytes quantises activations and computes feature
columns that hold an outlier (absolute value above 6) in higher precision, and it looks for
outliers over the whole batch. Scores of the same item in differently composed batches can
therefore differ slightly; this is a property of LLM.int8(), not of our batching.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, is_out_of_memory
from ..hub import explained as _explained
from ..process.devices import pick_device
from .encoding import Encoder, limit_to_embedding
from .generation import make_plain, plain_settings
from .staging import staged

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PROBE = "The quick brown fox. El perro duerme. Собака спит. 今天天气很好。 1 + 2 = 3"
QUANTISATIONS = ("int8", "nf4", "none")
LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes", "accelerate", "tokenizers")


class AdapterError(RuntimeError):
    """An adapter that is not applied, or not the one that was trained."""


def versions() -> dict[str, str]:
    """Versions of the libraries that decide what a model computes (imports none of them)."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def pick_dtype(dtype: str = "auto", device: str = "cpu") -> "torch.dtype":
    """The compute type: `auto` is bfloat16 on a GPU whose cores have it, else float16; float32 on a CPU.

    Some cards (T4, V100) only emulate bfloat16, many times slower than float16; training in float16
    scales its loss (finetune/scale.py).
    """
    import torch

    if dtype != "auto":
        named: torch.dtype = getattr(torch, dtype)
        return named
    if not device.startswith("cuda"):
        return torch.float32
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16


def quantisation_config(quantisation: str, dtype: "torch.dtype") -> Any:
    """The bitsandbytes settings of a quantisation, or None."""
    from transformers import BitsAndBytesConfig

    if quantisation == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)  # type: ignore[no-untyped-call]  # transformers has no types there
    if quantisation == "nf4":
        return BitsAndBytesConfig(  # type: ignore[no-untyped-call]  # transformers has no types there
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
        )
    if quantisation == "none":
        return None
    raise InputError(f"quantisation '{quantisation}' is not one of {', '.join(QUANTISATIONS)}")


def _quiet_libraries() -> None:
    """Silence one line per matrix product (bitsandbytes) and progress bars in log files."""
    import transformers

    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types there


def _is_folder(base: str) -> bool:
    """Whether `base` is a local folder; a path that should be one and is not is an error."""
    path = Path(base)
    if path.is_dir():
        return True
    if path.is_absolute() or base.startswith((".", "~")) or base.count("/") > 1:
        raise InputError(f"{base}: no such folder; give a model folder or a hub id (owner/name)")
    return False


def load_tokenizer(
    base: str, *, revision: str | None = None, trust_remote_code: bool = False
) -> "PreTrainedTokenizerBase":
    """Load the tokenizer of a base, with an end-of-sequence and a padding token.

    A missing padding token is replaced by the unknown or end-of-sequence one: padding is always
    masked explicitly, so the choice changes nothing but must exist.
    """
    from transformers import AutoTokenizer

    local = _is_folder(base)
    if local and not any(
        (Path(base) / name).is_file()
        for name in ("tokenizer.json", "tokenizer.model", "vocab.json", "tokenizer_config.json")
    ):
        raise InputError(f"{base}: no tokenizer in the folder (tokenizer.json or tokenizer.model)")
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            base, revision=None if local else revision, trust_remote_code=trust_remote_code
        )
    except Exception as error:
        raise _explained(error, base, revision, "tokenizer") from error
    if tokenizer.eos_token_id is None:
        raise InputError(f"{base}: the tokenizer has no end-of-sequence token (eos_token)")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
        logging.getLogger("mothertongue").info(
            "the tokenizer has no padding token; using %s", tokenizer.pad_token
        )
    tokenizer.padding_side = "left"
    return tokenizer


def load_base(
    base: str,
    *,
    revision: str | None = None,
    quantisation: str = "int8",
    dtype: str = "auto",
    trust_remote_code: bool = False,
    attention: str | None = None,
    device: str | None = None,
) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Load a frozen base model and its tokenizer from a folder or the hub, in evaluation mode.

    `quantisation` is int8, nf4 (bitsandbytes; both work on a CPU) or none; `attention` a
    transformers attention implementation (default: its choice, SDPA). A base that also reads
    images (Gemma 3, Qwen-VL) is loaded whole; only its language model is used. Where weights are
    staged on this node's disk (staging.py), they are read from there.
    """
    from transformers import AutoConfig

    _quiet_libraries()
    named, (base, commit) = base, staged(base, revision)
    revision = None if base != named else revision
    tokenizer = load_tokenizer(base, revision=revision, trust_remote_code=trust_remote_code)
    device = device or pick_device()
    compute = pick_dtype(dtype, device)
    settings = {"quantization_config": quantisation_config(quantisation, compute)}
    if attention:
        settings["attn_implementation"] = attention
    try:
        place = {
            "revision": None if _is_folder(base) else revision,
            "trust_remote_code": trust_remote_code,
        }
        config = AutoConfig.from_pretrained(base, **place)
        plain, ignored = plain_settings(base, config, place)
        model = _model_class(config).from_pretrained(
            base,
            generation_config=plain,
            dtype=compute,
            device_map={"": device},
            **place,
            use_safetensors=True,  # the older format is a pickle: loading it may run code
            **{key: value for key, value in settings.items() if value is not None},
        )
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise _explained(error, base, revision, "model") from error
    if base != named:
        model.config._commit_hash = commit
        model.config._name_or_path = tokenizer.name_or_path = named
    _quiet_libraries()
    limit_to_embedding(tokenizer, model)
    make_plain(model, ignored)
    if quantisation == "nf4" and device == "cpu":
        _keep_weights_trainable_through(model)
    model.requires_grad_(False)
    model.eval()
    return model, tokenizer


def _model_class(config: Any) -> Any:
    """The class that loads a base: of causal language models, else of those with images."""
    import transformers as t

    own_code = "AutoModelForCausalLM" in (getattr(config, "auto_map", None) or {})
    if own_code or type(config) in t.MODEL_FOR_CAUSAL_LM_MAPPING:
        return t.AutoModelForCausalLM
    if type(config) in t.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        return t.AutoModelForImageTextToText
    return t.AutoModelForCausalLM  # it refuses, and says which kinds it knows


def _keep_weights_trainable_through(model: "PreTrainedModel") -> None:
    """Forbid bitsandbytes to repack 4-bit weights for inference on CPUs with AVX512-BF16.

    The first forward pass in evaluation mode would repack them for good, into a form through
    which no gradient flows: training after a validation would silently train nothing.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010 (no module of torch has it)


def attach_adapter(model: "PreTrainedModel", adapter_dir: str | Path) -> "PeftModel":
    """Put a saved LoRA adapter on a freshly loaded base, frozen, in evaluation mode."""
    from peft import PeftModel

    from .adapters import infer_in_compute_type

    folder = Path(adapter_dir)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: no {name}; not an adapter folder")
    tuned = PeftModel.from_pretrained(model, str(folder), is_trainable=False)
    infer_in_compute_type(tuned)
    tuned.eval()
    return tuned


def probe_logits(model: Any, tokenizer: "PreTrainedTokenizerBase") -> "torch.Tensor":
    """Logits at every position of a fixed multilingual probe, float32 on the CPU."""
    import torch

    ids = torch.tensor([Encoder(tokenizer).texts([PROBE])[0][:64]])
    device = model.get_input_embeddings().weight.device
    was_training = model.training
    model.eval()
    with torch.no_grad():
        out = model(input_ids=ids.to(device), use_cache=False)
        logits: torch.Tensor = out.logits.float().cpu()
    model.train(was_training)
    return logits


def prove_adapter(
    model: "PeftModel",
    tokenizer: "PreTrainedTokenizerBase",
    expected: "torch.Tensor | None" = None,
) -> dict[str, Any]:
    """Show on a probe that the adapter changes the logits (and equals `expected`, if given).

    `expected` are the `probe_logits` of the model that was trained. Returns the differences for
    the provenance; raises `AdapterError` when the adapter is not applied, is not finite or is
    another one. Compares logits, not text: a small learning rate moves them very little.
    """
    import torch

    on = probe_logits(model, tokenizer)
    with model.disable_adapter():
        off = probe_logits(model, tokenizer)
    if not bool(torch.isfinite(on).all()):
        raise AdapterError("adapter proof: logits with the adapter are not finite")
    effect = (on - off).abs()
    proof = {
        "applied": bool(effect.max() > 0),
        "max_change": float(effect.max()),
        "mean_change": float(effect.mean()),
    }
    if not proof["applied"]:
        raise AdapterError("adapter proof: logits are the same with and without the adapter")
    if expected is not None:
        error = (on - expected).abs()
        proof["max_error"] = float(error.max())
        proof["equal"] = bool(error.max() == 0 or error.mean() <= 0.1 * effect.mean())
        if not proof["equal"]:
            raise AdapterError(
                "adapter proof: the reloaded adapter does not compute what the trained one did"
                f" (mean error {error.mean():.2g}, mean effect {effect.mean():.2g})"
            )
    return proof
