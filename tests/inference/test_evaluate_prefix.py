"""Our model class against lm-eval's own, on tiny random models of seven architectures."""

import copy
import json
import random

import pytest
from tiny_models import demo_rows

pytestmark = pytest.mark.slow
ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "mistral")
BY_BLOCK = {"llama", "qwen2", "qwen3", "gemma"}  # no sliding windows, PyTorch's attention
WINDOW = 48  # shorter than the prompts


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)  # tiny models; threads only wait for one another
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer():
    from tiny_models import texts_of, train_tokenizer

    return train_tokenizer(texts_of(demo_rows()), 600)


def make_model(kind: str, vocabulary: int, end: int):
    import torch
    import transformers as t

    common = {
        "vocab_size": vocabulary,
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 12,
        "max_position_embeddings": 512,
        "initializer_range": 0.15,
        "bos_token_id": None,
        "eos_token_id": end,
        "pad_token_id": end,
    }
    layers = ["sliding_attention", "full_attention", "sliding_attention"]
    configs = {
        "llama": lambda: t.LlamaConfig(**common),
        "qwen2": lambda: t.Qwen2Config(**{k: v for k, v in common.items() if k != "head_dim"}),
        "qwen3": lambda: t.Qwen3Config(**common),
        "gemma": lambda: t.GemmaConfig(**common),
        "gemma2": lambda: t.Gemma2Config(**common, sliding_window=WINDOW, layer_types=layers),
        "gemma3": lambda: t.Gemma3TextConfig(**common, sliding_window=WINDOW, layer_types=layers),
        "mistral": lambda: t.MistralConfig(**common, sliding_window=WINDOW),
        "mamba": lambda: t.MambaConfig(
            vocab_size=vocabulary, hidden_size=48, num_hidden_layers=2, eos_token_id=end,
            pad_token_id=end, bos_token_id=end, max_position_embeddings=512,
        ),
    }  # fmt: skip
    torch.manual_seed(7)
    return t.AutoModelForCausalLM.from_config(configs[kind]()).eval()


def with_adapter(model):
    from peft import LoraConfig, get_peft_model

    lora = LoraConfig(
        r=4, lora_alpha=8, target_modules=["q_proj", "k_proj", "v_proj"], init_lora_weights=False
    )
    return get_peft_model(model, lora).eval()


def requests(kind: str, items: list[tuple]):
    from lm_eval.api.instance import Instance

    return [
        Instance(request_type=kind, doc={}, arguments=item, idx=0, metadata=("t", number, 1))
        for number, item in enumerate(items)
    ]


def prompts(rows: list[dict], rng: random.Random) -> list[str]:
    """Few-shot prompts on three levels: demonstrations, a passage, questions of any length."""
    result = []
    for passage in range(3):
        shots = "\n\n".join(f"Q: {r['instruction']}\nA: {r['output']}" for r in rows[:2])
        text = f"{shots}\n\nText: {rows[5 + passage]['output']}"
        for _ in range(4):
            question = rng.choice(rows)["instruction"][: rng.randint(5, 60)]
            result.append(f"{text}\n\nQ: {question}\nA:")
    result.append(result[0])  # the same prompt twice
    result.append("A prompt that shares nothing.")
    return result


@pytest.mark.parametrize("adapter", [False, True], ids=["base", "adapter"])
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_same_as_stock(kind, adapter, tokenizer, monkeypatch):
    from lm_eval.models.huggingface import HFLM
    from mothertongue.inference import attention
    from mothertongue.inference import greedy as decoding
    from mothertongue.inference.prefix import PrefixLM

    model = make_model(kind, len(tokenizer) + 8, tokenizer.eos_token_id)
    model = with_adapter(model) if adapter else model
    rows, rng = demo_rows(), random.Random(3)
    texts = prompts(rows, rng)
    continuations = [" A", " B", " the answer is longer", " "]
    pairs = [(text, c) for text in texts for c in continuations[:3]]
    pairs += [("", "no context at all"), (texts[0] + "  ", "spaces"), (texts[1], "\n")]
    generation = {"until": ["\n\n", "Q:", "the"], "do_sample": False, "max_gen_toks": 24}
    texts_in = [(text, dict(generation)) for text in texts]
    stock = {size: HFLM(pretrained=model, tokenizer=tokenizer, batch_size=size) for size in (1, 4)}
    scores = {n: lm.loglikelihood(requests("l", pairs), True) for n, lm in stock.items()}
    outputs = {n: lm.generate_until(requests("g", texts_in), True) for n, lm in stock.items()}
    assert len({score for score, _ in scores[1]}) > len(texts)  # the model tells prompts apart
    cut = []  # the blocks of rows that decode together

    def noted(pads, prefixes):
        cut.append(attention.blocks(pads, prefixes))
        return cut[-1]

    monkeypatch.setattr(attention, "WORTH", 16)
    monkeypatch.setattr(decoding, "blocks", noted)
    implementation = model.config._attn_implementation
    for budget, worth in ((900, 16), ("auto", 1)):
        ours = PrefixLM(model, tokenizer, batch_tokens=budget, worth=worth)
        assert ours.share, ours.notes
        assert ours.by_block == (kind in BY_BLOCK)
        found = ours.loglikelihood(requests("l", pairs))
        for size in stock:
            for (value, greedy), (expected, flag) in zip(found, scores[size]):
                assert value == pytest.approx(expected, abs=1e-4, rel=1e-5)
                assert greedy == flag
            difference = max(abs(a[0] - b[0]) for a, b in zip(found, scores[size]))
            assert difference <= 1e-5 * max(abs(score) for score, _ in found), difference
        assert ours.statistics["tokens"] < 0.8 * ours.statistics["stock_tokens"]
        generated = ours.generate_until(requests("g", texts_in))
        assert generated == outputs[1]
        assert generated == outputs[4]
    assert model.config._attn_implementation == implementation
    shared = {block.prefix is not None for blocks in cut for block in blocks}
    assert shared == ({True, False} if kind in BY_BLOCK else set())


def test_a_recurrent_architecture_falls_back_to_stock_and_says_so(tokenizer):
    from lm_eval.models.huggingface import HFLM
    from mothertongue.inference.prefix import PrefixLM

    model = make_model("mamba", len(tokenizer) + 8, tokenizer.eos_token_id)
    ours = PrefixLM(model, tokenizer)
    assert not ours.share
    assert "prefixes are not shared" in ours.notes[0]
    pairs = [("One two three", " four"), ("One two three", " five")]
    stock = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=2)
    expected = stock.loglikelihood(requests("l", pairs), True)
    for (value, flag), (wanted, wanted_flag) in zip(
        ours.loglikelihood(requests("l", pairs)), expected
    ):
        assert value == pytest.approx(wanted, abs=1e-4)
        assert flag == wanted_flag


def test_sampling_and_beams_go_to_stock(tokenizer):
    from mothertongue.inference.prefix import PrefixLM

    model = make_model("llama", len(tokenizer) + 8, tokenizer.eos_token_id)
    ours = PrefixLM(model, tokenizer)
    arguments = {"until": ["\n"], "do_sample": False, "max_gen_toks": 4, "num_beams": 2}
    ours.generate_until(requests("g", [("Hello", arguments)]))
    assert "sampling or beams" in ours.notes[0]
    assert ours.generated("Hello", arguments)["tokens"] > 0


def test_prompts_longer_than_the_model_are_cut_as_stock_does_and_counted(tokenizer):
    from lm_eval.models.huggingface import HFLM
    from mothertongue.inference.prefix import PrefixLM

    model = make_model("llama", len(tokenizer) + 8, tokenizer.eos_token_id)
    long = " ".join(row["output"] for row in demo_rows()[:30])
    assert len(tokenizer.encode(long)) > 600
    pairs = [(long, " end"), (long, " start"), ("short", " end")]
    stock = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=1)
    ours = PrefixLM(model, tokenizer)
    found, expected = (
        ours.loglikelihood(requests("l", pairs)),
        stock.loglikelihood(requests("l", pairs), True),
    )
    assert [a for a, _ in found] == pytest.approx([a for a, _ in expected], abs=1e-4)
    over = len(tokenizer.encode(long + " end")) - (ours.max_length + 1)
    assert ours.cut_report()["requests"] == 1  # one prompt, two continuations
    assert ours.cut_report()["tokens"] == pytest.approx(over, abs=2)
    arguments = {"until": ["\n"], "do_sample": False, "max_gen_toks": 8}
    texts = [(long, dict(arguments))]
    assert ours.generate_until(requests("g", texts)) == stock.generate_until(
        requests("g", texts), True
    )
    answer = " ".join([long] * 2)  # an answer longer than the model: its beginning is scored
    ((score, _),) = ours.loglikelihood(requests("l", [("Q", answer)]))
    assert ours.scored_tokens("Q", answer) == ours.max_length
    text = ours.scored_text("Q", answer)
    assert text and answer.startswith(text) and len(text) < len(answer)
    assert ours.scored_text(long, " end") == " end"
    assert score < 0


@pytest.mark.parametrize("kind", ["cuda", "allocator"])
def test_out_of_memory_halves_the_budget_and_goes_on(kind, tokenizer):
    """The model itself runs out of memory, at the start and in the middle of decoding."""
    import torch
    from mothertongue.inference.prefix import PrefixLM

    model = make_model("llama", len(tokenizer) + 8, tokenizer.eos_token_id)
    texts = prompts(demo_rows(), random.Random(1))
    pairs = [(text, " A") for text in texts]
    items = [(text, {"until": ["\n\n"], "max_gen_toks": 12}) for text in texts]
    free = PrefixLM(model, tokenizer)
    expected = free.loglikelihood(requests("l", pairs))
    wanted = free.generate_until(requests("g", items))
    crowded = PrefixLM(model, tokenizer, batch_tokens=8000, worth=10**9)
    failures, steps = [], []

    def crowd(module, arguments, keywords):
        ids = keywords["input_ids"]
        steps.append(ids.shape[1] == 1)
        middle = ids.shape[1] == 1 and sum(steps) == 5
        if ids.numel() > 1200 or middle:
            failures.append(tuple(ids.shape))
            if kind == "allocator":
                torch.empty(1 << 60)  # a real failure of PyTorch's allocator on the CPU
            raise torch.OutOfMemoryError("CUDA out of memory.")

    handle = model.register_forward_pre_hook(crowd, with_kwargs=True)
    found = crowded.loglikelihood(requests("l", pairs))
    assert failures
    assert crowded.batch_tokens < 8000
    crowded.budget.tokens = 8000
    failures.clear()
    assert crowded.generate_until(requests("g", items)) == wanted
    handle.remove()
    assert {shape[1] == 1 for shape in failures} == {True, False}  # both kinds of pass failed
    assert [a for a, _ in found] == pytest.approx([a for a, _ in expected], abs=1e-4)


def test_other_errors_are_not_taken_for_lack_of_memory(tokenizer):
    from mothertongue.inference.prefix import PrefixLM

    model = make_model("llama", len(tokenizer) + 8, tokenizer.eos_token_id)
    ours = PrefixLM(model, tokenizer)

    def broken(module, arguments, keywords):
        raise RuntimeError("shapes do not match")

    model.register_forward_pre_hook(broken, with_kwargs=True)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        ours.loglikelihood(requests("l", [("One", " two"), ("Three", " four")]))


def test_rows_that_end_make_room_for_those_that_wait(tokenizer):
    """Answers of unlike length: fewer passes than batches that wait for their longest answer."""
    from mothertongue.inference.prefix import PrefixLM

    model = make_model("llama", len(tokenizer) + 8, tokenizer.eos_token_id)
    texts = [f"{row['instruction']}\nA:" for row in demo_rows(count=24)]
    arguments = {"until": ["e", "\n"], "do_sample": False, "max_gen_toks": 40}
    items = [(text, dict(arguments)) for text in texts]
    whole = PrefixLM(model, tokenizer)
    expected = whole.generate_until(requests("g", items))
    lengths = [whole.generated(text, arguments)["tokens"] for text in texts]
    assert min(lengths) < 10 and max(lengths) > 25
    tight = PrefixLM(model, tokenizer, batch_tokens=400)
    assert tight.generate_until(requests("g", items)) == expected
    rows = 400 // (max(len(tokenizer.encode(text)) for text in texts) + 40)
    waiting = sum(max(lengths[i : i + rows]) for i in range(0, len(texts), rows))
    assert tight.statistics["passes"] < waiting


def test_a_budget_is_what_memory_holds_even_below_one_context(tokenizer, monkeypatch):
    """A model of a long context on a small card: one row at a time, and the same scores."""
    import os

    from mothertongue.inference.prefix import PrefixLM

    model = make_model("llama", len(tokenizer) + 8, tokenizer.eos_token_id)
    items = [(row["instruction"], " Yes") for row in demo_rows(count=6)]
    wide = PrefixLM(model, tokenizer)
    token = wide._token_bytes * 10  # a tenth of what is free is used
    pages = 64 * token // os.sysconf("SC_PAGE_SIZE")
    real = os.sysconf
    monkeypatch.setattr(os, "sysconf", lambda n: pages if n == "SC_AVPHYS_PAGES" else real(n))
    tight = PrefixLM(model, tokenizer)
    assert 32 < tight.batch_tokens <= 64 < tight.max_length
    assert wide.batch_tokens > wide.max_length
    expected = wide.loglikelihood(requests("l", items))
    assert tight.loglikelihood(requests("l", items)) == [
        (pytest.approx(score, abs=1e-4), greedy) for score, greedy in expected
    ]


def test_a_stopped_evaluation_goes_on_behind_its_last_chunk(tokenizer, tmp_path):
    from mothertongue.inference.finished import Store
    from mothertongue.inference.prefix import PrefixLM

    model = make_model("llama", len(tokenizer) + 8, tokenizer.eos_token_id)
    texts = prompts(demo_rows(), random.Random(1))
    arguments = {"until": ["\n\n"], "do_sample": False, "max_gen_toks": 6}
    items = [(text, dict(arguments)) for text in texts]
    whole = PrefixLM(model, tokenizer).generate_until(requests("g", items))
    first = PrefixLM(model, tokenizer, batch_tokens=900, store=Store(tmp_path, "key"))
    passes = []

    def stop(module, arguments, keywords):
        passes.append(len(keywords["input_ids"]))
        if len(passes) == 20:
            raise KeyboardInterrupt

    handle = model.register_forward_pre_hook(stop, with_kwargs=True)
    with pytest.raises(KeyboardInterrupt):
        first.generate_until(requests("g", items))
    handle.remove()
    with (tmp_path / "key.jsonl").open("ab") as cut:
        cut.write(b'{"half a line": ["cut o')
    store = Store(tmp_path, "key")
    assert 0 < store.resumed < len(set(texts))
    again = PrefixLM(model, tokenizer, batch_tokens=900, store=store)
    assert again.generate_until(requests("g", items)) == whole
    fewer = first.statistics["stock_tokens"] - again.statistics["stock_tokens"]
    assert fewer > 0  # what had finished was not computed again
    for line in (tmp_path / "key.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line)
    assert Store(tmp_path, "other").resumed == 0
    store.close()
    assert not (tmp_path / "key.jsonl").exists()


@pytest.mark.parametrize("change", ["window", "bfloat16", "eager", "not called"])
def test_models_that_cannot_attend_by_block_do_not(change, tokenizer):
    import torch
    from mothertongue.inference.self_test import attends_by_block
    from mothertongue.inference.self_test_results import SelfTestResults

    model = make_model("mistral" if change == "window" else "llama", 600, tokenizer.eos_token_id)
    if change == "bfloat16":
        model = model.to(torch.bfloat16)
    elif change == "eager":
        model.set_attn_implementation("eager")
    elif change == "not called":  # as in a model with an attention of its own: the probe sees it
        for layer in model.model.layers:
            layer.self_attn.config = copy.deepcopy(model.config)
    assert not attends_by_block(model, 512, SelfTestResults())
