"""What the jobs of a study need from elsewhere, without asking anybody."""

import yaml
from far_studies import STUDY
from mothertongue import hub
from mothertongue.study import read_study
from mothertongue.study import requirements as needs
from standin_hub import TOKEN


def test_needs_of_the_paper_s_study_are_all_pinned_but_one(root):
    config = yaml.safe_load((root / "studies" / "paper.yaml").read_text(encoding="utf-8"))
    found = needs.study_needs(read_study(config, root), root / "tasks")
    assert {n.name for n in found if n.kind == "model"} == {
        spec["base"] for spec in config["models"].values()
    }
    datasets = {(n.name, n.revision) for n in found if n.kind == "dataset"}
    assert {name for name, _ in datasets} == {
        "CohereLabs/aya_dataset", "OpenAssistant/oasst1", "google-research-datasets/tydiqa",
        "lmlmcat/cmmlu", "ceval/ceval-exam", "google/xquad", "juletxara/mgsm",
        "alexandrainst/m_mmlu", "openai/MMMLU",
    }  # fmt: skip
    assert {name for name, revision in datasets if not revision} == {"alexandrainst/m_mmlu"}
    assert sum(n.name == "ceval/ceval-exam" for n in found) == 2 * 52
    splits = {(n.subset, n.split) for n in found if n.name == "alexandrainst/m_mmlu"}
    assert splits == {(code, s) for code in ("es", "ru", "zh") for s in ("test", "train")}


def test_a_gated_model_asks_for_a_token_before_the_first_job(root, monkeypatch):
    study = {**STUDY, "models": {"tiny": {**STUDY["models"]["tiny"], "gated": True}}}
    for switch in hub.SWITCHES:
        monkeypatch.delenv(switch, raising=False)
    for token, said in (("", ["gated: acme/tiny (models.tiny.base); accept"]), (TOKEN, [])):
        monkeypatch.setattr("huggingface_hub.get_token", lambda token=token: token or None)
        read = read_study(study, root)
        lines = needs.missing(needs.study_needs(read, root / "tasks"), {})
        assert [line.split(" the licence")[0] for line in lines] == said
