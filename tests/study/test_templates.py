"""A chat template in a model's local folder: found, identified, and named where it is not used."""

import json

import pytest
from conftest import ROOT
from mothertongue.errors import InputError
from mothertongue.prompts.template import chat_template_of, template_of_file
from mothertongue.report.configuration import prompts_used
from mothertongue.rules.models import Models
from planned import plan, w

OWN = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}</s>{% endfor %}"
FILES = {
    "chat_template.jinja": OWN,
    "chat_template.json": json.dumps({"chat_template": OWN}),
    "tokenizer_config.json": json.dumps({"chat_template": OWN}),
}


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.chdir(ROOT)


def models(folder, **given):
    base = {"base": str(folder), "parameters": 1e6, **given}
    return Models(plan(folder.parent, ("models", {"mine": base})))


@pytest.mark.parametrize("name", FILES)
def test_a_chat_template_is_found_wherever_transformers_saves_it(tmp_path, name):
    assert chat_template_of(tmp_path) is None
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    assert OWN in chat_template_of(tmp_path)


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"chat_template": null}', "{}"])
def test_a_folder_whose_settings_cannot_be_read_has_none(tmp_path, broken):
    (tmp_path / "tokenizer_config.json").write_text(broken, encoding="utf-8")
    assert chat_template_of(tmp_path) is None


def test_an_instruct_model_tuned_through_another_template_is_one_line(tmp_path):
    folder = tmp_path / "base"
    folder.mkdir()
    assert list(models(folder).frames(["mine"])) == []
    (folder / "chat_template.jinja").write_text(OWN, encoding="utf-8")
    (line,) = models(folder).frames(["mine", "mine"])
    assert line.startswith("models.mine: the tokenizer has a chat template") and "'alpaca'" in line
    assert list(models(folder, template="chat").frames(["mine"])) == []
    assert list(models(folder).frames([])) == []  # nothing is trained


def test_a_changed_chat_template_is_another_base_only_where_it_is_used(tmp_path):
    folder = tmp_path / "base"
    folder.mkdir()
    pinned = []
    for text in (OWN, OWN + " "):
        (folder / "chat_template.jinja").write_text(text, encoding="utf-8")
        both = (models(folder), models(folder, template="chat"))
        pinned.append([made.pinned(w(model="mine")) for made in both])
    assert pinned[0][0] == pinned[1][0] == [str(folder), None, False]  # as version 1.0.0 has it
    assert pinned[0][1] != pinned[1][1]


def test_the_table_of_prompts_has_the_hash_of_a_chat_template(tmp_path):
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "chat_template.jinja").write_text(OWN, encoding="utf-8")
    config = models(folder, template="chat", label="Mine").plan.config
    used = {one.used_by: one for one in prompts_used(config)}
    assert used["model Mine"].text == "chat" and len(used["model Mine"].sha256) == 64


def test_chat_for_a_folder_without_a_chat_template_is_one_line(tmp_path):
    folder = tmp_path / "base"
    folder.mkdir()
    with pytest.raises(
        InputError, match=r"models.mine: the template is chat, but .*base has no chat"
    ):
        models(folder, template="chat")


def test_a_template_file_that_is_no_yaml_is_one_line(tmp_path):
    (tmp_path / "mine.yaml").write_text("text: [${instruction}\nnext: {", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"mine\.yaml: not a template file \(while parsing"
    ) as told:
        template_of_file(tmp_path / "mine.yaml")
    assert "\n" not in str(told.value)
