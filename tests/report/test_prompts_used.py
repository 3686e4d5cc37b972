"""The provenance page names every prompt and template that a model saw, with its source and hash."""

import hashlib

import yaml
from conftest import ROOT
from mothertongue.prompts import read_prompt
from mothertongue.report.configuration import prompts_used
from mothertongue.report.provenance import prompt_table
from mothertongue.study import read_study


def test_prompts_of_the_paper_and_of_a_study():
    config = yaml.safe_load((ROOT / "studies/paper.yaml").read_text(encoding="utf-8"))
    own = "Rate ${answer} to ${question} as [[1]] to [[5]]."
    config["judge"]["judges"]["mine"] = {
        "backend": "openai",
        "model": "m",
        "base_url": "http://localhost:1",
        "prompt": own,
        "reply": "brackets",
    }
    study = read_study(config, ROOT)
    used = {one.used_by: one for one in prompts_used(study.config)}
    template = used["fine-tuning, evaluation and answers"]
    assert (template.text, template.sha256) == ("alpaca", read_prompt("alpaca").sha256)
    translators = [one for name, one in used.items() if name.startswith("translator")]
    assert [one.text for one in translators] == ["translate"]  # Google is asked without a prompt
    mine = used["judge mine (brackets)"]
    assert (mine.text, mine.source) == ("of the study", "the study")
    assert mine.sha256 == hashlib.sha256(own.encode()).hexdigest()
    assert {one.text for name, one in used.items() if name.startswith("judge")} == {
        "judge-brackets",
        "of the study",
    }
    table = prompt_table(list(used.values()))
    assert len(table.rows) == len(used)
    assert all(all(row) for row in table.rows)
