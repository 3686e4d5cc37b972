"""The host memory that a fine-tuning asks for, against what a real one on the CPU takes."""

import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT
from json_rows import write_dataset
from mothertongue.study import gpu_memory, training_jobs
from tiny_models import demo_rows, save_model

LAYERS, WIDTH, VOCABULARY = 8, 512, 4096
BUDGET = int(os.environ.get("TOKENS", "256"))  # of a pass, which is one row
JOB = """
import json, re, sys
from dataclasses import replace
from pathlib import Path
import torch
from mothertongue.finetune.recipe import Base, Job, Lora, Recipe
from mothertongue.finetune.run import finetune

method, folder, base = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
torch.set_num_threads(1)
whole = method == "full"
recipe = replace(
    Recipe(1e-4), method=method, epochs=2, effective_batch=2, max_length=BUDGET, quantisation="none",
    token_budget=BUDGET, template="plain",
)
made = finetune(Job(
    training_set=folder / "train.jsonl", validation_set=folder / "validation.jsonl",
    adapter=folder / ("model" if whole else "adapter_model.safetensors"),
    adapter_config=None if whole else folder / "adapter_config.json",
    history=folder / "history.csv", provenance=folder / "provenance.json", folder=folder / "work",
    condition={}, base=Base(base), recipe=recipe, last=folder / "last" if whole else None,
))
# getrusage would tell the memory of the process that started this one, if that was larger
peak = int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1000 * 1.024
print(json.dumps({"mb": peak, "tokens": made["tokens"]}))
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A model of 27 million weights in the proportions of Llama 2."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = save_model(tmp_path_factory.mktemp("base") / "llama")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    end = tokenizer.eos_token_id
    config = LlamaConfig(
        hidden_size=WIDTH, intermediate_size=11008 * WIDTH // 4096, num_hidden_layers=LAYERS,
        num_attention_heads=8, vocab_size=VOCABULARY, tie_word_embeddings=True,
        eos_token_id=end, pad_token_id=end, bos_token_id=None,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    return folder, model.num_parameters()


@pytest.mark.slow
def test_a_cpu_host_holds_what_a_run_takes_and_little_more(base, tmp_path):
    folder, parameters = base
    shape = gpu_memory.Shape(parameters, LAYERS, WIDTH, VOCABULARY, 8, WIDTH, tied=True)
    rows = [row | {"output": row["output"] * (BUDGET // 50)} for row in demo_rows(count=5)]
    taken = {}
    for method in ("lora", "full"):
        here = tmp_path / method
        write_dataset(here / "train.jsonl", rows[:4])
        write_dataset(here / "validation.jsonl", rows[4:])
        done = subprocess.run(
            [sys.executable, "-c", JOB.replace("BUDGET", str(BUDGET)), method, str(here), str(folder)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "workflow_scripts")},
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        taken[method] = json.loads(done.stdout.splitlines()[-1])["mb"]
        asked = training_jobs.memory_mb(
            shape, gpu=0, length=BUDGET, tokens=BUDGET, whole=method == "full"
        )
        print(f"{method}: {taken[method]:.0f} MB taken, {asked} asked")
        # what the allocator does not give back grows with a pass; with 2,048 tokens almost all is taken
        assert taken[method] < asked < taken[method] + 1800
