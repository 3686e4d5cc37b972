"""Test whether a model computes the same with shared prefixes as without them."""

import logging
from typing import Any

import torch
from transformers.cache_utils import DynamicCache

from ..errors import first_line
from .attention import Block, in_blocks
from .cache import Span, expanded, merged
from .positions import by_length
from .self_test_results import SelfTestResults

LOG = logging.getLogger("mothertongue.evaluate")


def why_not_shared(model: Any, max_length: int, verdicts: SelfTestResults) -> str | None:
    """None if prefixes of short texts can be shared exactly on this model, else the reason.

    `verdicts` holds what earlier self tests found.
    """
    base = getattr(model, "base_model", model)
    if getattr(base, "_is_stateful", False) or getattr(model, "_is_stateful", False):
        return "the architecture keeps a recurrent state instead of keys and values"
    try:
        return _too_far(model, _difference_of(model, _short(max_length), verdicts))
    except Exception as error:
        return f"its cache does not work this way ({type(error).__name__})"


def why_not_across(
    model: Any, switch: int, max_length: int, verdicts: SelfTestResults
) -> str | None:
    """None if prefixes can be shared exactly by texts longer than `switch`, else the reason.

    Three pairs of prefix and text are tried: the text ends at the switch and the next token crosses
    it; the text crosses it; prefix and text are both beyond it. Where the configuration says that
    frequencies follow the length, nothing is tried: in few bits the difference could not be seen.
    """
    if kind := by_length(model.config).get(switch):
        return f"its rotary frequencies ({kind}) change at {switch} tokens, which texts here exceed"
    tried = {(switch // 2, switch), (switch // 2, switch + 4), (switch + 2, switch + 6)}
    for half, length in sorted(tried):
        if half and length < max_length:
            try:
                reason = _too_far(model, _difference_of(model, length, verdicts, half=half))
            except Exception as error:
                return f"its cache does not work beyond {switch} tokens ({type(error).__name__})"
            if reason:
                return f"{reason} beyond {switch} tokens, which texts here exceed"
    return None


def _too_far(model: Any, worst: float) -> str | None:
    exact = model.dtype == torch.float32 and not quantised(model)
    if not worst <= (1e-3 if exact else 0.1):
        return f"with a cached prefix it computes other logits (by {worst:.2g})"
    return None


def attends_by_block(model: Any, max_length: int, verdicts: SelfTestResults) -> bool:
    """Whether rows of this model may read a prefix together (attention.py) and are as exact."""
    config = model.config.get_text_config(decoder=True)
    layers = getattr(config, "layer_types", None)
    if layers:
        whole = set(layers) == {"full_attention"}
    else:
        whole = getattr(config, "sliding_window", None) is None
    if (
        not whole  # a window would begin at another place of the prefix in each row
        or config._attn_implementation != "sdpa"
        or model.dtype != torch.float32  # in fewer bits scores would be rounded before softmax
        or model.device.type != "cpu"  # not measured elsewhere
        or quantised(model)
    ):
        return False
    try:
        return _difference_of(model, _short(max_length), verdicts, apart=True) <= 1e-3
    except Exception as error:  # whatever a model's own code may raise: it decodes as before
        LOG.info("rows are not read together: %s: %s", type(error).__name__, first_line(error))
        return False


def _short(max_length: int) -> int:
    return max(4, min(24, max_length - 1))


def _difference_of(
    model: Any,
    length: int,
    verdicts: SelfTestResults,
    *,
    apart: bool = False,
    half: int | None = None,
) -> float:
    """What `_self_test` returns, or has returned to an earlier job."""
    name = f"{length} tokens behind {half or length // 2}{', apart' if apart else ''}"
    return verdicts.kept(name, lambda: _self_test(model, length, apart=apart, half=half))


def _self_test(model: Any, length: int, *, apart: bool, half: int | None = None) -> float:
    """How far logits are from those of plain passes, relative to the largest.

    Two random rows of `length` tokens and one less are computed as they will be: behind a cached
    prefix of `half` tokens, then one more token behind caches merged with padding, the prefix
    merged too or (`apart`) not.
    """
    size = model.get_input_embeddings().weight.shape[0]
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(min(3, size - 1), size, (2, length + 1), generator=generator)
    half = half or length // 2
    ids[1, :half] = ids[0, :half]
    ids = ids.to(model.get_input_embeddings().weight.device)
    start = half if apart else 0
    with torch.inference_mode():
        plain = model(ids[:, :length], use_cache=False).logits[:, -1]
        prefix = DynamicCache()
        model(ids[:1, :half], past_key_values=prefix, use_cache=True)
        cache = expanded(prefix, 2) or DynamicCache()
        behind = model(ids[:, half:length], past_key_values=cache, use_cache=True).logits
        own, pads = merged([Span(cache, 0, start, length), Span(cache, 1, start, length - 1)])
        padded = torch.tensor(pads, device=ids.device)
        with in_blocks(model, [Block(0, 2, 0, prefix)] if apart else []):
            decoded = model(
                torch.stack([ids[0, length], ids[1, length - 1]])[:, None],
                past_key_values=own,
                use_cache=True,
                position_ids=(length - padded)[:, None],
                attention_mask=(
                    torch.arange(length - start + 1, device=ids.device)[None] >= padded[:, None]
                ).long(),
            ).logits[:, -1]
        first = model(ids[:1], use_cache=False).logits[:, -1]
    expected = torch.cat([first, plain[1:]])
    return max(_difference(plain, behind[:, -1]), _difference(expected, decoded))


def _difference(expected: torch.Tensor, found: torch.Tensor) -> float:
    scale = expected.float().abs().max().clamp(min=1e-6)
    return float((expected.float() - found.float()).abs().max() / scale)


def why_not_greedy(arguments: dict[str, Any]) -> str | None:
    """None if a plain greedy loop does what `generate` would do, else the reason.

    `arguments` are lm-eval's normalised generation arguments; the model's own settings are plain
    (generation.py).
    """
    if arguments.get("do_sample") or arguments.get("num_beams", 1) != 1:
        return "sampling or beams are asked for"
    odd = set(arguments) - {"until", "max_gen_toks", "do_sample", "temperature", "num_beams"}
    if odd:
        return f"generation arguments {', '.join(sorted(odd))}"
    return None


def quantised(model: Any) -> bool:
    """Whether bitsandbytes or another method holds the weights in few bits."""
    config = getattr(model, "config", None)
    return (
        getattr(model, "is_quantized", False)
        or getattr(config, "quantization_config", None) is not None
    )
