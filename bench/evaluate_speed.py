# ruff: noqa: E402
"""Whole evaluations on real data: our model class against lm-eval's HFLM, both arms in one run.

    python bench/evaluate_speed.py ../shared/data [--tasks cmmlu xquad mgsm] [--items 96]
        [--repeats 3] [--batches 16 64] [--hidden 128] [--layers 4] [--ending 0.1] [--model FOLDER]

Tasks of the pack with their own shots, stop sequences and limits of new tokens: CMMLU 5-shot (some
subjects, whole), XQuAD es 0-shot (the first paragraphs, whole) and MGSM es 5-shot (its five
demonstrations are made of the last rows, with worked solutions of about the length of the
original's; the released test files hold none). The model is Llama-shaped with random weights and
a tokenizer trained on the text of the benchmarks; it hardly ever ends an answer, so that all run
to the limit of the task: the harder case, since no two rows share a new token. With `--ending 0.1`
it ends an answer at one position of ten. `--model` takes a real model instead.

Counted is all of an evaluation: prompts, tokens, model, metrics; CPU seconds of one thread, arms
in turn, so that other users of the machine weigh on both; imports and first calls are done before.
HFLM runs with several batch sizes; the ratio is to its fastest. Results must be equal: every
accuracy, every generated text.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts")]

import polars as pl
import torch
from mothertongue.evaluate.pack import load_task
from mothertongue.evaluate.read import read_rows
from mothertongue.finetune.base import train_tokenizer

LANGUAGE = {"cmmlu": "zh", "xquad": "es", "mgsm": "es"}
GOAL = {"cmmlu": 3.0, "xquad": 1.8, "mgsm": 1.3}


def lay_files(data: Path, folder: Path, items: int) -> dict[str, tuple[list[str], list[str]]]:
    """Write the parts of the benchmarks that are evaluated; returns (test, demonstrations)."""
    test = pl.read_parquet(data / "cmmlu" / "test.parquet").sort("subject", maintain_order=True)
    subjects = test.partition_by("subject", maintain_order=True)
    chosen, count = [], 0
    for place in range(0, len(subjects), 13):  # spread over the alphabet
        if count < items:
            chosen.append(subjects[place])
            count += subjects[place].height
    pl.concat(chosen).write_parquet(folder / "cmmlu.parquet")

    squad = json.loads((data / "xquad" / "xquad.es.json").read_text(encoding="utf-8"))
    kept, count = [], 0
    for article in squad["data"]:
        for paragraph in article["paragraphs"]:
            if count < items:
                kept.append({"title": article["title"], "paragraphs": [paragraph]})
                count += len(paragraph["qas"])
    (folder / "xquad.json").write_text(json.dumps({"data": kept}), encoding="utf-8")

    lines = (data / "mgsm" / "mgsm_es.tsv").read_text(encoding="utf-8").splitlines()
    (folder / "mgsm.tsv").write_text("\n".join(lines[: min(items, 245)]), encoding="utf-8")
    rows = [line.split("\t") for line in lines[-5:]]
    with (folder / "mgsm.jsonl").open("w", encoding="utf-8") as handle:
        for question, number in rows:
            solution = f"{question} Por tanto, la respuesta es {number}."
            row = {"question": question, "answer": solution, "answer_number": number}
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")
    return {
        "cmmlu": ([str(folder / "cmmlu.parquet")], [str(data / "cmmlu" / "dev.parquet")]),
        "xquad": ([str(folder / "xquad.json")], []),
        "mgsm": ([str(folder / "mgsm.tsv")], [str(folder / "mgsm.jsonl")]),
    }


def make_model(data: Path, options: argparse.Namespace):
    """A random Llama-shaped model whose tokenizer knows the text of the benchmarks."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    if options.model:
        model = AutoModelForCausalLM.from_pretrained(options.model).eval()
        return model, AutoTokenizer.from_pretrained(options.model, padding_side="left")
    texts = [row["context"] for row in read_rows(data / "xquad" / "xquad.es.json")]
    texts += [row["question"] for row in read_rows(data / "mgsm" / "mgsm_es.tsv")]
    cmmlu = pl.read_parquet(data / "cmmlu" / "test.parquet")
    texts += ["\n".join(map(str, row)) for row in cmmlu.select("Question", *"ABCD").iter_rows()]
    tokenizer = train_tokenizer(sorted(set(texts)), options.vocabulary)
    tokenizer.padding_side = "left"
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=options.hidden,
        intermediate_size=8 * options.hidden // 3 // 8 * 8,
        num_hidden_layers=options.layers,
        num_attention_heads=options.hidden // 32,
        max_position_embeddings=4096,
        initializer_range=0.1,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    model = LlamaForCausalLM(config).eval()
    if options.ending:
        give_ends(model, tokenizer, texts[:8], options.ending)
    return model, tokenizer


def give_ends(model, tokenizer, texts: list[str], share: float) -> None:
    """Raise the end token's logit until it wins at this share of positions."""
    head = torch.nn.Linear(model.lm_head.in_features, model.lm_head.out_features)
    with torch.inference_mode():
        gaps = []
        for text in texts:
            logits = model(torch.tensor([tokenizer.encode(text)[:256]])).logits[0]
            gaps.append(logits.max(dim=-1).values - logits[:, tokenizer.eos_token_id])
        head.weight.copy_(model.lm_head.weight)
        head.bias.zero_()
        head.bias[tokenizer.eos_token_id] = torch.cat(gaps).quantile(share)
    model.lm_head = head.eval()


def evaluate(lm, name: str, files: tuple[list[str], list[str]], limit: int | None = None):
    """One whole evaluation; returns CPU seconds and what must be equal."""
    import lm_eval

    started = time.process_time()
    task = load_task(
        name,
        LANGUAGE[name],
        folder=ROOT / "tasks",
        files=files[0],
        demonstrations=files[1] or None,
        limit=limit,
    )
    found = lm_eval.evaluate(lm=lm, task_dict=task, bootstrap_iters=0, log_samples=True)
    seconds = time.process_time() - started
    samples = found["samples"][name]
    if name == "cmmlu":
        return seconds, [sample["acc"] for sample in samples]
    return seconds, [sample["filtered_resps"][0] for sample in samples]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--tasks", nargs="+", default=list(GOAL), choices=list(GOAL))
    parser.add_argument("--items", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--ending", type=float, default=0.0)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    from lm_eval.models.huggingface import HFLM
    from mothertongue.evaluate.prefix import PrefixLM

    model, tokenizer = make_model(options.data, options)
    with tempfile.TemporaryDirectory() as folder:
        files = lay_files(options.data, Path(folder), options.items)
        for name in options.tasks:
            for make in (PrefixLM, HFLM):
                evaluate(make(model, tokenizer=tokenizer), name, files[name], limit=2)
            ours: list[float] = []
            stock: dict[int, list[float]] = {size: [] for size in options.batches}
            for _ in range(options.repeats):
                lm = PrefixLM(model, tokenizer)
                seconds, expected = evaluate(lm, name, files[name])
                ours.append(seconds)
                for size, times in stock.items():
                    peer = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=size)
                    seconds, found = evaluate(peer, name, files[name])
                    times.append(seconds)
                    unlike = sum(a != b for a, b in zip(found, expected))
                    assert not unlike, f"{name}: {unlike} of {len(found)} results differ"
            best = min(stock, key=lambda size: statistics.median(stock[size]))
            ratios = sorted(b / a for a, b in zip(ours, stock[best]))
            line = ", ".join(
                f"HFLM batch {size} {statistics.median(times):.1f} s"
                for size, times in stock.items()
            )
            print(
                f"{name}: {len(expected)} items, ours {statistics.median(ours):.1f} s, {line}:"
                f" {statistics.median(ratios):.2f}x ({ratios[0]:.2f} to {ratios[-1]:.2f},"
                f" goal {GOAL[name]}); tokens computed {lm.statistics['tokens']}, prompts hold"
                f" {lm.statistics['stock_tokens']}",
                flush=True,
            )


if __name__ == "__main__":
    import logging

    logging.disable(logging.WARNING)
    main()
