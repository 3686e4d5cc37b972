"""What `bench/gpu.py` runs through the workflow's own way to a GPU (`run_preloaded`): one job each."""

import json
import os
import random
from pathlib import Path
from typing import Any

WORDS = [f"{a}{b}" for a in ("ba", "ke", "li", "mo", "nu", "pa", "re", "si") for b in "stnrlkm"]


def text(words: int, seed: str) -> str:
    """Words of no language, the same for the same seed."""
    generator = random.Random(seed)
    return " ".join(generator.choice(WORDS) for _ in range(words))


def requests(groups: int, items: int, kind: str, *, shared: int, own: int) -> list[Any]:
    """Requests of lm-eval: `groups` passages of `shared` words, `items` questions of `own` words.

    `kind` is loglikelihood (options A to D of every question) or generate_until.
    """
    from lm_eval.api.instance import Instance

    made = []
    for group in range(groups):
        prefix = text(shared, f"prefix {group}")
        for item in range(items):
            prompt = f"{prefix}\n\n{text(own, f'{group} {item}')}\nAnswer:"
            if kind == "loglikelihood":
                pairs = [(prompt, f" {option}") for option in "ABCD"]
            else:
                pairs = [(prompt, {"until": ["\n\n"], "max_gen_toks": 64, "do_sample": False})]
            made += [Instance(kind, {}, pair, len(made) + i) for i, pair in enumerate(pairs)]
    return made


def main(
    *,
    out: Path,
    spec: dict[str, Any] | None,
    adapter: Path | None = None,
    memory: float | None = None,
) -> None:
    """Score and decode with a held base; write what came out, where and in which process.

    `memory` is the share of the device's memory that this process may take.
    """
    import torch
    from mothertongue.inference import models
    from mothertongue.inference.base import BaseSpec, borrowed
    from mothertongue.inference.prefix import PrefixLM

    found: dict[str, Any] = {"pid": os.getpid(), "device": models.pick_device()}
    if memory is not None and found["device"] != "cpu":
        torch.cuda.set_per_process_memory_fraction(memory)
    if spec is not None:
        with borrowed(BaseSpec(**spec)) as (model, tokenizer):
            found["dtype"] = str(model.dtype)
            if adapter is not None:
                model = models.attach_adapter(model, adapter)
                found["proof"] = models.prove_adapter(model, tokenizer)
            lm = PrefixLM(model, tokenizer)
            scores = lm.loglikelihood(requests(2, 4, "loglikelihood", shared=60, own=12))
            texts = lm.generate_until(requests(2, 2, "generate_until", shared=60, own=12))
            found |= {
                "scores": [score for score, _ in scores],
                "texts": texts,
                "batch_tokens": lm.batch_tokens,
                "shared": lm.share,
                "notes": lm.notes,
            }
    out.write_text(json.dumps(found), encoding="utf-8")
