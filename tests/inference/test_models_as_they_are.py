"""Bases with settings, position schemes and parts of their own: what becomes of them."""

import json
import random

import pytest
from mothertongue.errors import InputError
from mothertongue.inference.models import AdapterError, load_base
from mothertongue.inference.positions import by_length, switches
from mothertongue.inference.prefix import PrefixLM
from tiny_models import demo_rows, save_model, texts_of, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(texts_of(demo_rows()), 600)


def requests(kind: str, items: list[tuple]):
    from lm_eval.api.instance import Instance

    names = {"l": "loglikelihood", "g": "generate_until"}
    return [Instance(names[kind], {}, item, number) for number, item in enumerate(items)]


def random_model(config_class: str, tokenizer, **changes):
    """A model of random weights, large enough that positions matter."""
    import torch
    import transformers

    common = {
        "vocab_size": len(tokenizer) + 8, "hidden_size": 64, "intermediate_size": 128,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 512, "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.eos_token_id,
    }  # fmt: skip
    torch.manual_seed(1)
    config = getattr(transformers, config_class)(**{**common, **changes})
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    for weight in model.parameters():
        weight.data *= 3
    return model


# ---- settings that a repository brings

SETTINGS = {
    "sampling and penalties": {
        "do_sample": True, "temperature": 0.7, "top_p": 0.8, "top_k": 20, "min_p": 0.1,
        "repetition_penalty": 1.3, "no_repeat_ngram_size": 2, "encoder_repetition_penalty": 1.2,
    },
    "beams": {"num_beams": 3, "length_penalty": 2.0, "early_stopping": True},
    "several sequences": {"num_return_sequences": 3},
    "several sampled beams": {"num_return_sequences": 2, "num_beams": 2, "do_sample": True},
    "tokens": {
        "suppress_tokens": [40, 41, 42], "begin_suppress_tokens": [43], "bad_words_ids": [[44]],
        "forced_bos_token_id": 45, "forced_eos_token_id": 46,
    },
    "lengths": {"min_new_tokens": 20, "min_length": 30, "max_length": 10, "max_new_tokens": 2},
    "stops": {"stop_strings": ["e", "the"], "max_time": 0.001},
    "returns": {
        "return_dict_in_generate": True, "output_scores": True, "output_logits": True,
        "output_attentions": True, "output_hidden_states": True,
    },
    "ways": {"use_cache": False, "cache_implementation": "static", "prompt_lookup_num_tokens": 3},
    "guidance": {"guidance_scale": 1.5, "renormalize_logits": True, "diversity_penalty": 0.5},
}  # fmt: skip


def generated(folder, settings: dict) -> tuple:
    """Benchmark texts (ours and lm-eval's), answers and what was ignored, under some settings."""
    from mothertongue.inference.encoding import Encoder

    tokens = {"eos_token_id": 0, "pad_token_id": 0}
    (folder / "generation_config.json").write_text(json.dumps({**tokens, **settings}))
    model, tokenizer = load_base(str(folder), quantisation="none")
    lm = PrefixLM(model, tokenizer)
    arguments = {"until": ["\n\n"], "do_sample": False, "max_gen_toks": 16}
    asked = requests("g", [("Greet the reader.", arguments), ("Count", arguments)])
    texts = lm.generate_until(asked)
    answers: list[dict] = [{}, {}]
    prompts = Encoder(tokenizer).texts(["Greet the reader.", "Count"])
    lm.decode(prompts, new=16, keep=answers[0].update)
    lm.share = False
    stock = lm.generate_until(asked)
    lm.decode(prompts, new=16, keep=answers[1].update)
    assert answers[0] == answers[1]
    return texts, stock, answers, lm.ignored_generation


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = save_model(tmp_path_factory.mktemp("base") / "llama")
    return folder, generated(folder, {})


@pytest.mark.slow
@pytest.mark.parametrize("kind", SETTINGS)
def test_settings_of_a_repository_change_no_text_and_are_listed(base, kind):
    folder, plain = base
    assert plain[3] == {}
    texts, stock, answers, ignored = generated(folder, SETTINGS[kind])
    assert texts == stock == plain[0] == plain[1]
    assert answers == plain[2]
    assert ignored == SETTINGS[kind]


# ---- position schemes that depend on length

FACTORS = {"short_factor": [1.0] * 8, "long_factor": [8.0] * 8}
SCHEMES = {
    "longrope": (
        "Phi3Config",
        {
            "original_max_position_embeddings": 100,
            "rope_parameters": {
                "rope_type": "longrope", "rope_theta": 1e4, **FACTORS,
                "original_max_position_embeddings": 100,
            },
        },
    ),
    "dynamic": (
        "LlamaConfig",
        {
            "max_position_embeddings": 100,
            "rope_parameters": {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 1e4},
        },
    ),
    "yarn": (
        "LlamaConfig",
        {
            "rope_parameters": {
                "rope_type": "yarn", "factor": 4.0, "rope_theta": 1e4,
                "original_max_position_embeddings": 100,
            }
        },
    ),
    "llama3": (
        "LlamaConfig",
        {
            "rope_parameters": {
                "rope_type": "llama3", "factor": 8.0, "rope_theta": 1e4, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 100,
            }
        },
    ),
    "window": ("MistralConfig", {"sliding_window": 100}),
    "windows by layer": ("Gemma3TextConfig", {"sliding_window": 100, "head_dim": 16}),
}  # fmt: skip
BY_LENGTH = {"longrope", "dynamic"}


def plain_score(model, tokenizer, context: str, continuation: str) -> float:
    """The log-likelihood by one pass over the whole text, from a fresh state."""
    import torch

    for module in model.modules():
        if "dynamic" in str(getattr(module, "rope_type", "")):
            module.max_seq_len_cached = module.original_max_seq_len
            module.inv_freq = module.original_inv_freq
    whole, before = (tokenizer(t)["input_ids"] for t in (context + continuation, context))
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([whole[:-1]]), use_cache=False).logits[0]
    logits = logits.log_softmax(-1)
    return sum(logits[place - 1, whole[place]].item() for place in range(len(before), len(whole)))


def prompts_around(tokenizer, *lengths: int) -> list[str]:
    """Prompts with a common beginning and about these lengths in tokens."""
    words = " ".join(row["output"] for row in demo_rows()[:30])
    numbers = tokenizer(words)["input_ids"]
    return [tokenizer.decode(numbers[:length]) for length in lengths]


@pytest.mark.slow
@pytest.mark.parametrize("kind", SCHEMES)
@pytest.mark.parametrize("beyond", [False, True])
def test_scores_are_those_of_plain_passes_on_both_sides_of_a_switch(kind, beyond, tokenizer):
    name, changes = SCHEMES[kind]
    model = random_model(name, tokenizer, **changes)
    assert 100 in switches(model.config)
    assert set(by_length(model.config)) == ({100} if kind in BY_LENGTH else set())
    lengths = (60, 62, 70, 80, 97, 130, 180) if beyond else (60, 62, 70, 80)
    pairs = [
        (prompt, continuation)
        for prompt in prompts_around(tokenizer, *lengths)
        for continuation in (" house", " and so on")
    ]
    random.Random(0).shuffle(pairs)
    lm = PrefixLM(model, tokenizer, worth=8, max_length=400)
    found = [value for value, _ in lm.loglikelihood(requests("l", pairs))]
    expected = [plain_score(model, tokenizer, *pair) for pair in pairs]
    assert found == pytest.approx(expected, abs=1e-3)
    shared = not (beyond and kind in BY_LENGTH)
    assert lm.share == shared
    assert [kind in note and "100 tokens" in note for note in lm.notes] == [True] * (not shared)
    if shared:
        assert lm.statistics["tokens"] < lm.statistics["stock_tokens"]


def test_a_text_that_grows_beyond_the_switch_is_generated_as_the_model_does_it(tokenizer):
    """The prompts are short; with their answers they are not."""
    import torch

    name, changes = SCHEMES["longrope"]
    model = random_model(name, tokenizer, **changes)
    prompts = prompts_around(tokenizer, 40, 41, 90)
    arguments = {"until": ["\n\n\n"], "do_sample": False, "max_gen_toks": 30}
    lm = PrefixLM(model, tokenizer, worth=8)
    found = lm.generate_until(requests("g", [(prompt, arguments) for prompt in prompts]))
    assert not lm.share
    tokens: dict[int, list[int]] = {}
    encoded = [tokenizer(prompt)["input_ids"] for prompt in prompts]
    lm.decode(encoded, new=30, keep=tokens.update)
    for number, (ids, text) in enumerate(zip(encoded, found)):
        ids = torch.tensor([ids])
        out = model.generate(input_ids=ids, max_new_tokens=30, do_sample=False)[0, ids.shape[1] :]
        assert text == tokenizer.decode(out, skip_special_tokens=True)
        assert tokens[number] == out.tolist()


def test_an_unnamed_difference_beyond_a_length_is_found_by_trying(tokenizer):
    """A configuration names a length; only passes on both sides of it show what happens there."""
    model = random_model("LlamaConfig", tokenizer)
    model.config.attention_window = 100

    def shifted(module, arguments, options):
        positions = options["position_ids"]
        if int(positions.max()) >= 100:  # a scheme of its own
            options["position_ids"] = positions * 2
        return arguments, options

    model.model.rotary_emb.register_forward_pre_hook(shifted, with_kwargs=True)
    lm = PrefixLM(model, tokenizer, worth=8)
    lm.loglikelihood(requests("l", [(p, " a") for p in prompts_around(tokenizer, 60, 70)]))
    assert lm.share
    lm.loglikelihood(requests("l", [(p, " a") for p in prompts_around(tokenizer, 60, 120)]))
    assert not lm.share
    assert "beyond 100 tokens" in lm.notes[0]


# ---- parts beside the language model

VISION = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "image_size": 28, "patch_size": 14,
}  # fmt: skip
MROPE = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}


def with_images(kind: str, tokenizer, folder):
    """Save a tiny model that also reads images."""
    import torch
    import transformers as t

    text = {
        "vocab_size": len(tokenizer) + 8, "hidden_size": 64, "intermediate_size": 128,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
        "max_position_embeddings": 512, "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.eos_token_id,
    }  # fmt: skip
    torch.manual_seed(2)
    match kind:
        case "Gemma3":
            config = t.Gemma3Config(
                text_config=text, vision_config=VISION, mm_tokens_per_image=4, image_token_index=5
            )
        case "Qwen2_5_VL":
            seeing = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2}
            config = t.Qwen2_5_VLConfig(
                text_config={**text, "rope_parameters": MROPE},
                vision_config={**seeing, "out_hidden_size": 64, "fullatt_block_indexes": [1]},
            )
        case "Llama4":
            config = t.Llama4Config(
                text_config={
                    **text, "intermediate_size_mlp": 128, "num_local_experts": 2,
                    "interleave_moe_layer_step": 2, "attention_chunk_size": 64,
                },
                vision_config={
                    **VISION, "intermediate_size": 128, "vision_output_dim": 64,
                    "projector_input_dim": 64, "projector_output_dim": 64,
                },
            )  # fmt: skip
    getattr(t, f"{kind}ForConditionalGeneration")(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["Gemma3", "Qwen2_5_VL", "Llama4"])
def test_lora_sits_on_the_language_model_alone(kind, tokenizer, tmp_path):
    import torch
    from mothertongue.finetune.gradients import prove_gradients
    from mothertongue.finetune.lora import add_lora, lora_modules
    from mothertongue.finetune.loss import summed_loss

    folder = with_images(kind, tokenizer, tmp_path / kind)
    model, tokenizer = load_base(str(folder), quantisation="none")
    tuned = add_lora(model, r=2, alpha=4, dropout=0.0, seed=1)
    modules = lora_modules(tuned)
    assert len(modules) == 2 * 3
    assert all("vision" not in name for name in modules)
    tokens = torch.tensor([tokenizer(demo_rows(count=1)[0]["output"])["input_ids"]])
    tuned.train()
    summed_loss(tuned, tokens, tokens.clone()).backward()
    assert prove_gradients(tuned)["modules"] == 6
    tuned.eval()
    lm = PrefixLM(tuned, tokenizer)
    ((value, _),) = lm.loglikelihood(requests("l", [("One two", " three")]))
    assert value == pytest.approx(plain_score(tuned, tokenizer, "One two", " three"), abs=1e-3)


# ---- the gradient check


@pytest.fixture
def tuned(tokenizer):
    import torch
    from mothertongue.finetune.lora import add_lora
    from mothertongue.finetune.loss import summed_loss

    model = random_model("LlamaConfig", tokenizer)
    model.requires_grad_(False)
    tuned = add_lora(model, r=2, alpha=4, dropout=0.0, seed=1)
    tokens = torch.tensor([tokenizer("The quick brown fox jumps.")["input_ids"]])

    def backward():
        summed_loss(tuned, tokens, tokens.clone()).backward()
        return tuned

    return backward


def test_every_target_has_a_gradient(tuned):
    from mothertongue.finetune.gradients import prove_gradients

    found = prove_gradients(tuned())
    assert found["modules"] == 6
    assert found["outside"] == 0
    assert 0 < found["smallest_norm"] <= found["largest_norm"]


@pytest.mark.parametrize("fault", ["zero", "missing", "frozen"])
def test_a_target_without_gradient_is_named(tuned, fault):
    from mothertongue.finetune.gradients import prove_gradients

    model = tuned()
    for name, weight in model.named_parameters():
        if "layers.1.self_attn.k_proj.lora_" in name:
            if fault == "frozen":
                weight.requires_grad_(False)
            if fault == "zero":
                weight.grad.zero_()
            else:
                weight.grad = None
    with pytest.raises(AdapterError, match=r"1 of 6 LoRA modules \(model.layers.1.*k_proj\)"):
        prove_gradients(model)


@pytest.mark.parametrize("where", ["embed_tokens", "o_proj"])
def test_a_gradient_outside_the_adapter_is_named(tuned, where):
    from mothertongue.finetune.gradients import prove_gradients

    model = tuned()
    weight = next(w for name, w in model.named_parameters() if where in name)
    weight.requires_grad_(True)
    with pytest.raises(AdapterError, match=where):
        prove_gradients(model)


# ---- tokenizers


def test_a_sentencepiece_model_alone_is_a_tokenizer(tmp_path):
    from mothertongue.inference.models import load_tokenizer
    from tokenizers_made import sentence_piece

    folder = sentence_piece(tmp_path / "base", "LlamaTokenizer", add_bos_token=True)
    assert not (folder / "tokenizer.json").exists()
    assert load_tokenizer(str(folder))("the cat")["input_ids"][0] == 1
    (folder / "tokenizer.model").unlink()
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(InputError, match="no tokenizer in the folder"):
        load_tokenizer(str(folder))
