"""What jobs ask of a card: its kind, its memory, and how a base is loaded, chosen once per model."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, run_snakemake
from fake_gpus import fake_environment
from mothertongue.errors import InputError
from mothertongue.files import write_json
from mothertongue.study import cards, gpu_memory, gpu_plan, gpu_warnings, read_study
from tiny_models import save_model

# ---- cards


def test_the_table_of_cards_is_whole():
    table = cards.cards()
    assert cards.reference().name == "a100_80gb"
    for card in table.values():
        assert card.memory_gb >= 16
        assert card.flops["train", "int8"] < card.flops["train", "none"] < 5e14
        assert card.flops["write", "none"] < card.flops["read", "none"]
    names = [n for row in yaml.safe_load(cards.TABLE.read_text()).values() for n in row["names"]]
    assert len(names) == len(set(names))
    assert cards.named("A100").memory_gb == 40
    assert cards.named("site_card").memory_gb is None
    assert cards.named("a100", 20).memory_gb == 20
    assert cards.by_device("NVIDIA L4", 23.0).name == "l4"
    assert cards.by_device("NVIDIA Unheard Of", 23.0).memory_gb == 23.0


SMI = """#!/bin/sh
case "$*" in
  *query-gpu*) printf '0, NVIDIA L4, 23034\\n1, NVIDIA A100-SXM4-80GB, 81920\\n' ;;
  *) printf 'GPU 0: NVIDIA L4\\nGPU 1: NVIDIA A100-SXM4-80GB\\n' ;;
esac
"""


@pytest.fixture
def two_cards(tmp_path, monkeypatch):
    """A host whose nvidia-smi names an L4 and an A100."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/nvidia-smi").write_text(SMI)
    (tmp_path / "bin/nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(cards, "on_this_host", cards.on_this_host.__wrapped__)
    return monkeypatch


def test_the_smallest_visible_card_counts(two_cards):
    for visible, expected in (("0,1", "l4"), ("1", "a100_80gb"), ("GPU-123", "l4")):
        two_cards.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert cards.on_this_host().name == expected
    two_cards.setenv("CUDA_VISIBLE_DEVICES", "")
    assert cards.on_this_host() is None


# ---- the choice


def study_of(**changes):
    config = yaml.safe_load((ROOT / "studies/paper.yaml").read_text(encoding="utf-8"))
    config["finetune"] |= {"quantisation": "auto"} | changes.pop("finetune", {})
    for model, more in changes.items():
        config["models"][model.replace("_", "-")] |= more
    return read_study(config, ROOT).config


def choice_for(config, model):
    shape = gpu_memory.shape_of(gpu_plan.model_of(config, model))
    return gpu_plan.choose(
        gpu_plan.needs_of(config, shape), gpu_plan.card_of(config, model, local=False)
    )


def test_16_bits_are_chosen_where_they_fit():
    config = study_of(finetune={"gpu_type": "l4"}, qwen1_5_14b={"gpu_type": "a100"})
    found = {model: choice_for(config, model).quantisation for model in config["models"]}
    assert found["qwen1-5-14b"] == "none"  # 33 of 40 GB
    assert found["llama2-7b"] == found["qwen1-5-7b"] == "none"
    assert choice_for(study_of(finetune={"gpu_type": "l4"}), "qwen1-5-14b").quantisation == "int8"
    assert choice_for(study_of(finetune={"gpu_memory": 16}), "llama2-7b").quantisation == "int8"
    with pytest.raises(
        InputError, match=r"needs 2\d\.?\d* GB even in 8 bits, and t4 has 16: .*nf4"
    ):
        choice_for(study_of(finetune={"gpu_type": "t4"}), "qwen1-5-14b")
    with pytest.raises(InputError, match=r"memory of site_card: set finetune\.gpu_memory"):
        choice_for(study_of(finetune={"gpu_type": "site_card"}), "llama2-7b")
    on_cpu = gpu_plan.choose({kind: {"finetune": 1e9} for kind in cards.KINDS}, None)
    assert (on_cpu.quantisation, on_cpu.why) == ("none", "computed on a CPU")


def test_a_plan_foresees_the_choice(tmp_path):
    """By the file, else by the card, else the slower of the two."""
    auto = study_of(finetune={"gpu_type": "a100"})
    card = gpu_plan.card_of(auto, "llama2-7b", local=False)
    made = tmp_path / "llama2-7b.json"
    assert gpu_plan.chosen(auto, "llama2-7b", made, card) == "none"
    assert gpu_plan.chosen(auto, "llama2-7b", made, None) == "int8"
    made.write_text('{"quantisation": "int8"}')
    assert gpu_plan.chosen(auto, "llama2-7b", made, card) == "int8"
    paper = study_of(finetune={"gpu_type": "a100", "quantisation": "int8"})
    assert gpu_plan.chosen(paper, "llama2-7b", tmp_path / "none.json", card) == "int8"


def test_adapters_of_the_first_version_keep_their_quantisation(tmp_path):
    """1.0.0 loaded bases in 8 bits where a study said nothing: what it finished is not trained again."""
    config = {"finetune": {"quantisation": "auto"}}
    cell = tmp_path / "finetune/m/native/es/high/seed1"
    assert gpu_plan.configured(config, "m", tmp_path) == "auto"
    write_json(cell / "provenance.json", {"quantisation": "int8"})
    assert gpu_plan.configured(config, "m", tmp_path) == "int8"
    assert gpu_plan.configured(config, "other", tmp_path) == "auto"
    assert gpu_plan.configured({"finetune": {"quantisation": "none"}}, "m", tmp_path) == "none"
    # adapters of today were made by a choice: removing its file chooses again
    write_json(cell / "provenance.json", {"quantisation": "int8", "micro_batch_overhead": 64})
    assert gpu_plan.configured(config, "m", tmp_path) == "auto"
    (cell / "provenance.json").write_text("{", encoding="utf-8")
    assert gpu_plan.configured(config, "m", tmp_path) == "auto"


def test_an_unusable_choice_is_one_line(tmp_path):
    for text in ("{", "[]", '{"quantisation": "int9"}'):
        (tmp_path / "m.json").write_text(text)
        with pytest.raises(InputError, match=r"m\.json: holds no choice .* remove it"):
            gpu_plan.read_choice(tmp_path / "m.json")


def lines(config, *cells, choices=Path("nowhere")):
    return list(gpu_warnings.warnings(config, cells, choices, local=False))


def test_models_beyond_a_card_are_named(tmp_path):
    tuned = ("finetune_lora", "llama2-7b")
    assert lines(study_of(finetune={"gpu_type": "a100"}), tuned) == []
    assert lines(study_of(), tuned) == []  # nothing is known of the card
    (line,) = lines(study_of(finetune={"gpu_memory": 10, "quantisation": "int8"}), tuned, tuned)
    assert line.startswith("llama2-7b (meta-llama/Llama-2-7b-hf): finetune needs about 12 GB")
    assert "has 10 GB: use a larger card (models.llama2-7b.gpu_type)" in line
    with pytest.raises(InputError, match=r"weights alone take 13 GB, and .* has 10 GB"):
        lines(study_of(finetune={"gpu_memory": 10, "quantisation": "none"}), tuned)
    bloom = study_of(llama2_7b={"base": "bigscience/bloom-7b1"}, finetune={"gpu_type": "a100"})
    (line,) = lines(bloom, tuned)
    assert "bloom-7b1): computes attention in full" in line


WHOLE = {"finetune": {"method": "full"}}


def test_a_whole_model_is_held_to_what_training_it_takes():
    """16 bytes per weight; its advice is what can be done with all weights."""
    tuned = ("finetune_full", "qwen1-5-1-8b")
    ask = {"gpu_type": "a100_80gb"}
    assert lines(study_of(finetune=ask, qwen1_5_1_8b=WHOLE), tuned) == []  # 38 GB
    (line,) = lines(study_of(finetune={"gpu_memory": 36}, qwen1_5_1_8b=WHOLE), tuned)
    assert line.startswith("qwen1-5-1-8b (Qwen/Qwen1.5-1.8B): finetune needs about 38 GB"), line
    assert line.endswith(
        "has 36 GB: use a larger card (models.qwen1-5-1-8b.gpu_type),"
        " models.qwen1-5-1-8b.finetune.method: lora, or a smaller model"
    )
    long = study_of(finetune={"gpu_memory": 40, "max_length": 2048}, qwen1_5_1_8b=WHOLE)
    (line,) = lines(long, tuned)
    assert "lora, a smaller finetune.max_length, or a smaller model" in line
    small = study_of(finetune={"gpu_type": "l4"}, qwen1_5_1_8b=WHOLE)
    with pytest.raises(
        InputError,
        match=r"weights with gradients and AdamW's averages take 29 GB, and l4 has 24 GB: use (?!.*(int8|nf4))",
    ):
        lines(small, tuned)
    # its evaluations read the 16-bit weights only, and other models are not meant
    assert lines(small, ("evaluate_benchmark", "qwen1-5-1-8b"), ("finetune_lora", "gemma-2b")) == []


@pytest.mark.parametrize("dtype", ["auto", "float32"])
def test_memory_of_a_whole_model_counts_weights_gradients_and_averages(dtype):
    config = study_of(qwen1_5_1_8b=WHOLE, finetune={"dtype": dtype})
    size = config["models"]["qwen1-5-1-8b"]["parameters"]
    asked = gpu_plan.memory_mb(config, "qwen1-5-1-8b", "finetune", "none") * 1e6
    assert 20 * size < asked < 20 * size + 5e9  # 4 + 4 + 8 bytes, and 4 more in a step of AdamW
    other = gpu_plan.memory_mb(config, "qwen1-5-4b", "finetune", "none") * 1e6
    assert other < 20 * config["models"]["qwen1-5-4b"]["parameters"]


# ---- through the rules


def small_study(folder: Path, **finetune) -> Path:
    """A cut of the demo on a folder's model, whose jobs ask for a GPU each."""
    checkout(folder)
    save_model(folder / "base")
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    config |= {
        "languages": {"es": {}},
        "models": {"tiny": {"label": "tiny", "base": "base", "parameters": 1e6, "gpu_type": "l4"}},
        "conditions": [{"data": ["native"], "scope": ["es"], "lr": ["high"]}],
        "report": {"published": False},
    }
    config["sample"].pop("multi")
    config["finetune"] |= {
        "gpus": 1, "epochs": 1, "quantisation": "auto", "learning_rates": {"high": 1e-3}, **finetune,
    }  # fmt: skip
    tests = config["evaluate"]["benchmarks"]
    config["evaluate"] |= {"limit": 12, "base": True}
    config["evaluate"]["benchmarks"] = {
        "choice-native": tests["choice-native"] | {"languages": ["es"]}
    }
    config["answer"] |= {"max_new_tokens": 4, "temperature": 1.0}
    (folder / "config.yaml").unlink()
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    return folder


def change(folder: Path, **finetune) -> None:
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    config["finetune"] |= finetune
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))


def snake(folder: Path, *arguments: str, **environment: str):
    env = {**fake_environment(folder, "0"), **environment}
    return run_snakemake("--cores", "2", "--quiet", "rules", *arguments, cwd=folder, env=env)


UNTIL = ("--until", "evaluate_benchmark", "answer_questions")


@pytest.fixture(scope="module")
def chosen_study(tmp_path_factory) -> Path:
    folder = small_study(tmp_path_factory.mktemp("auto") / "study")
    done = snake(folder, *UNTIL)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder


@pytest.mark.slow
def test_every_job_of_a_model_uses_the_one_choice(chosen_study):
    made = json.loads((chosen_study / "results/finetune/quantisation/tiny.json").read_text())
    assert (made["quantisation"], made["card"], made["card_gb"]) == ("none", "l4", 24.0)
    assert "of 24" in made["why"]
    results = chosen_study / "results"
    (tuned,) = results.glob("finetune/tiny/**/provenance.json")
    assert json.loads(tuned.read_text())["quantisation"] == "none"
    scores = list(results.glob("evaluate/**/es.json"))
    assert {json.loads(path.read_text())["provenance"]["quantisation"] for path in scores} == {
        "none"
    }
    answers = list(results.glob("answer/tiny/**/*.provenance.json"))
    assert {json.loads(path.read_text())["quantisation"] for path in answers} == {"none"}
    assert len(scores) == 2 and answers


@pytest.mark.slow
def test_the_choice_stays_on_another_card(chosen_study):
    change(chosen_study, gpu_type="t4", gpu_memory=1)
    done = snake(chosen_study, "-n", *UNTIL)
    assert done.returncode == 0
    assert re.search(r"^ *total +0$", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.slow
def test_a_card_that_nobody_names_is_looked_at(tmp_path):
    """By CUDA itself where nvidia-smi is not there: the stand-in has 16 GiB."""
    folder = small_study(tmp_path / "study")
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    config["models"]["tiny"]["gpu_type"] = None
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    target = "results/finetune/quantisation/tiny.json"
    done = snake(folder, "--", target)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    made = json.loads((folder / target).read_text())
    assert (made["card"], made["card_gb"]) == ("stand-in", pytest.approx(17.2, abs=0.1))


@pytest.mark.slow
def test_memory_that_runs_out_is_remembered_for_the_next_job(tmp_path):
    """Training and evaluation halve their batch in the first job; the next begins with the half."""
    folder = small_study(tmp_path / "study", quantisation="none")
    done = snake(folder, "--until", "evaluate_benchmark", FAKE_CUDA_TOKENS="300")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    (kept,) = (folder / "results/.work/memory").glob("*.txt")
    assert "base-" in kept.name and "none" in kept.name
    uses = {line.split()[0] for line in kept.read_text().splitlines()}
    assert uses == {"finetune", "evaluate"}
    logs = [path.read_text() for path in folder.glob("logs/evaluate/tiny/**/*.log")]
    assert sum("out of memory; going on with" in log for log in logs) == 1
    assert sum("memory ran out in an earlier job" in log for log in logs) == 1
    assert not any(path.match("*memory*") for path in (folder / "results").glob("*"))


@pytest.mark.slow
def test_a_retry_after_lack_of_memory_begins_with_half(tmp_path):
    """The job ends for lack of memory where no halving helps; its retry asks for less."""
    folder = small_study(tmp_path / "study", quantisation="none")
    target = "results/evaluate/tiny/base/none/none/seed0/choice-native/es.json"
    done = snake(folder, "--retries", "2", "--", target, FAKE_CUDA_FAILS=str(tmp_path / "once"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    log = (folder / "logs/evaluate/tiny/base/none/none/seed0/choice-native/es.log").read_text()
    assert "memory ran out in an earlier job" in log


@pytest.mark.slow
def test_a_model_larger_than_its_card_is_refused_before_anything_runs(tmp_path):
    folder = small_study(tmp_path / "study", quantisation="none")
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    config["models"]["tiny"] |= {"parameters": 1.3e10}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    done = snake(folder, *UNTIL)
    assert done.returncode != 0
    assert "tiny (base): its weights alone take 26 GB, and l4 has 24 GB" in done.stderr
    assert not (folder / "results/sample").exists()


@pytest.mark.slow
def test_models_ask_for_their_card_and_their_memory(tmp_path):
    folder = checkout(tmp_path / "study")
    study = yaml.safe_load((folder / "studies/paper.yaml").read_text())
    study["finetune"] |= {"gpu_type": "l4", "gpus": 1}
    study["models"]["qwen1-5-14b"]["gpu_type"] = "a100_80gb"
    (folder / "paper.yaml").write_text(yaml.safe_dump(study))
    asked = {}
    for model in ("qwen1-5-0-5b", "qwen1-5-14b"):
        target = f"results/evaluate/{model}/native/es/high/seed1/xquad/es.json"
        done = run_snakemake(
            "-n", "--cores", "1", "--configfile", "paper.yaml", "--", target, cwd=folder
        )
        assert done.returncode == 0, done.stderr
        text = (done.stdout + done.stderr).split("rule evaluate_benchmark:")[1]
        line = next(line for line in text.splitlines() if "resources:" in line)
        asked[model] = dict(part.split("=") for part in line.split("resources: ")[1].split(", "))
    assert [asked[model]["gpu_model"] for model in asked] == ["l4", "a100_80gb"]
    small, large = (int(asked[model]["gpu_mem_mb"]) for model in asked)
    assert 1_500 < small < 4_000 < 18_000 < large < 24_000


MODULE = """
module evaluating:
    snakefile:
        "{root}/rules/evaluate.smk"
    config:
        {{
            "languages": {{"es": {{}}}},
            "models": {{"mine": {{"base": "base", "parameters": 1.0e5}}}},
            "evaluate": {{"benchmarks": {{"exam": {{
                "task": "multiple-choice", "languages": ["es"], "origin": "native",
                "kind": "structured", "shots": 0, "dataset": {{"path": "exam.jsonl"}},
            }}}}}},
        }}
    pathvars:
        results="ours",

use rule * from evaluating as ours_*
"""


@pytest.mark.slow
def test_a_foreign_workflow_gets_the_choice_with_the_rules_that_need_it(tmp_path):
    save_model(tmp_path / "base")
    items = SMALL / "resources/demo/benchmarks/choice_native_es.test.jsonl"
    (tmp_path / "exam.jsonl").write_text("".join(items.read_text().splitlines(keepends=True)[:4]))
    (tmp_path / "Snakefile").write_text(MODULE.format(root=ROOT))
    target = "ours/evaluate/mine/base/none/none/seed0/exam/es.json"
    done = run_snakemake("--cores", "1", "--", target, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    made = json.loads((tmp_path / "ours/finetune/quantisation/mine.json").read_text())
    assert (made["quantisation"], made["why"]) == ("none", "computed on a CPU")
    assert json.loads((tmp_path / target).read_text())["provenance"]["quantisation"] == "none"
