"""Make a model generate greedily and plainly, whatever settings its repository brings.

A repository's generation_config.json may ask for sampling, penalties, beams, forced or suppressed
tokens, stop strings, several sequences or other return values. All models of a study are compared
under the same settings, which are the study's; only the tokens that begin, end and pad a text are
taken over. What is ignored is kept for the provenance.
"""

import json
from pathlib import Path
from typing import Any

TOKENS = ("bos_token_id", "eos_token_id", "pad_token_id")
NOT_SETTINGS = (*TOKENS, "transformers_version")
IGNORED = "_ignored_generation"  # attribute of a model
FILE = "generation_config.json"
IDLE = {  # settings that say what plain greedy decoding does anyway; so do False, null and []
    **dict.fromkeys(("num_beams", "num_beam_groups", "num_return_sequences"), 1),
    **dict.fromkeys(("temperature", "top_p", "typical_p", "length_penalty"), 1.0),
    **dict.fromkeys(("repetition_penalty", "encoder_repetition_penalty"), 1.0),
    **dict.fromkeys(("no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "min_length"), 0),
    **dict.fromkeys(("diversity_penalty", "epsilon_cutoff", "eta_cutoff"), 0.0),
    "use_cache": True,
    "max_length": 20,
}


def plain_settings(base: str, config: Any, place: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Plain settings for a base, and what its repository asks for beside them.

    Read here and not by transformers, which refuses to load a model whose settings contradict one
    another. `config` is the model's configuration, `place` the hub's revision and the like.
    """
    from transformers import GenerationConfig
    from transformers.utils.hub import cached_file

    path = cached_file(
        base,
        FILE,
        revision=place.get("revision"),
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
        _raise_exceptions_for_gated_repo=False,
    )
    brought: dict[str, Any] = {}
    if path:
        try:
            found = json.loads(Path(path).read_text(encoding="utf-8"))
            brought = found if isinstance(found, dict) else {}
        except ValueError:
            brought = {FILE: "not valid JSON"}
    text = config.get_text_config(decoder=True)
    tokens = {}
    for name in TOKENS:
        value = brought.get(name)
        for part in (config, text):
            value = getattr(part, name, None) if value is None else value
        if value is not None:
            tokens[name] = value
    plain = GenerationConfig(**tokens)  # type: ignore[no-untyped-call]  # transformers has no types there
    return plain, _settings(brought)


def make_plain(model: Any, ignored: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make a loaded model's generation settings plain; returns all that is ignored.

    `ignored` are settings of its repository that were not loaded. May be called again: what was
    ignored before is returned then, too.
    """
    from transformers import GenerationConfig

    inner = model.get_base_model() if hasattr(model, "get_base_model") else model  # of an adapter
    has = getattr(inner, "generation_config", None)
    found = {**vars(inner).get(IGNORED, {}), **(ignored or {})}
    if has is not None:
        found |= _settings(has.to_dict())
    tokens = {name: getattr(has, name, None) for name in TOKENS}
    tokens = {name: value for name, value in tokens.items() if value is not None}
    plain = GenerationConfig(**tokens)  # type: ignore[no-untyped-call]  # transformers has no types there
    inner.generation_config = plain
    if "generation_config" in vars(model):
        model.generation_config = plain
    setattr(inner, IGNORED, found)
    return found


def _settings(asked: dict[str, Any]) -> dict[str, Any]:
    """Settings that ask for something else than plain decoding, as JSON can hold them."""
    return {
        name: json.loads(json.dumps(value, default=str))
        for name, value in sorted(asked.items())
        if name not in NOT_SETTINGS and not name.startswith("_")
        if value is not None and value != [] and value != IDLE.get(name, False)
    }
