"""Everything that the workflow does on a GPU, on this one: does it work, and how fast is it?

    python bench/gpu.py --out DIR               all parts with a 7B shape; about an hour on an A100
    python bench/gpu.py --out DIR --smoke       does every path work? minutes
    python bench/gpu.py --out DIR --shape tiny  on a CPU, to try the script

It needs no network, no data and no polars: weights are random, made on the device in bfloat16, and
texts are words of no language, as speed depends on neither. The lengths of rows are those of native
Spanish (deciles from `bench/finetune_speed.py`). DIR gets one JSON file with the card's name, which
is what a bug report or docs/performance.md wants, and a table is printed.

Parts
  smoke     8-bit, 4-bit and bf16 load, train and prove an adapter; a held base serves two jobs; its
            process is gone before a training starts; a killed training resumes; too little memory
            halves the batch and changes no score; several processes where there are several cards
  train     tokens per second: the peer recipe, our loop, TRL's SFTTrainer (padded, padding-free,
            packed), in int8 and in bf16
  evaluate  examples per second: our class, lm-eval's HFLM and, where installed, vLLM through lm-eval
  answer    tokens per second of 50 answers: our decoding and, where installed, vLLM
`--calibrate` turns the figures into the constants that `estimate` uses for this card.

Share of peak: 4 operations per weight and real token in training (a frozen base needs no gradients
of its weights), 2 in reading, over what a large matrix product reaches on the device.
"""

import argparse
import contextlib
import gc
import importlib.util
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATHS = [str(ROOT / "workflow_scripts"), str(ROOT / "bench")]
sys.path[:0] = PATHS

import torch  # noqa: E402
from finetune_speed import LORA, Peer  # noqa: E402
from gpu_jobs import WORDS, requests, text  # noqa: E402
from mothertongue.finetune.base import train_tokenizer  # noqa: E402
from mothertongue.finetune.encode import Example  # noqa: E402
from mothertongue.finetune.lora import add_lora  # noqa: E402
from mothertongue.finetune.run import choose_budget  # noqa: E402
from mothertongue.finetune.train import Recipe, Trainer  # noqa: E402
from mothertongue.models import load_base, pick_device, pick_dtype, versions  # noqa: E402
from mothertongue.warm import base_of_model, run_warm  # noqa: E402

SHAPES = {  # Llama-2-7B; Qwen1.5-0.5B; a toy
    "7b": {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
           "num_attention_heads": 32, "vocab_size": 32000},
    "0.5b": {"hidden_size": 1024, "intermediate_size": 2816, "num_hidden_layers": 24,
             "num_attention_heads": 16, "vocab_size": 151936},
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
             "num_attention_heads": 4, "vocab_size": 512},
}  # fmt: skip
DECILES = (62, 78, 84, 91, 101, 115, 131, 153, 188, 262, 512)  # tokens of a row, prompt included
PROMPT_SHARE = 0.63
ON_GPU = pick_device().startswith("cuda")
TRAIN_ARMS = (
    "peer", "ours", "ours+checkpointing", "ours+flash", "ours+liger", "trl", "trl+padding-free",
    "trl+packing",
)  # fmt: skip
NEEDS = {"flash": "flash_attn", "liger": "liger_kernel", "padding-free": "flash_attn",
         "packing": "flash_attn", "trl": "trl", "vllm": "vllm"}  # fmt: skip


class Skipped(Exception):
    """A check or arm that this machine cannot run; the text says why."""


@dataclass
class Figure:
    """One measured line: a check (`ok`) or a speed with its unit."""

    part: str
    name: str
    ok: bool | None = None
    value: float | None = None
    unit: str = ""
    seconds: float = 0.0
    said: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def wait_for() -> None:
    """Let a GPU finish what it was given."""
    if ON_GPU:
        torch.cuda.synchronize()


def peak_gigabytes() -> float:
    """Most memory held so far: of the GPU, else of this process."""
    if ON_GPU:
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def clean() -> None:
    """Give memory back before the next arm."""
    gc.collect()
    if ON_GPU:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def matrix_flops() -> float:
    """Operations a second of a large matrix product: the peak that can be had."""
    size, times = (8192, 20) if ON_GPU else (512, 4)
    device, dtype = pick_device(), pick_dtype("auto", pick_device())
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    started = 0.0
    for _ in range(2):  # the first round warms up
        wait_for()
        started = time.perf_counter()
        for _ in range(times):
            a @ b
        wait_for()
    return 2 * size**3 * times / (time.perf_counter() - started)


def card() -> dict[str, Any]:
    """The device, as a table of results names it."""
    facts: dict[str, Any] = {"card": "cpu", "versions": versions(), "matrix_flops": matrix_flops()}
    if ON_GPU:
        properties = torch.cuda.get_device_properties(0)
        facts |= {
            "card": properties.name,
            "memory_gb": round(properties.total_memory / 1e9, 1),
            "capability": f"{properties.major}.{properties.minor}",
            "cards": torch.cuda.device_count(),
            "cuda": torch.version.cuda,
        }
    return facts


def save_random_model(folder: Path, shape: dict[str, int]) -> None:
    """Write a Llama of a shape with random weights, made on the device, and a small tokenizer."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = train_tokenizer(WORDS, 500)
    torch.manual_seed(1)
    with torch.device(pick_device()):
        config = LlamaConfig(
            **shape,
            max_position_embeddings=4096,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
        )
        torch.set_default_dtype(pick_dtype("auto", pick_device()))
        model = LlamaForCausalLM(config)
        torch.set_default_dtype(torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


# -- smoke ---------------------------------------------------------------------------------------


class Smoke:
    """Every path of the product to a GPU, on a toy model, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.gpus = folder, int(ON_GPU)
        self.base = folder / "base"
        save_random_model(self.base, SHAPES["tiny"] | {"hidden_size": 128})
        for name, count in (("training", 48), ("validation", 8)):
            rows = [
                {"id": f"{name}{n}", "language": "es", "instruction": text(8, f"{name}{n}"),
                 "output": text(12, f"answer {name}{n}"), "origin": {}}
                for n in range(count)
            ]  # fmt: skip
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")

    def checks(self) -> list[tuple[str, Callable[[], str]]]:
        """Names and checks; a check raises or says what it saw."""
        kinds = [
            (f"{kind}: load, train, prove", lambda k=kind: self.train(k))
            for kind in ("int8", "nf4", "none")
        ]
        return [
            *kinds,
            ("a held base serves two jobs", self.hold),
            ("the card is free before a training", self.freed),
            ("a killed training resumes", self.resume),
            ("too little memory halves the batch", self.out_of_memory),
            ("several processes", self.several),
        ]

    def job(self, name: str, quantisation: str, *, gpus: int, **recipe: Any) -> dict[str, Any]:
        """Arguments of `finetune_lora.main`."""
        out = self.folder / name
        return {
            "training_set": self.folder / "training.jsonl",
            "validation_set": self.folder / "validation.jsonl",
            "adapter": out / "adapter_model.safetensors",
            "adapter_config": out / "adapter_config.json",
            "history": out / "history.csv",
            "provenance": out / "provenance.json",
            "work": out / "work",
            "condition": {"model": "toy"},
            "model": {"base": str(self.base)},
            "recipe": {
                "quantisation": quantisation, "dtype": "auto", "template": "alpaca",
                "lora": {"r": 8, "alpha": 16, "dropout": 0.1}, "max_length": 256,
                "schedule": "linear", "warmup": 0.1, "effective_batch": 16, "token_budget": 2048,
                "epochs": 2, "weight_decay": 0.0, "clip_norm": 1.0, "early_stopping": None,
                "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
                "gradient_checkpointing": "auto", **recipe,
            },
            "learning_rate": 5e-3, "seed": 3, "gpus": gpus, "checkpoint_minutes": 0,
        }  # fmt: skip

    def script(self, module: str, keywords: dict[str, Any], base: Any = None, gpus: int = 0) -> Any:
        """A job in a process of its own, as a rule starts it; returns the running process."""
        keywords = {k: str(v) if isinstance(v, Path) else v for k, v in keywords.items()}
        call = {"module": module, "keywords": keywords, "base": base, "gpus": gpus}
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(PATHS)}
        return subprocess.Popen(
            [sys.executable, __file__, "--job", json.dumps(call)], cwd=self.folder, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def finish(self, process: Any) -> str:
        """Wait for a job and return what it said."""
        said, _ = process.communicate(timeout=900)
        if process.returncode:
            raise RuntimeError(f"status {process.returncode}: {said[-1500:]}")
        return said

    def train(self, quantisation: str) -> str:
        """A whole fine-tuning, by the script that the rule runs."""
        job = self.job(f"train-{quantisation}", quantisation, gpus=self.gpus)
        self.finish(self.script("finetune_lora", job, gpus=self.gpus))
        made = json.loads((self.folder / f"train-{quantisation}" / "provenance.json").read_text())
        assert made["proof"]["applied"], made["proof"]
        assert (made["device"] == "cpu") == (not ON_GPU), made["device"]
        return f"{made['dtype']}, {made['tokens_per_second']:.0f} tokens/s"

    def spec(self) -> dict[str, Any]:
        """The toy base, as jobs name it."""
        return base_of_model({"base": str(self.base)}, "none", "auto")

    def score(self, name: str, **keywords: Any) -> dict[str, Any]:
        """A job that scores and decodes."""
        out = self.folder / f"{name}.json"
        job = {"out": out, "spec": self.spec(), **keywords}
        said = self.finish(self.script("gpu_jobs", job, base=self.spec(), gpus=self.gpus))
        return {**json.loads(out.read_text()), "said": said}

    def hold(self) -> str:
        """The second of two jobs finds the base loaded, and both see the same numbers."""
        adapter = self.folder / "train-none" / "adapter_model.safetensors"
        first, second = (self.score(f"held{n}", adapter=adapter.parent) for n in (1, 2))
        for name in ("scores", "texts"):
            assert first[name] == second[name], name
        assert "held by the warm process" in second["said"], second["said"][-500:]
        return f"{second['dtype']} on {second['device']}, {second['batch_tokens']} tokens a batch"

    def freed(self) -> str:
        """A training waits until the process that holds a base on its card has ended."""
        if not ON_GPU:
            raise Skipped("needs a GPU")
        self.score("before")
        self.train("none")
        holders = [
            path.parent.name
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if b"mothertongue.warm.holder" in path.read_bytes()
        ]
        assert not holders, holders
        return "no holder left"

    def resume(self) -> str:
        """Told to stop after a checkpoint, a training continues to the same adapter."""
        whole = self.job("whole", "none", gpus=self.gpus, epochs=6)
        self.finish(self.script("finetune_lora", whole, gpus=self.gpus))
        job = self.job("stopped", "none", gpus=self.gpus, epochs=6)
        process = self.script("finetune_lora", job, gpus=self.gpus)
        while process.poll() is None and not list((self.folder / "stopped" / "work").glob("*")):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=300)
        if process.returncode:
            self.finish(self.script("finetune_lora", job, gpus=self.gpus))
        made = [
            json.loads((self.folder / name / "provenance.json").read_text())
            for name in ("whole", "stopped")
        ]
        gap = abs(made[0]["best_validation_perplexity"] - made[1]["best_validation_perplexity"])
        assert gap < 1e-2 * made[0]["best_validation_perplexity"], gap
        return f"resumed {made[1]['resumed']} time(s), perplexities differ by {gap:.1g}"

    def out_of_memory(self) -> str:
        """With a hundredth of the card, the same scores come from smaller batches."""
        if not ON_GPU:
            raise Skipped("needs a GPU")
        usual, tight = self.score("usual"), self.score("tight", memory=0.01)
        worst = max(abs(a - b) for a, b in zip(usual["scores"], tight["scores"], strict=True))
        assert worst < 0.25, worst  # bf16 in batches of other sizes
        return f"{usual['batch_tokens']} and {tight['batch_tokens']} tokens a batch"

    def several(self) -> str:
        """A training in two processes, where there are two cards."""
        if ON_GPU and torch.cuda.device_count() < 2:
            raise Skipped("needs two GPUs")
        if not ON_GPU:
            raise Skipped("needs GPUs; on a CPU tests/test_finetune.py runs two processes")
        job = self.job("several", "none", gpus=2)
        self.finish(self.script("finetune_lora", job, gpus=2))
        return f"{json.loads((self.folder / 'several/provenance.json').read_text())['processes']}"


def run_job(call: dict[str, Any]) -> None:
    """Be a rule's script: run a job by `run_warm`."""
    paths = {"training_set", "validation_set", "adapter", "adapter_config", "history", "provenance",
             "work", "out"}  # fmt: skip
    keywords = {
        key: Path(value) if key in paths and value is not None else value
        for key, value in call["keywords"].items()
    }
    run_warm(call["module"], keywords, base=call["base"], gpus=call["gpus"], grace=300)


def smoke(folder: Path) -> Iterator[Figure]:
    """Every check, each with its time and what it saw; a failure does not stop the others."""
    made = Smoke(folder)
    for name, check in made.checks():
        started, ok, said = time.perf_counter(), True, ""
        try:
            said = check()
        except Skipped as reason:
            ok, said = None, f"skipped: {reason}"
        except Exception as error:
            ok, said = False, f"{type(error).__name__}: {error}"
        yield Figure("smoke", name, ok=ok, seconds=time.perf_counter() - started, said=said)


# -- train ---------------------------------------------------------------------------------------


def rows_like_spanish(count: int, vocabulary: int, longest: int) -> list[Example]:
    """Rows of random tokens whose lengths follow the deciles of native Spanish."""
    generator = random.Random("rows")
    rows = []
    for number in range(count):
        place = generator.random() * (len(DECILES) - 1)
        low, high = DECILES[int(place)], DECILES[int(place) + 1]
        length = min(longest, round(low + (place - int(place)) * (high - low)))
        tokens = [generator.randrange(vocabulary) for _ in range(length)]
        rows.append(Example(str(number), tokens, round(PROMPT_SHARE * length)))
    return rows


def needed_by(arm: str) -> None:
    """Skip an arm whose library is not installed."""
    for part in arm.split("+"):
        name = NEEDS.get(part)
        if name and importlib.util.find_spec(name) is None:
            raise Skipped(f"{name} is not installed")


def train_ours(arm: str, base: Any, tokenizer: Any, rows: list[Example], steps: int) -> dict:
    """The peer recipe or our loop: one step to warm up, then `steps` over the same rows."""
    name, _, option = arm.partition("+")
    if option == "liger":
        from liger_kernel.transformers import _apply_liger_kernel_to_instance

        _apply_liger_kernel_to_instance(base, fused_linear_cross_entropy=False, cross_entropy=False)
    model = add_lora(base, seed=1, **LORA)
    budget, _ = choose_budget(
        model, "auto", option == "checkpointing", max_length=max(len(row.tokens) for row in rows),
        device=pick_device(),
    )  # fmt: skip
    recipe = Recipe(learning_rate=1e-4, epochs=1000, effective_batch=len(rows))
    trainer = Trainer(
        model, rows, rows[:4], recipe, pad=tokenizer.pad_token_id, device=pick_device(), budget=budget
    )  # fmt: skip
    runner = Peer(model, trainer) if name == "peer" else trainer
    loss = runner.do_step()
    wait_for()
    started = time.perf_counter()
    for _ in range(steps):
        runner.do_step()
    wait_for()
    seconds = time.perf_counter() - started
    whole = sum(len(row.tokens) for row in rows)
    computed = runner.computed if name == "peer" else runner.run.computed
    return {
        "tokens_per_second": whole * steps / seconds,
        "padding": 1 - whole * (steps + 1) / computed,
        "loss": loss,
    }


def train_trl(arm: str, base: Any, tokenizer: Any, rows: list[Example], steps: int) -> dict:
    """TRL's SFTTrainer on the same rows: `steps` epochs of one step each after one to warm up."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    option = arm.partition("+")[2]
    model = add_lora(base, seed=1, **LORA)
    part = min(8, len(rows))
    table = Dataset.from_list(
        [
            {"input_ids": row.tokens,
             "completion_mask": [0] * row.prompt + [1] * (len(row.tokens) - row.prompt)}
            for row in rows
        ]
    )  # fmt: skip
    whole = sum(len(row.tokens) for row in rows)

    def run(epochs: int, folder: str) -> tuple[float, float]:
        settings = SFTConfig(
            folder, num_train_epochs=epochs, per_device_train_batch_size=part,
            gradient_accumulation_steps=max(1, len(rows) // part), learning_rate=1e-4,
            max_length=max(len(row.tokens) for row in rows), completion_only_loss=True,
            packing=option == "packing", padding_free=option != "", report_to=[],
            save_strategy="no", logging_steps=1, gradient_checkpointing=False, bf16=ON_GPU,
            use_cpu=not ON_GPU, disable_tqdm=True, dataloader_pin_memory=ON_GPU,
        )  # fmt: skip
        trainer = SFTTrainer(model, settings, train_dataset=table, processing_class=tokenizer)
        wait_for()
        started = time.perf_counter()
        result = trainer.train()
        wait_for()
        return time.perf_counter() - started, result.training_loss

    with TemporaryDirectory() as folder:
        first, loss = run(1, folder)
        longer, _ = run(1 + steps, folder)
    return {"tokens_per_second": whole * steps / max(longer - first, 1e-9), "loss": loss}


def train(folder: Path, peak: float, options: argparse.Namespace) -> Iterator[Figure]:
    """Every arm on the same rows, with weights in 8 bits and in bf16."""
    rows = rows_like_spanish(options.batch, SHAPES[options.shape]["vocab_size"], DECILES[-1])
    for quantisation in options.weights:
        for arm in options.arms:
            clean()
            figure = Figure("train", f"{quantisation} {arm}", unit="tokens/s")
            started = time.perf_counter()
            base = None
            try:
                needed_by(arm)
                attention = "flash_attention_2" if "flash_attn" in map(NEEDS.get, arm.split("+")) else None  # fmt: skip
                base, tokenizer = load_base(str(folder), quantisation=quantisation, attention=attention)  # fmt: skip
                weights = sum(p.numel() for p in base.parameters())
                weights -= base.get_input_embeddings().weight.numel()
                clean()
                runner = train_trl if arm.startswith("trl") else train_ours
                found = runner(arm, base, tokenizer, rows, options.steps)
                figure.value = found.pop("tokens_per_second")
                figure.more = found | {
                    "of_peak": figure.value * 4 * weights / peak,
                    "peak_gb": peak_gigabytes(),
                }
            except Skipped as reason:
                figure.said = f"left out: {reason}"
            except torch.OutOfMemoryError:
                figure.said = "out of memory"
            except Exception as error:
                figure.ok, figure.said = False, f"{type(error).__name__}: {error}"
            finally:
                del base
                clean()
            figure.seconds = time.perf_counter() - started
            yield figure


# -- evaluate and answer -------------------------------------------------------------------------


def classes(arm: str, model: Any, tokenizer: Any, folder: Path) -> Any:
    """A model class of an arm."""
    if arm == "ours":
        from mothertongue.evaluate.prefix import PrefixLM

        return PrefixLM(model, tokenizer)
    if arm == "hflm":
        from lm_eval.models.huggingface import HFLM

        return HFLM(pretrained=model, tokenizer=tokenizer, batch_size="auto" if ON_GPU else 8)
    from lm_eval.models.vllm_causallms import VLLM

    return VLLM(pretrained=str(folder), dtype="bfloat16", enable_prefix_caching=True)


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
        base, tokenizer = load_base(str(folder), quantisation=quantisation)
        for kind, asked in loads.items():
            for arm in ("ours", "hflm", "vllm"):
                clean()
                figure = Figure("evaluate", f"{quantisation} {kind} {arm}", unit="examples/s")
                began = time.perf_counter()
                try:
                    needed_by(arm)
                    if arm == "vllm" and quantisation != "none":
                        raise Skipped("vLLM is compared in bf16")
                    lm = classes(arm, base, tokenizer, folder)
                    getattr(lm, kind)(asked[:4])  # to warm up
                    wait_for()
                    started = time.perf_counter()
                    replies = getattr(lm, kind)(asked)
                    wait_for()
                    each = 4 if kind == "loglikelihood" else 1
                    figure.value = len(asked) / each / (time.perf_counter() - started)
                    picked = pick(replies) if each == 4 else replies
                    chosen.setdefault(kind + quantisation, picked)
                    same = [
                        a == b for a, b in zip(chosen[kind + quantisation], picked, strict=True)
                    ]
                    figure.more = {
                        "same_as_ours": sum(same) / len(same),
                        "peak_gb": peak_gigabytes(),
                    }
                    del lm
                except Skipped as reason:
                    figure.said = f"left out: {reason}"
                except Exception as error:
                    figure.ok, figure.said = False, f"{type(error).__name__}: {error}"
                figure.seconds = time.perf_counter() - began
                yield figure
        del base
        clean()


def pick(replies: Sequence[tuple[float, bool]]) -> list[int]:
    """The option of each question with the greatest log-likelihood."""
    fours = [[score for score, _ in replies[i : i + 4]] for i in range(0, len(replies), 4)]
    return [scores.index(max(scores)) for scores in fours]


def answer(folder: Path, peak: float, options: argparse.Namespace) -> Iterator[Figure]:
    """Fifty answers: tokens per second of our decoding and of vLLM's."""
    from mothertongue.answer.generate import PartialAnswers, answer_all

    count, longest = (4, 8) if options.shape == "tiny" else (50, 512)
    asked = [{"id": str(n), "prompt": text(20, f"question {n}")} for n in range(count)]
    for arm in ("ours", "vllm"):
        clean()
        figure = Figure("answer", f"none {arm}", unit="tokens/s")
        started = time.perf_counter()
        try:
            needed_by(arm)
            if arm == "ours":
                base, tokenizer = load_base(str(folder), quantisation="none")
                with TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
                    wait_for()
                    began = time.perf_counter()
                    rows = answer_all(
                        base, tokenizer, asked, render=lambda prompt: prompt,
                        partial=PartialAnswers(Path(scratch) / "part.jsonl", "bench"),
                        max_new_tokens=longest, temperature=0.0, batch_tokens="auto",
                    )  # fmt: skip
                    wait_for()
                tokens = sum(row["tokens"] for row in rows)
                figure.value = tokens / (time.perf_counter() - began)
                del base
            else:
                from vllm import LLM, SamplingParams

                llm = LLM(str(folder), dtype="bfloat16")
                began = time.perf_counter()
                made = llm.generate(
                    [row["prompt"] for row in asked],
                    SamplingParams(temperature=0, max_tokens=longest),
                )
                tokens = sum(len(reply.outputs[0].token_ids) for reply in made)
                figure.value = tokens / (time.perf_counter() - began)
        except Skipped as reason:
            figure.said = f"left out: {reason}"
        except Exception as error:
            figure.ok, figure.said = False, f"{type(error).__name__}: {error}"
        figure.seconds = time.perf_counter() - started
        yield figure


# -- all -----------------------------------------------------------------------------------------


def constants(figures: list[Figure], weights: int) -> dict[str, float]:
    """What `estimate` and the rules need for this card, from the figures that there are."""
    speeds = {f"{f.part} {f.name}": f.value for f in figures if f.value}
    found = {}
    for kind in ("int8", "none"):
        if value := speeds.get(f"train {kind} ours"):
            found[f"train_flops_{kind}"] = 4 * weights * value
        if value := speeds.get(f"evaluate {kind} loglikelihood ours"):
            found[f"examples_per_second_{kind}"] = value
    if value := speeds.get("answer none ours"):
        found["answer_tokens_per_second"] = value
    return found


def show(figure: Figure) -> None:
    """One line of the table."""
    state = {True: "ok", False: "FAILED", None: ""}[figure.ok]
    value = f"{figure.value:12,.1f} {figure.unit}" if figure.value is not None else ""
    more = "  ".join(f"{k} {v:.3g}" for k, v in figure.more.items())
    rest = "  ".join(filter(None, (state, value, more, figure.said)))
    print(f"{figure.part:<9} {figure.name:<38} {figure.seconds:7.1f} s  {rest}", flush=True)


PARTS = {"train": train, "evaluate": evaluate, "answer": answer}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen parts; 1 where a check or an arm failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--shape", choices=SHAPES, default="7b")
    parser.add_argument("--smoke", action="store_true", help="only the smoke part")
    parser.add_argument("--parts", nargs="+", choices=["smoke", *PARTS], default=["smoke", *PARTS])
    parser.add_argument("--weights", nargs="+", choices=("int8", "nf4", "none"), default=["int8", "none"])  # fmt: skip
    parser.add_argument("--arms", nargs="+", choices=TRAIN_ARMS, default=list(TRAIN_ARMS))
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.job:
        run_job(json.loads(options.job))
        return 0
    if options.out is None:
        parser.error("--out DIR is needed")
    options.out.mkdir(parents=True, exist_ok=True)
    facts = card()
    print(f"{facts['card']}: {facts['matrix_flops'] / 1e12:.2f} TFLOP/s at most", flush=True)
    slug = re.sub(r"[^a-z0-9]+", "-", facts["card"].lower()).strip("-")
    result = options.out / f"{slug}-{options.shape}.json"
    figures: list[Figure] = []

    def keep(found: Iterator[Figure]) -> None:
        for figure in found:
            show(figure)
            figures.append(figure)
            content = {**facts, "shape": options.shape, "figures": [asdict(f) for f in figures]}
            if options.calibrate:
                shape = SHAPES[options.shape]
                per_layer = shape["hidden_size"] * (4 * shape["hidden_size"] + 3 * shape["intermediate_size"])  # fmt: skip
                weights = shape["num_hidden_layers"] * per_layer + shape["hidden_size"] * shape["vocab_size"]  # fmt: skip
                content["constants"] = constants(figures, weights)
            result.write_text(json.dumps(content, indent=1), encoding="utf-8")

    with TemporaryDirectory() as scratch:
        if options.smoke or "smoke" in options.parts:
            folder = Path(scratch) / "smoke"
            (folder / "tmp").mkdir(parents=True)
            before = os.environ.get("TMPDIR")
            os.environ["TMPDIR"] = str(folder / "tmp")
            keep(smoke(folder))
            os.environ.pop("TMPDIR") if before is None else os.environ.update(TMPDIR=before)
        if not options.smoke and set(options.parts) - {"smoke"}:
            folder = Path(scratch) / "model"
            save_random_model(folder, SHAPES[options.shape])
            clean()
            for part in options.parts:
                if part in PARTS:
                    keep(PARTS[part](folder, facts["matrix_flops"], options))
    print(f"written: {result}")
    return int(any(figure.ok is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
