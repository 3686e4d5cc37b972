"""The choice of a quantisation by its rule, for bases of every source."""

import pytest
import yaml
from conftest import SMALL, checkout, run_snakemake
from mothertongue.files import read_json
from tiny_models import save_model

CHOICE = "results/finetune/quantisation/mine.json"


def choose(folder, model, **finetune):
    """Plan and make the choice for a model in a small study; what it says."""
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config["models"] = {"mine": {"parameters": 1e6, **model}}
    config["finetune"] |= {"quantisation": "auto", **finetune}
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    one = ("--allowed-rules", "choose_quantisation", "--configfile", path)
    done = run_snakemake("--cores", "1", CHOICE, *one, cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return read_json(folder / CHOICE)


@pytest.mark.slow
def test_a_local_folder_with_a_chat_template_of_its_own(tmp_path):
    folder = checkout(tmp_path / "study")
    base = save_model(tmp_path / "base")
    (base / "chat_template.jinja").write_text("{{ messages[0]['content'] }}", encoding="utf-8")
    chosen = choose(folder, {"base": str(base), "template": "chat"})
    assert (chosen["model"], chosen["quantisation"]) == ("mine", "none")


@pytest.mark.slow
def test_a_base_from_a_gguf_file(tmp_path):
    folder = checkout(tmp_path / "study")
    file = tmp_path / "m.gguf"
    file.write_bytes(b"GGUF")
    save_model(folder / "results/finetune/base/mine")  # what unpack_base leaves there
    chosen = choose(folder, {"gguf": str(file)})
    assert (chosen["model"], chosen["shape"]["layers"]) == ("mine", 2)
