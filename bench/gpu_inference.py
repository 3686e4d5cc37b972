"""The parts `evaluate` and `answer` of bench/gpu.py: our class, lm-eval's, and `engine: vllm`.

Not yet run on a GPU. vLLM's arms run on a CPU where its build for CPUs is installed.
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gpu_device import ON_GPU, Figure, Skipped, clean, needed_by, peak_gigabytes, wait_for
from gpu_jobs import requests, text
from mothertongue.inference.models import load_base


def classes(arm: str, model: Any, tokenizer: Any, folder: Path) -> Any:
    """A model class of an arm."""
    if arm == "ours":
        from mothertongue.inference.prefix import PrefixLM

        return PrefixLM(model, tokenizer)
    if arm == "hflm":
        from lm_eval.models.huggingface import HFLM

        return HFLM(pretrained=model, tokenizer=tokenizer, batch_size="auto" if ON_GPU else 8)
    return vllm_of(folder).load()


def vllm_of(folder: Path) -> Any:
    """The engine of `engine: vllm` for a base, with room for adapters and for the other arms."""
    from mothertongue.inference.base import BaseSpec
    from mothertongue.inference.vllm_spec import VllmSpec
    from mothertongue.study.engines import VllmSettings

    settings = VllmSettings(gpu_memory=0.5, lora_rank=8)
    return VllmSpec(BaseSpec(str(folder), None, "none", "bfloat16"), settings)


@contextlib.contextmanager
def timed(figure: Figure) -> Iterator[None]:
    """How long an arm takes, and why it is left out or fails."""
    began = time.perf_counter()
    try:
        yield
    except Skipped as reason:
        figure.said = f"left out: {reason}"
    except Exception as error:
        figure.ok, figure.said = False, f"{type(error).__name__}: {error}"
    figure.seconds = time.perf_counter() - began


def evaluate(folder: Path, peak: float, options: argparse.Namespace) -> Iterator[Figure]:
    """Log-likelihoods and decoding, our class against lm-eval's own, the same requests."""
    small = options.shape == "tiny"
    loads = {
        "loglikelihood": requests(2, 4, "loglikelihood", shared=40, own=10)
        if small
        else requests(10, 60, "loglikelihood", shared=350, own=40),
        "generate_until": requests(1, 3, "generate_until", shared=40, own=10)
        if small
        else requests(10, 16, "generate_until", shared=350, own=40),
    }
    chosen: dict[str, Any] = {}
    for quantisation in options.weights:
        began = time.perf_counter()
        base, tokenizer = load_base(str(folder), quantisation=quantisation)
        wait_for()
        took = time.perf_counter() - began
        size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        yield Figure("load", quantisation, value=size / 1e9 / took, unit="GB/s", seconds=took)
        for kind, asked in loads.items():
            for arm in ("ours", "hflm", "vllm"):
                clean()
                figure = Figure("evaluate", f"{quantisation} {kind} {arm}", unit="examples/s")
                with timed(figure):
                    needed_by(arm)
                    if arm == "vllm" and quantisation != "none":
                        raise Skipped("vLLM is compared in bf16")
                    lm = classes(arm, base, tokenizer, folder)
                    getattr(lm, kind)(asked[:4])  # to warm up
                    wait_for()
                    before = tokens_of(lm, kind, []) if arm == "ours" else 0
                    started = time.perf_counter()
                    replies = getattr(lm, kind)(asked)
                    wait_for()
                    took = time.perf_counter() - started
                    each = 4 if kind == "loglikelihood" else 1
                    figure.value = len(asked) / each / took
                    picked = pick(replies) if each == 4 else replies
                    chosen.setdefault(kind + quantisation, picked)
                    same = [
                        a == b for a, b in zip(chosen[kind + quantisation], picked, strict=True)
                    ]
                    figure.more = {
                        "same_as_ours": sum(same) / len(same),
                        "peak_gb": peak_gigabytes(),
                    }
                    if arm == "ours":
                        done = tokens_of(lm, kind, asked) - before
                        figure.more["tokens_per_second"] = done / took
                    del lm
                yield figure
        del base
        clean()


def tokens_of(lm: Any, kind: str, asked: Sequence[Any]) -> int:
    """Tokens that our class has read so far (a shared prefix once), or has written for `asked`."""
    if kind == "loglikelihood":
        return lm.statistics["tokens"]
    return sum(lm.generated(*request.args)["tokens"] for request in asked)


def pick(replies: Sequence[tuple[float, bool]]) -> list[int]:
    """The option of each question with the greatest log-likelihood."""
    fours = [[score for score, _ in replies[i : i + 4]] for i in range(0, len(replies), 4)]
    return [scores.index(max(scores)) for scores in fours]


def answer(folder: Path, peak: float, options: argparse.Namespace) -> Iterator[Figure]:
    """Fifty answers: tokens per second of our decoding, of vLLM's, and of vLLM's with an adapter, proved."""
    from mothertongue.answer.elsewhere import answer_elsewhere
    from mothertongue.answer.generate import QuestionSet, answer_all
    from mothertongue.answer.partial import PartialAnswers
    from mothertongue.inference.asked import prove_applied
    from mothertongue.inference.prefix import PrefixLM
    from mothertongue.inference.templates import open_template

    count, longest = (4, 8) if options.shape == "tiny" else (50, 512)
    asked = [{"id": str(n), "prompt": text(20, f"question {n}")} for n in range(count)]
    engine: Any = None
    for arm in ("ours", "vllm", "vllm+adapter"):
        clean()
        figure = Figure("answer", f"none {arm}", unit="tokens/s")
        with timed(figure):
            needed_by(arm)
            if arm == "ours":
                base, tokenizer = load_base(str(folder), quantisation="none")
                with TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
                    wait_for()
                    began = time.perf_counter()
                    kept = PartialAnswers(Path(scratch) / "part.jsonl", "bench")
                    answer_all(
                        PrefixLM(base, tokenizer), [QuestionSet(asked, kept)],
                        prompting=open_template("plain", tokenizer), max_new_tokens=longest, temperature=0.0,
                    )  # fmt: skip
                    wait_for()
                tokens = sum(row["tokens"] for row in kept.rows.values())
                figure.value = tokens / (time.perf_counter() - began)
                del base
            else:
                engine = engine or vllm_of(folder).load()
                lm = engine.of(random_adapter(folder) if arm == "vllm+adapter" else None)
                if arm == "vllm+adapter":
                    figure.more = prove_applied(lm, engine.of(None))
                with TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
                    began = time.perf_counter()
                    kept = PartialAnswers(Path(scratch) / "part.jsonl", "bench")
                    answer_elsewhere(
                        lm, [QuestionSet(asked, kept)], context=lm.max_length,
                        prompting=open_template("plain", lm.tokenizer), max_new_tokens=longest, temperature=0.0,
                    )  # fmt: skip
                tokens = sum(row["tokens"] for row in kept.rows.values())
                figure.value = tokens / (time.perf_counter() - began)
        yield figure


def random_adapter(folder: Path) -> Path:
    """The weight file of an adapter of random weights on a base."""
    from peft import LoraConfig, get_peft_model

    base, _ = load_base(str(folder), quantisation="none", device="cpu")
    lora = LoraConfig(r=8, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    place = folder.with_name(f"{folder.name}-adapter")
    get_peft_model(base, lora).save_pretrained(place)
    return place / "adapter_model.safetensors"
