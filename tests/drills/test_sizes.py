"""Numbers of rows, mixtures and draws by Snakemake: planned by the Snakefile and by a foreign workflow."""

import re

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, planned, run_snakemake
from mothertongue.files import read_jsonl

FOREIGN = """import yaml

module theirs:
    snakefile:
        "mothertongue/Snakefile"
    config:
        yaml.safe_load(open("study.yaml"))
    pathvars:
        results="ours",
        logs="ours/logs",
        benchmarks="ours/benchmarks",


use rule * from theirs as ours_*
"""


def write_study(folder, **changes):
    """Two sizes, two kinds of data, two draws, without what other tests cover."""
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    entry = {"mix": ["native", {"native": 0.25, "fluent": 0.75}], "scope": ["es"], "questions": []}
    config["conditions"] = [entry | {"rows": [20, 40], "draws": [1, 2]} | changes]
    for section in ("answer", "judge"):
        config.pop(section)
    (folder / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


@pytest.mark.slow
def test_every_size_is_planned_and_only_drawn_rows_are_translated(tmp_path):
    folder = checkout(tmp_path / "study")
    write_study(folder)
    jobs = planned(folder, "--configfile", "study.yaml")
    assert jobs["finetune_lora"] == jobs["mix_portions"] == 8
    assert jobs["draw_rows"] == 12, (
        "four of 20 and 40 native rows, four of 5 and 10, four of fluent"
    )
    assert jobs["translate_portion"] == 4
    assert {"sample_english", "translate_texts"} & jobs.keys() == {"sample_english"}, (
        "for the base alone"
    )


@pytest.mark.long
def test_sets_of_a_foreign_workflow_hold_one_another(tmp_path):
    (tmp_path / "mothertongue").symlink_to(ROOT)
    (tmp_path / "resources").symlink_to(SMALL / "resources")
    write_study(tmp_path)
    (tmp_path / "Snakefile").write_text(FOREIGN, encoding="utf-8")
    done = run_snakemake("ours_training_sets", "--cores", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    sets = {
        path.parts[-3]: read_jsonl(path)
        for path in (tmp_path / "ours/finetune/sets").glob("*/es/train.jsonl")
    }
    assert len(sets) == 8
    ids = {name: {row["id"] for row in rows} for name, rows in sets.items()}
    for draw in (1, 2):
        assert ids[f"native_20_draw{draw}"] < ids[f"native_40_draw{draw}"]
        small, large = f"fluent_15+native_5_draw{draw}", f"fluent_30+native_10_draw{draw}"
        assert ids[small] < ids[large]
        assert [row["origin"]["part"] for row in sets[large]].count("native") == 10
    assert ids["native_40_draw1"] != ids["native_40_draw2"]
    again = run_snakemake("ours_training_sets", "--dry-run", cwd=tmp_path)
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.slow
def test_more_rows_than_there_are_end_before_anything_is_translated(tmp_path):
    folder = checkout(tmp_path / "study")
    write_study(folder, mix=["fluent"], rows=[5000], draws=[1])
    done = run_snakemake("training_sets", "--cores", "1", "--configfile", "study.yaml", cwd=folder)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert re.search(r"fluent of 'es': 5000 training rows are asked for, but there are 117", said)
    assert not (folder / "results/translate").exists()
