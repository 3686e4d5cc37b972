"""Prompts and templates: data files whose words do not change, and a study's own."""

import copy

import pytest
import yaml
from conftest import ROOT, SMALL
from mothertongue.errors import InputError
from mothertongue.judge import rating_settings
from mothertongue.judge.prompt import judge_prompt
from mothertongue.prompts import FOLDER, fill, read_prompt, templates
from mothertongue.study import read_study
from mothertongue.translate import determining

# A file's text decides results that people have paid for and trained on. A changed text gets a name of
# its own; a template's name is all that an adapter's rule is told.
TEXTS = {
    "alpaca": "63e7d8dc86ee2cc8",
    "judge-brackets": "1be0b5a4afa4d2f1",
    "judge-criteria-brackets": "d33864ae4cb3ee42",
    "judge-criteria-json": "e435a42f02e6b70d",
    "judge-json": "cbbcc12bc93300e9",
    "judge-pair-brackets": "4f89cdef31133594",
    "judge-pair-json": "d83b327b4e7adbb1",
    "judge-prometheus": "0cd26174fdbf898c",
    "judge-prometheus-pairwise": "69573d900084cfd5",
    "judge-selene": "0403d889641beca5",
    "judge-selene-pairwise": "4d5696a386bb4fdd",
    "plain": "f4462747f9d9c8ac",
    "second-attempt": "6824003f28b9d041",
    "translate": "fcee8a2b558584e7",
}


def test_a_text_keeps_its_words():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(TEXTS)
    assert {name: read_prompt(name).sha256[:16] for name in TEXTS} == TEXTS


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_names_its_source_and_holds_only_its_fields(name):
    prompt = read_prompt(name)
    assert len(prompt.source) > 20
    filled = fill(prompt.text, **{field: "·" for field in prompt.fields})
    assert "${" not in filled and "·" in filled


def test_a_text_about_an_instruction_alone_is_a_template():
    assert templates() == ("alpaca", "plain")


def test_an_unknown_prompt_is_one_line():
    with pytest.raises(InputError, match="prompt 'alpacca' is not one of alpaca, judge-brackets"):
        read_prompt("alpacca")


def test_texts_are_not_looked_at_for_fields():
    assert fill("${a} and $5", a="${b} $a") == "${b} $a and $5"
    own = "Q: ${question} A: ${answer} R: ${reference} costs $1"
    assert (
        judge_prompt("${answer}", "$x", "{r}", prompt=own) == "Q: ${answer} A: $x R: {r} costs $1"
    )


def study_with(**judge):
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    chat = {"backend": "openai", "model": "m", "base_url": "http://localhost:1/v1", **judge}
    config["judge"]["judges"]["mine"] = chat
    return read_study(copy.deepcopy(config), ROOT)


OWN = "Rate ${answer} to ${question}: [[rating]]"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"prompt": "Rate ${answer}", "reply": "json"}, "prompt: holds no ${question}"),
        ({"prompt": "Rate ${question}", "reply": "json"}, "prompt: holds no ${answer}"),
        (
            {"prompt": OWN + " ${refrence}", "reply": "json"},
            "prompt: ${refrence} stands for nothing",
        ),
        ({"prompt": OWN}, "reply: missing beside a prompt of your own"),
    ],
)
def test_a_judge_s_own_prompt_is_checked(entry, said):
    with pytest.raises(InputError) as caught:
        study_with(**entry)
    assert f"judge.judges.mine.{said}" in str(caught.value)
    assert "1 mistake in" in str(caught.value)


def test_the_text_of_a_prompt_decides_ratings_and_translations():
    own = study_with(prompt=OWN, reply="brackets").judges["mine"]
    assert rating_settings("mine", own)["prompt"] == {"brackets": OWN}
    default = study_with().judges["mine"]  # which form the server takes is not known yet
    texts = {form: read_prompt(f"judge-{form}").text for form in ("brackets", "json")}
    assert rating_settings("mine", default)["prompt"] == texts
    entry = {"backend": "openai", "model": "m", "prompt": None}
    assert determining(entry)["prompt"] == read_prompt("translate").text


def test_a_prompt_with_a_reference_needs_questions_that_have_one(tmp_path, monkeypatch):
    study_with(prompt=OWN + " ${reference}", reply="brackets")  # the demo's questions have them
    monkeypatch.chdir(ROOT)
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    (tmp_path / "q.jsonl").write_text('{"id": "a", "prompt": "p"}\n', encoding="utf-8")
    config["answer"]["questions"]["native"]["path"] = str(tmp_path / "q.jsonl")
    del config["judge"]["judges"]["overlap"]
    config["judge"]["judges"]["mine"] = {
        "backend": "openai", "model": "m", "base_url": "http://localhost:1/v1",
        "prompt": OWN + " ${reference}", "reply": "brackets",
    }  # fmt: skip
    with pytest.raises(InputError, match="mine: compares with a reference answer"):
        read_study(config, ROOT)
