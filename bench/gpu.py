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
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "bench")]

import yaml  # noqa: E402
from gpu_device import SHAPES, Figure, card, clean, save_random_model  # noqa: E402
from gpu_inference import answer, evaluate  # noqa: E402
from gpu_smoke import smoke  # noqa: E402
from gpu_train import TRAIN_ARMS, train  # noqa: E402
from mothertongue.study.cards import KINDS, TABLE  # noqa: E402


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
