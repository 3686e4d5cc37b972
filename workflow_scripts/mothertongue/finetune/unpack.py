"""Make a model folder of a GGUF file: weights, tokenizer and chat template, without a hub."""

import logging
from pathlib import Path

from ..errors import InputError

log = logging.getLogger("mothertongue.finetune")


def unpack(gguf: Path, folder: Path) -> None:
    """Dequantise the weights to bfloat16; write them with tokenizer and chat template into `folder`.

    Needs about 30 bytes of memory per weight for a while. Raises `InputError` if transformers cannot
    read the file.
    """
    import torch
    import transformers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types there
    place = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    try:
        read = AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(**place)
    except (ImportError, OSError, ValueError, NotImplementedError) as error:
        told = " ".join(str(error).split())
        raise InputError(f"{gguf}: transformers cannot read this GGUF file ({told})") from None
    # The weights are plain numbers now, but the model still says that they are quantised.
    config = read.config
    config.__dict__.pop("quantization_config", None)
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    plain.load_state_dict(read.state_dict())
    plain.generation_config = read.generation_config
    del read
    plain.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    weights = sum(weight.numel() for weight in plain.parameters())
    log.info("%s: %.1f million weights in bfloat16", gguf.name, weights / 1e6)
