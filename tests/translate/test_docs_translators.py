"""docs/translators.md does what it says: its studies are valid, its commands plan, its code runs."""

import importlib.util
import re
import shlex
import sys

import pytest
import yaml
from conftest import SMALL, checkout, run_snakemake
from mothertongue import translate
from mothertongue.study import read_study
from mothertongue.translate.settings import TranslatorSettings, languages_of
from standin import StandIn, invented
from translating import english_rows
from translating import translate as translate_rows


def blocks(root, kind: str) -> list[str]:
    text = (root / "docs" / "translators.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_every_configuration_is_valid(root):
    demo = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    snippets = [yaml.safe_load(block) for block in blocks(root, "yaml")]
    keys = [["translate"], ["translate", "conditions"], ["replies"]]
    assert [list(snippet) for snippet in snippets] == keys
    chosen = snippets[0]["translate"]["translators"]
    best = snippets[1]["translate"]["translators"]
    chosen |= {"google-best": best["google-best"]} | demo["translate"]["translators"]
    conditions = [{**one, "scope": ["es"]} for one in snippets[1]["conditions"]]
    study = read_study({**demo, **snippets[0], "conditions": conditions, **snippets[2]}, root)
    assert study.translators["google-best"].keep.goes_back
    used = {entry["backend"] for entry in study.translators.values()}
    assert used == set(translate.BACKENDS)
    for entry in study.translators.values():  # each can be made
        facts = translate.language_facts(root, study.languages, ["en", *study.languages])
        translate.make_translator(TranslatorSettings.of(entry), languages_of(facts))


@pytest.mark.slow
def test_every_command_plans(root, tmp_path):
    folder = checkout(tmp_path / "study")
    lines = [line for block in blocks(root, "sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("snakemake")]
    assert len(commands) == 3
    (check,) = set(lines) - set(commands)  # tests/translate/test_checks.py runs it
    assert check.startswith("python -m mothertongue.translate.check ")
    goals = []
    for command in commands:
        program, _, cores, *goal = shlex.split(command)
        assert (program, cores in ("1", "all"), len(goal) > 0) == ("snakemake", True, True)
        goals += goal
    planned = run_snakemake("-n", "--cores", "1", *goals, cwd=folder)
    assert planned.returncode == 0, planned.stderr
    for rule in ("estimate", "translate_texts", "roundtrip_back", "measure_translation"):
        assert rule in planned.stdout + planned.stderr


@pytest.mark.slow
def test_the_added_translator_works(root, tmp_path, monkeypatch):
    (code,) = blocks(root, "python")
    assert len(code.splitlines()) < 45  # one short file
    (tmp_path / "libre.py").write_text(code, encoding="utf-8")
    name = "mothertongue.translate.libre"
    spec = importlib.util.spec_from_file_location(name, tmp_path / "libre.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(translate.BACKENDS, "libre", (f"{name}:Libre", ("base_url",)))
    rows = english_rows(20)
    with StandIn(faults=0.2, kinds=("429", "503", "drop", "cut-json", "echo")) as server:
        made = translate_rows(tmp_path / "s", server, rows, backend="libre", base_url=server.url)
    assert [row["instruction"] for row in made] == [invented(row["instruction"]) for row in rows]
