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
  evaluate  examples per second: our class, lm-eval's HFLM and, where installed, `engine: vllm`
  answer    tokens per second of 50 answers: our decoding and, where installed, vLLM, also with an
            adapter, which is proved to be applied
`--calibrate` turns the figures into this card's entry of resources/gpus.yaml, from which `estimate`, the
times that jobs ask for and `finetune.quantisation: auto` know it: printed, and written beside the JSON.

Share of peak: 4 operations per weight and real token in training (a frozen base needs no gradients
of its weights), 2 in reading, over what a large matrix product reaches on the device.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "bench")]

import yaml  # noqa: E402
from finetune_speed import LORA, Peer  # noqa: E402
from gpu_device import (  # noqa: E402
    ON_GPU,
    SHAPES,
    Figure,
    Skipped,
    card,
    clean,
    peak_gigabytes,
    save_random_model,
    wait_for,
)
from gpu_jobs import requests, text  # noqa: E402
from gpu_smoke import smoke  # noqa: E402
from mothertongue.errors import is_out_of_memory  # noqa: E402
from mothertongue.finetune.encode import Example  # noqa: E402
from mothertongue.finetune.lora import add_lora  # noqa: E402
from mothertongue.finetune.run import choose_budget  # noqa: E402
from mothertongue.finetune.train import Recipe, Trainer  # noqa: E402
from mothertongue.inference.models import load_base, pick_device  # noqa: E402
from mothertongue.study.cards import KINDS, TABLE  # noqa: E402

DECILES = (62, 78, 84, 91, 101, 115, 131, 153, 188, 262, 512)  # tokens of a row, prompt included
PROMPT_SHARE = 0.63
TRAIN_ARMS = (
    "peer", "ours", "ours+checkpointing", "ours+flash", "ours+liger", "trl", "trl+padding-free",
    "trl+packing",
)  # fmt: skip
NEEDS = {"flash": "flash_attn", "liger": "liger_kernel", "padding-free": "flash_attn",
         "packing": "flash_attn", "trl": "trl", "vllm": "vllm"}  # fmt: skip


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
        model, rows, rows[:4], recipe, pad=tokenizer.pad_token_id, device=pick_device(),
        budget=budget.tokens, overhead=budget.overhead,
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
            except Exception as error:
                if is_out_of_memory(error):
                    figure.said = "out of memory"
                else:
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
                began = time.perf_counter()
                try:
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
                except Skipped as reason:
                    figure.said = f"left out: {reason}"
                except Exception as error:
                    figure.ok, figure.said = False, f"{type(error).__name__}: {error}"
                figure.seconds = time.perf_counter() - began
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
        started = time.perf_counter()
        try:
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
        except Skipped as reason:
            figure.said = f"left out: {reason}"
        except Exception as error:
            figure.ok, figure.said = False, f"{type(error).__name__}: {error}"
        figure.seconds = time.perf_counter() - started
        yield figure


def random_adapter(folder: Path) -> Path:
    """The weight file of an adapter of random weights on a base."""
    from peft import LoraConfig, get_peft_model

    base, _ = load_base(str(folder), quantisation="none", device="cpu")
    lora = LoraConfig(r=8, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    place = folder.with_name(f"{folder.name}-adapter")
    get_peft_model(base, lora).save_pretrained(place)
    return place / "adapter_model.safetensors"


# -- all -----------------------------------------------------------------------------------------


def card_entry(
    figures: Sequence[Figure], facts: dict[str, Any], parameters: float
) -> dict[str, Any]:
    """This card's entry of resources/gpus.yaml, of what was measured; {} where too little was.

    TFLOP/s count all of a model's parameters, as the estimate does.
    """
    train = {f.name.split()[0]: f.value for f in figures if f.part == "train" and f.value and f.name.endswith(" ours")}  # fmt: skip
    load = [f.value for f in figures if f.part == "load" and f.value]
    done = {tuple(f.name.split()[:2]): f.more.get("tokens_per_second") for f in figures
            if f.part == "evaluate" and f.value and f.name.endswith(" ours")}  # fmt: skip
    found: dict[str, dict[str, float]] = {"train": {}, "read": {}, "write": {}}
    for kind in KINDS:
        for work, speed, operations in (
            ("train", train.get(kind), 4),
            ("read", done.get((kind, "loglikelihood")), 2),
            ("write", done.get((kind, "generate_until")), 2),
        ):
            if speed:
                found[work][kind] = float(f"{operations * parameters * speed / 1e12:.3g}")
    if not (load and all(found.values())):
        return {}
    for speeds in found.values():  # what was not measured is no faster than the slowest that was
        for kind in KINDS:
            speeds.setdefault(kind, min(speeds.values()))
    known = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    name, row = next(
        ((n, r) for n, r in known.items() if facts["card"] in r["names"]),
        (re.sub(r"[^a-z0-9]+", "_", facts["card"].lower()).strip("_"), {"names": [facts["card"]]}),
    )
    row = {
        "memory_gb": facts.get("memory_gb", 0),
        "peak_tflops": float(f"{facts['matrix_flops'] / 1e12:.3g}"),
        "gb_per_s": 0,  # only of use to cards without constants of their own
        **row,
        "sustained": {**found, "load": float(f"{min(load):.3g}")},
        "basis": "measured",
    }
    return {name: row}


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
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shape", choices=SHAPES, default="7b")
    parser.add_argument("--smoke", action="store_true", help="only the smoke part")
    parser.add_argument("--parts", nargs="+", choices=["smoke", *PARTS], default=["smoke", *PARTS])
    parser.add_argument("--weights", nargs="+", choices=("int8", "nf4", "none"), default=["int8", "none"])  # fmt: skip
    parser.add_argument("--arms", nargs="+", choices=TRAIN_ARMS, default=list(TRAIN_ARMS))
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--calibrate", action="store_true")
    options = parser.parse_args(arguments)
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
                parameters = shape["num_hidden_layers"] * per_layer + 2 * shape["hidden_size"] * shape["vocab_size"]  # fmt: skip
                content["entry"] = card_entry(figures, facts, parameters)
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
    if options.calibrate:
        entry = json.loads(result.read_text(encoding="utf-8")).get("entry")
        if entry:
            row = yaml.safe_dump(entry, sort_keys=False, default_flow_style=None)
            result.with_suffix(".yaml").write_text(row, encoding="utf-8")
            print(f"for resources/gpus.yaml ({result.with_suffix('.yaml')}):\n{row}")
        else:
            print("no entry for resources/gpus.yaml: it needs the parts train and evaluate")
    return int(any(figure.ok is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
