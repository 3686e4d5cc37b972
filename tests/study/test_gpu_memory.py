"""How much memory of a card a model takes, by its shape, the way it is loaded and the length of rows."""

import json
from dataclasses import replace

import pytest
from conftest import ROOT, SMALL
from mothertongue.files import load_yaml
from mothertongue.study import cards, gpu_memory, read_study

SIZES = {  # weights, and (layers, width, vocabulary, heads, key width, tied)
    "Llama-2-7B": (6.74e9, (32, 4096, 32000, 32, 4096, False)),
    "Gemma-7B": (8.54e9, (28, 3072, 256000, 16, 4096, True)),
    "BLOOM-7b1": (7.07e9, (30, 4096, 250880, 32, 4096, True)),
    "Qwen1.5-7B": (7.72e9, (32, 4096, 151936, 32, 4096, False)),
    "Qwen1.5-14B": (1.417e10, (40, 5120, 152064, 40, 5120, False)),
}
INT8 = {
    "Llama-2-7B": 7.0,
    "Gemma-7B": 9.3,
    "BLOOM-7b1": 8.1,
    "Qwen1.5-7B": 9.0,
    "Qwen1.5-14B": 15.7,
}


def shape(name: str) -> gpu_memory.Shape:
    parameters, facts = SIZES[name]
    return gpu_memory.Shape(parameters, *facts)


@pytest.mark.parametrize("name", INT8)
def test_weights_in_8_bits_are_those_of_the_configurations(name):
    """Linear layers 1 byte, embeddings 2: GB as counted on the models themselves."""
    assert gpu_memory.weights(shape(name), "int8") / 1e9 == pytest.approx(INT8[name], abs=0.06)
    assert gpu_memory.weights(shape(name), "none") == 2 * SIZES[name][0]


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("quantisation", cards.KINDS)
def test_a_guess_by_size_is_near_and_rather_above(name, quantisation):
    exact = gpu_memory.needed(shape(name), quantisation, 512)
    guess = gpu_memory.needed(gpu_memory.guessed(SIZES[name][0]), quantisation, 512)
    for stage, needed in exact.items():
        assert 0.8 * needed < guess[stage] < 1.5 * needed, stage


def test_memory_grows_with_length_bits_and_without_checkpointing():
    seven = shape("Llama-2-7B")
    by_length = [gpu_memory.training(seven, "int8", length) for length in (256, 512, 1024)]
    assert by_length == sorted(by_length)
    by_kind = [gpu_memory.training(seven, kind, 512) for kind in ("nf4", "int8", "none")]
    assert by_kind == sorted(by_kind)
    assert gpu_memory.training(seven, "none", 512, word=4) > 1.9 * by_kind[-1] - 3e9
    kept = gpu_memory.training(seven, "int8", 512, checkpointing=False) - by_length[1]
    assert kept / 2048 / 1e6 == pytest.approx(5.5, abs=0.3)  # MB a token, as measured on layers


def test_the_table_of_the_docs_is_computed(root):
    """docs/gpu.md: GB in int8 / bf16 of weights, training, the same without checkpointing, reading."""
    lines = (root / "docs/gpu.md").read_text(encoding="utf-8").splitlines()
    for name, label in {"Llama-2-7B": "Llama2-7B"}.items() | {(n, n) for n in SIZES}:
        row = next((line for line in lines if line.startswith(f"| {label} |")), None)
        if row is None:
            continue  # of another family, or the other name
        cells = [cell.split(" / ") for cell in row.strip("| ").split(" | ")[1:5]]
        for kind, place in (("int8", 0), ("none", 1)):
            full = gpu_memory.training(shape(name), kind, 512, checkpointing=False)
            needed = (
                gpu_memory.weights(shape(name), kind),
                gpu_memory.training(shape(name), kind, 512),
                full,
                gpu_memory.reading(shape(name), kind),
            )
            assert [float(cell[place]) for cell in cells] == [round(n / 1e9, 1) for n in needed], (
                name
            )


def test_shapes_are_read_where_they_are(tmp_path):
    config = {
        "model_type": "bloom",
        "hidden_size": 64,
        "n_layer": 3,
        "n_head": 4,
        "vocab_size": 500,
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (any_model,) = read_study(load_yaml(SMALL / "config.yaml"), ROOT).models.values()
    model = replace(any_model, parameters=1e6, base=str(tmp_path), build=None)
    found = gpu_memory.shape_of(model)
    assert (found.layers, found.width, found.heads, found.eager) == (3, 64, 4, True)
    (tmp_path / "config.json").write_text("{")
    assert gpu_memory.shape_of(model) == gpu_memory.guessed(1e6, str(tmp_path))
    assert gpu_memory.guessed(7e9, "bigscience/bloom-7b1").eager
    assert not gpu_memory.guessed(7e9, "Qwen/Qwen1.5-7B").eager


@pytest.mark.slow
def test_kinds_without_a_fast_attention_are_those_of_transformers():
    from transformers import AutoModelForCausalLM
    from transformers.models.auto import modeling_auto

    slow = set()
    for kind in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        try:
            config = __import__("transformers").AutoConfig.for_model(kind)
            model = AutoModelForCausalLM._model_mapping[type(config)]
        except Exception:  # needs a library that is not here
            continue
        if isinstance(model, type) and kind in gpu_memory.EAGER and not model._supports_sdpa:
            slow.add(kind)
    assert slow == set(gpu_memory.EAGER)
