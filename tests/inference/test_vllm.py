"""vLLM is asked by arguments that lm-eval's class takes, and vLLM itself where it is installed."""

import ast
from importlib.util import find_spec
from pathlib import Path

import lm_eval
import pytest
from mothertongue.errors import InputError
from mothertongue.files import write_json
from mothertongue.inference.base import BaseSpec
from mothertongue.inference.engines import base_of, refuse_without
from mothertongue.inference.vllm_spec import VllmSpec, engine_arguments, lora_arguments
from mothertongue.study.engines import (
    EngineSpec,
    VllmSettings,
    engine_params,
    rank_of,
    vllm_version,
)

BASE = BaseSpec("org/base", "abc", "none", "bfloat16")
SPEC = VllmSpec(BASE, VllmSettings(0.8, 4096, lora_rank=16))
PLAIN = VllmSpec(BASE, VllmSettings())  # a model whose weights are all trained has no adapter
ASKED = ("pretrained", "max_gen_toks", "lora_local_path")


def class_of(path, name):
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    return next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)


def method(cls, name):
    """Names of the arguments of a method, and whether it takes others."""
    found = next(n for n in cls.body if isinstance(n, ast.FunctionDef) and n.name == name)
    return {one.arg for one in (*found.args.args, *found.args.kwonlyargs)}, bool(found.args.kwarg)


def fields(cls):
    return {n.target.id for n in cls.body if isinstance(n, ast.AnnAssign)}


def source(name):
    """A file of vLLM, read and not imported: its import needs a GPU's libraries."""
    found = find_spec("vllm")
    if found is None:
        pytest.skip("vLLM is not installed here (pip install '.[vllm]')")
    return Path(found.submodule_search_locations[0]) / name


def harness_class():
    return class_of(Path(lm_eval.__file__).parent / "models" / "vllm_causallms.py", "VLLM")


def test_arguments_are_those_of_lm_evals_class():
    takes, others = method(harness_class(), "__init__")
    own = {*engine_arguments(SPEC), *engine_arguments(PLAIN, "cpu")}
    assert others and {*ASKED} <= takes
    assert own - takes == {  # these go to vLLM as they are
        *("gpu_memory_utilization", "enable_prefix_caching", "enable_lora", "max_loras"),
        *("generation_config", "max_num_seqs"),
    }
    assert method(harness_class(), "_model_generate")[0] == {
        *("self", "requests", "generate", "sampling_params")
    }
    attributes = {n.attr for n in ast.walk(harness_class()) if isinstance(n, ast.Attribute)}
    assert {"lora_request", "_max_gen_toks", "tokenizer", "max_length"} <= attributes


def test_what_the_class_hands_on_is_known_to_vllm():
    takes, _ = method(harness_class(), "__init__")
    engine = fields(class_of(source("engine/arg_utils.py"), "EngineArgs"))
    assert {*engine_arguments(SPEC), *engine_arguments(PLAIN, "cpu")} - takes <= engine
    lora = fields(class_of(source("lora/request.py"), "LoRARequest"))
    assert {"lora_name", "lora_int_id", "lora_path"} <= lora
    sampling = fields(class_of(source("sampling_params.py"), "SamplingParams"))
    assert {"stop_token_ids", "skip_special_tokens", "seed", "temperature", "stop"} <= sampling


def test_a_base_is_held_with_room_for_its_adapters():
    told = engine_arguments(SPEC)
    assert told["enable_lora"] and told["max_lora_rank"] == 16 and told["max_model_len"] == 4096
    assert told["revision"] == "abc" and told["dtype"] == "bfloat16"
    assert not engine_arguments(PLAIN)["enable_lora"] and "max_num_seqs" not in told
    assert SPEC.key != PLAIN.key and SPEC.alone
    assert [rank_of(r) for r in (4, 8, 9, 100)] == [8, 8, 16, 128]


def adapter_of(folder, rank, weights):
    folder.mkdir()
    write_json(folder / "adapter_config.json", {"r": rank})
    (folder / "adapter_model.safetensors").write_bytes(weights)
    return folder / "adapter_model.safetensors"


def test_an_adapter_is_named_by_its_content(tmp_path):
    one, other, same = (
        lora_arguments(adapter_of(tmp_path / name, 8, weights), SPEC.settings)
        for name, weights in (("a", b"1"), ("b", b"2"), ("c", b"1"))
    )
    assert one["lora_int_id"] == same["lora_int_id"] != other["lora_int_id"] > 0
    assert one["lora_path"] == str(tmp_path / "a") != same["lora_path"]
    with pytest.raises(InputError, match="an adapter of rank 32, and the study's have 16 at most"):
        lora_arguments(adapter_of(tmp_path / "d", 32, b"3"), SPEC.settings)


def test_what_a_job_is_told_of_its_engine():
    config = {
        "evaluate": {"engine": "transformers"},
        "answer": {"engine": "vllm"},
        "engines": {
            "agreement": 8,
            "server": None,
            "vllm": {"gpu_memory": 0.5, "max_length": None},
        },
        "finetune": {"lora": {"r": 12}},
        "models": {"tuned": {}, "whole": {"finetune": {"method": "full"}}},
    }
    assert engine_params(config, "evaluate", "tuned") is None
    spec = EngineSpec.of(engine_params(config, "answer", "tuned"))
    assert spec == EngineSpec("vllm", 8, vllm=VllmSettings(0.5, None, 16))
    assert EngineSpec.of(engine_params(config, "answer", "whole")).vllm.lora_rank == 0
    assert EngineSpec.of(None).name == "transformers"


@pytest.mark.skipif(vllm_version() is not None, reason="vLLM is installed here")
def test_a_job_without_vllm_says_so_before_it_loads_anything():
    engine = {"name": "vllm", "agreement": 0, "vllm": {}}
    assert base_of(engine, {"base": "org/base"}, "int8", "auto") is None
    with pytest.raises(InputError, match=r"engine: vllm needs vLLM, which is not installed here"):
        refuse_without(EngineSpec.of(engine))
