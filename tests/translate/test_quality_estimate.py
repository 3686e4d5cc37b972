"""keep by qe: rows rated by a real COMET model without references, tiny and untrained.

unbabel-comet does not go with the versions of the other environments: the test runs the script in an
interpreter of envs/quality.yaml, which `QUALITY_PYTHON` names (see CONTRIBUTING.md).
"""

import json
import os
import subprocess

import pytest
from mothertongue.files import read_jsonl, write_jsonl
from translating import english_rows

BUILD = """
import sys
import sentencepiece, torch, pytorch_lightning
from comet.models import ReferencelessRegression
from transformers import XLMRobertaConfig, XLMRobertaTokenizerFast
texts, folder = sys.argv[1:]
sentencepiece.SentencePieceTrainer.train(
    input=texts, model_prefix=f"{folder}/sentencepiece.bpe", vocab_size=120, hard_vocab_limit=False)
tokenizer = XLMRobertaTokenizerFast(vocab_file=f"{folder}/sentencepiece.bpe.model")
tokenizer.save_pretrained(f"{folder}/encoder")
XLMRobertaConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, intermediate_size=32,
    num_attention_heads=2, max_position_embeddings=514, type_vocab_size=1, pad_token_id=1, bos_token_id=0,
    eos_token_id=2, model_type="xlm-roberta").save_pretrained(f"{folder}/encoder")
torch.manual_seed(1)
model = ReferencelessRegression(encoder_model="XLM-RoBERTa", pretrained_model=f"{folder}/encoder",
    hidden_sizes=[16], load_pretrained_weights=False, local_files_only=True, loss="mse")
trainer = pytorch_lightning.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
trainer.strategy.connect(model)
import os, yaml
os.makedirs(f"{folder}/model/checkpoints")
trainer.save_checkpoint(f"{folder}/model/checkpoints/model.ckpt", weights_only=True)
yaml.safe_dump({**dict(model.hparams), "class_identifier": "referenceless_regression_metric"},
    open(f"{folder}/model/hparams.yaml", "w"))
"""
ONE_BY_ONE = """
import json, sys
from comet import load_from_checkpoint
model = load_from_checkpoint(sys.argv[1], local_files_only=True)
pairs = json.load(open(sys.argv[2]))
print(json.dumps([model.predict([pair], batch_size=1, gpus=0, num_workers=0, progress_bar=False)
                  ["scores"][0] for pair in pairs]))
"""
RATE = """
import sys
from pathlib import Path
from rate_translations import main
model, all_file, english, rated = sys.argv[1:]
main(model=model, gpus=0, batch=4, all_file=Path(all_file), english_file=Path(english),
     rated_file=Path(rated))
"""


@pytest.mark.long
def test_rows_are_rated_by_a_real_comet_model(tmp_path, root):
    python = os.environ.get("QUALITY_PYTHON")
    if not python:
        pytest.skip("QUALITY_PYTHON names no interpreter of envs/quality.yaml")

    def run(code, *arguments):
        environment = {**os.environ, "PYTHONPATH": str(root / "workflow_scripts")}
        done = subprocess.run(
            [python, "-c", code, *map(str, arguments)],
            capture_output=True, text=True, env=environment, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    english = english_rows(12)
    translated = [
        {**row, "language": "es", "instruction": row["instruction"][::-1], "output": row["output"]}
        for row in english
    ]
    write_jsonl(tmp_path / "english.jsonl", english)
    write_jsonl(tmp_path / "all.jsonl", translated)
    texts = [row[key] for row in english + translated for key in ("instruction", "output")]
    (tmp_path / "texts.txt").write_text("\n".join(" ".join(text.split()) for text in texts))
    run(BUILD, tmp_path / "texts.txt", tmp_path)
    run(RATE, tmp_path / "model", *(tmp_path / f"{n}.jsonl" for n in ("all", "english", "rated")))
    rated = {row["id"]: row["score"] for row in read_jsonl(tmp_path / "rated.jsonl")}
    assert list(rated) == [row["id"] for row in english]

    pairs = [
        {"src": source[key], "mt": made[key]}
        for source, made in zip(english, translated, strict=True)
        for key in ("instruction", "output")
    ]
    (tmp_path / "pairs.json").write_text(json.dumps(pairs))
    checkpoint = tmp_path / "model/checkpoints/model.ckpt"
    scores = json.loads(run(ONE_BY_ONE, checkpoint, tmp_path / "pairs.json").splitlines()[-1])
    for place, row in enumerate(english):
        sizes = [len(pair["mt"]) for pair in pairs[2 * place : 2 * place + 2]]
        own = scores[2 * place : 2 * place + 2]
        mean = sum(map(float.__mul__, map(float, sizes), own)) / sum(sizes)
        assert rated[row["id"]] == pytest.approx(mean, abs=1e-5)
    assert len({round(score, 6) for score in rated.values()}) > 6
