# ruff: noqa: E402
"""Does every path of the product to a GPU work? The smoke part of `bench/gpu.py`.

Run with one argument, it is a rule's script: it runs that job.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATHS = [str(ROOT / "workflow_scripts"), str(ROOT / "bench")]
sys.path[:0] = PATHS

import torch
from gpu_device import ON_GPU, SHAPES, Figure, Skipped, save_random_model
from gpu_jobs import text
from mothertongue.inference.base import BaseSpec
from mothertongue.preload import run_preloaded


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
            [sys.executable, __file__, json.dumps(call)], cwd=self.folder, env=environment,
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
        return asdict(BaseSpec.of_model({"base": str(self.base)}, "none", "auto"))

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
        assert "held by the preloaded process" in second["said"], second["said"][-500:]
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
            if b"mothertongue.preload.base_server" in path.read_bytes()
        ]
        assert not holders, holders
        return "no base server left"

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
            raise Skipped("needs GPUs; on a CPU tests/finetune/test_finetune.py runs two processes")
        job = self.job("several", "none", gpus=2)
        self.finish(self.script("finetune_lora", job, gpus=2))
        return f"{json.loads((self.folder / 'several/provenance.json').read_text())['processes']}"


def run_job(call: dict[str, Any]) -> None:
    """Be a rule's script: run a job by `run_preloaded`."""
    paths = {"training_set", "validation_set", "adapter", "adapter_config", "history", "provenance",
             "work", "out"}  # fmt: skip
    keywords = {
        key: Path(value) if key in paths and value is not None else value
        for key, value in call["keywords"].items()
    }
    base = BaseSpec(**call["base"]) if call["base"] else None
    run_preloaded(call["module"], keywords, base=base, gpus=call["gpus"], grace=300)


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


if __name__ == "__main__":
    run_job(json.loads(sys.argv[1]))
