"""Find the lengths beyond which a model computes differently, as its configuration names them.

Most models treat a token alike however long the text after it is, so that a cached beginning holds
for every continuation. Models whose rotary frequencies follow the length of the whole input do not:
`longrope` (Phi-3) has two sets of frequencies, and `dynamic` (NTK) scales them with every token
beyond the trained length. Sliding windows and attention chunks switch too, but are exact when cached.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

SWITCH = re.compile(r"window|chunk|original_max|floor_scale")
BY_LENGTH = ("longrope", "dynamic")  # rope types whose frequencies follow the length of the input
HOOKED = "_forgets_lengths"


def ropes(config: Any) -> list[dict[str, Any]]:
    """The rotary settings of a configuration, one for each type of layer."""
    rope = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    nested = [value for value in rope.values() if isinstance(value, Mapping)]
    return [dict(one) for one in nested or [rope] if one]


def type_of(rope: Mapping[str, Any]) -> str:
    """The type of rotary settings, under its new or its old key."""
    return str(rope.get("rope_type") or rope.get("type") or "default")


def switches(config: Any) -> list[int]:
    """Lengths beyond which the model computes differently, in order, as far as the settings say."""
    config = config.get_text_config(decoder=True)
    trained = getattr(config, "max_position_embeddings", None)
    found: set[int | None] = set(_named(config.to_dict()))
    for rope in ropes(config):
        if any(kind in type_of(rope) for kind in BY_LENGTH):
            found.add(_switch_of(config, rope))
    if getattr(config, "use_dynamic_ntk", False):  # the first Qwen's own code
        found.add(getattr(config, "seq_length", None) or trained)
    return sorted(number for number in found if number)


def by_length(config: Any) -> dict[int, str]:
    """Switch -> rope type, where cached keys of a shorter input would be wrong in a longer one."""
    config = config.get_text_config(decoder=True)
    found = {}
    for rope in ropes(config):
        for kind in BY_LENGTH:
            if kind in type_of(rope) and (switch := _switch_of(config, rope)):
                found[switch] = kind
    return found


def _switch_of(config: Any, rope: Mapping[str, Any]) -> int | None:
    trained = getattr(config, "max_position_embeddings", None)
    if "dynamic" in type_of(rope):
        return trained
    given = rope.get("original_max_position_embeddings")
    return given or getattr(config, "original_max_position_embeddings", None) or trained


def _named(settings: Mapping[str, Any]) -> Iterator[int]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _named(value)
        elif SWITCH.search(str(name)) and type(value) in (int, float) and value > 1:
            yield int(value)


def forget_lengths(model: Any) -> None:
    """Let every input be computed by its own length, whatever was computed before it.

    With `dynamic` frequencies transformers keeps those of the longest input so far.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    rotary = [m for m in inner.modules() if "dynamic" in str(getattr(m, "rope_type", ""))]
    if not rotary or getattr(inner, HOOKED, False):
        return

    def forget(_model: Any, _arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        caches = [options.get(name) for name in ("past_key_values", "cache")]
        if any(cache is not None and cache.get_seq_length() for cache in caches):
            return
        for module in rotary:
            for name, original in {**module._buffers, **vars(module)}.items():
                if name.endswith("original_inv_freq"):  # of the model, or of a type of layer
                    kind = name.removesuffix("original_inv_freq")
                    now = getattr(module, f"{kind}inv_freq")
                    module.register_buffer(
                        f"{kind}inv_freq", original.to(now.device), persistent=False
                    )
                    setattr(module, f"{kind}max_seq_len_cached", module.original_max_seq_len)

    inner.register_forward_pre_hook(forget, with_kwargs=True)
    setattr(inner, HOOKED, True)
