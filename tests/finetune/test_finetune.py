"""The parts of fine-tuning: encoding, batches, loss, LoRA targets, recipe, schedule, resources."""

import io
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_rows import rows_of
from mothertongue.errors import InputError
from mothertongue.finetune.batches import (
    IGNORED,
    collate,
    effective_batches,
    epoch_order,
    padding_share,
    plan_micro_batches,
)
from mothertongue.finetune.encode import Example, check_usable, encode_rows
from mothertongue.finetune.workers import share_out
from mothertongue.inference.templates import render_prompt
from mothertongue.process.progress import Progress
from mothertongue.process.stop import StopRequest, job_end
from mothertongue.study import gpu_memory
from mothertongue.study import training_jobs as resources
from tiny_models import ROOT, demo_rows, model_config, save_model


def plain(lengths, *, budget, overhead, size=4):
    """The peer's cut: consecutive examples as they come."""
    return effective_batches(range(len(lengths)), size)


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("llama"), "llama")


@pytest.fixture(scope="module")
def tokenizer(llama):
    from mothertongue.inference.models import load_tokenizer

    return load_tokenizer(str(llama))


# ---- encoding ---------------------------------------------------------------------------------


def test_only_output_and_end_are_supervised(tokenizer):
    row = demo_rows(count=1)[0]
    (example,), counts = encode_rows(rows_of([row]), tokenizer, template="alpaca", max_length=512)
    supervised = example.tokens[example.prompt :]
    assert supervised[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(supervised[:-1]) == row["output"]
    assert tokenizer.decode(example.tokens[: example.prompt]) == render_prompt(row["instruction"])
    assert counts.supervised_tokens == len(supervised) == example.supervised
    tokens, targets = collate([example], pad=0)
    kept = targets[targets != IGNORED].tolist()
    assert kept == supervised
    assert (targets[0] != IGNORED).nonzero()[0].item() == example.prompt - 1  # next-token shift
    assert tokens[0].tolist() == example.tokens


def test_drops_and_truncation_are_counted(tokenizer):
    rows = demo_rows(count=3)
    rows[0]["instruction"] = "word " * 200  # its prompt alone fills the window
    rows[1]["output"] = "word " * 200
    examples, counts = encode_rows(rows_of(rows), tokenizer, template="alpaca", max_length=180)
    assert [example.id for example in examples] == [rows[1]["id"], rows[2]["id"]]
    assert (counts.rows, counts.kept_rows, counts.dropped_rows) == (3, 2, 1)
    assert counts.truncated_rows == 1
    assert len(examples[0].tokens) == 180
    assert examples[0].tokens[-1] != tokenizer.eos_token_id  # no stop in mid-sentence
    assert examples[1].tokens[-1] == tokenizer.eos_token_id
    whole, _ = encode_rows(rows_of([rows[1]]), tokenizer, template="alpaca", max_length=10_000)
    assert counts.truncated_tokens == len(whole[0].tokens) - 180
    assert counts.tokens == sum(len(example.tokens) for example in examples)


def test_a_set_of_too_long_rows_is_refused(tokenizer):
    rows = [{**row, "instruction": "word " * 300} for row in demo_rows(count=4)]
    examples, counts = encode_rows(rows_of(rows), tokenizer, template="alpaca", max_length=128)
    with pytest.raises(InputError, match=r"train\.jsonl: the prompts of all 4 rows fill .* raise"):
        check_usable(examples, counts, "train.jsonl", 128)


def test_template_is_the_alpaca_one():
    prompt = render_prompt("Name {instruction} birds.")
    assert prompt.endswith("### Instruction:\nName {instruction} birds.\n\n### Response:\n")
    with pytest.raises(InputError, match="template 'vicuna' is not one of alpaca, plain, chat"):
        render_prompt("x", "vicuna")


# ---- batches ----------------------------------------------------------------------------------


def test_order_depends_on_seed_and_epoch_only():
    assert epoch_order(50, seed=1, epoch=0) == epoch_order(50, seed=1, epoch=0)
    assert epoch_order(50, seed=1, epoch=0) != epoch_order(50, seed=1, epoch=1)
    assert epoch_order(50, seed=1, epoch=0) != epoch_order(50, seed=2, epoch=0)
    assert sorted(epoch_order(50, seed=1, epoch=3)) == list(range(50))
    assert [len(b) for b in effective_batches(range(130), 64)] == [64, 64, 2]


@given(
    lengths=st.lists(st.integers(1, 300), min_size=1, max_size=40),
    budget=st.integers(1, 900),
    overhead=st.integers(0, 100),
)
@settings(max_examples=150, deadline=None)
def test_plan_is_a_partition_within_budget(lengths, budget, overhead):
    groups = plan_micro_batches(lengths, budget=budget, overhead=overhead)
    assert sorted(i for group in groups for i in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or max(lengths[i] for i in group) * len(group) <= budget


@given(lengths=st.lists(st.integers(1, 60), min_size=1, max_size=7), budget=st.integers(60, 200))
@settings(max_examples=60, deadline=None)
def test_plan_is_the_cheapest_cut_of_sorted_lengths(lengths, budget):
    def cost(groups):
        return sum(max(group) * len(group) + 16 for group in groups)

    ordered = sorted(lengths, reverse=True)
    cuts = []
    for mask in range(2 ** (len(ordered) - 1)):
        groups, start = [], 0
        for place in range(1, len(ordered) + 1):
            if place == len(ordered) or mask >> (place - 1) & 1:
                groups.append(ordered[start:place])
                start = place
        if all(len(g) == 1 or max(g) * len(g) <= budget for g in groups):
            cuts.append(cost(groups))
    mine = plan_micro_batches(lengths, budget=budget, overhead=16)
    assert cost([[lengths[i] for i in group] for group in mine]) == min(cuts)


def test_planning_halves_padding():
    generator = random.Random(3)
    lengths = [int(60 + generator.expovariate(1 / 80)) for _ in range(64)]
    ours = padding_share(plan_micro_batches(lengths, budget=2048), lengths)
    peer = padding_share(effective_batches(range(64), 4), lengths)
    assert ours < 0.25
    assert ours < 0.6 * peer


def test_work_is_shared_out_evenly():
    shares = share_out([[0]] * 5, [9, 5, 4, 3, 3], 2)
    assert sorted(i for share in shares for i in share) == [0, 1, 2, 3, 4]
    assert [sum([9, 5, 4, 3, 3][i] for i in share) for share in shares] == [12, 12]
    assert share_out([[0]], [7], 2) == [[0], []]


# ---- loss -------------------------------------------------------------------------------------


def test_loss_and_gradient_are_those_of_cross_entropy():
    import torch
    from mothertongue.finetune import loss

    torch.manual_seed(0)
    logits = torch.randn(37, 50, requires_grad=True)
    targets = torch.randint(50, (37,))
    expected = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
    (wanted,) = torch.autograd.grad(expected / 3, logits)
    old, loss.CHUNK = loss.CHUNK, 10
    try:
        mine = loss.TokenLoss.apply(logits, targets)
        (gradient,) = torch.autograd.grad(mine / 3, logits)
    finally:
        loss.CHUNK = old
    assert mine.item() == pytest.approx(expected.item(), rel=1e-6)
    assert torch.allclose(gradient, wanted, atol=1e-6)


@pytest.mark.parametrize("kind", ["llama", "gemma2", "gpt-neox", "bloom", "gpt2"])
def test_logits_only_where_supervised_change_nothing(tmp_path, kind):
    """Right padding without a mask and a narrowed output layer give the stock loss."""
    import torch
    from mothertongue.finetune.loss import summed_loss
    from mothertongue.inference.models import load_base

    model, tokenizer = load_base(str(save_model(tmp_path, kind)), quantisation="none")
    examples, _ = encode_rows(
        rows_of(demo_rows(count=5)), tokenizer, template="alpaca", max_length=200
    )
    assert len({len(example.tokens) for example in examples}) > 1
    tokens, targets = collate(examples, tokenizer.pad_token_id)
    with torch.no_grad():
        mine = summed_loss(model, tokens, targets)
        stock = 0.0
        for example in examples:
            ids = torch.tensor([example.tokens])
            labels = ids.clone()
            labels[0, : example.prompt] = IGNORED
            stock += model(input_ids=ids, labels=labels).loss * example.supervised
    assert mine.item() == pytest.approx(stock.item(), rel=2e-6)


# ---- LoRA targets -----------------------------------------------------------------------------

EXPECTED = {
    "llama": ("q_proj", "k_proj", "v_proj"),
    "gemma": ("q_proj", "k_proj", "v_proj"),
    "qwen2": ("q_proj", "k_proj", "v_proj"),
    "phi3": ("qkv_proj",),
    "gpt-neox": ("query_key_value",),
    "bloom": ("query_key_value",),
    "gpt2": ("c_attn",),
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_lora_sits_on_query_key_value_and_nowhere_else(kind):
    from mothertongue.finetune.lora import add_lora, lora_modules, lora_targets, lora_weights
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(model_config(kind, 600, 0)).requires_grad_(False)
    targets = lora_targets(model)
    assert sorted({name.rpartition(".")[2] for name in targets}) == sorted(EXPECTED[kind])
    assert len(targets) == 2 * len(EXPECTED[kind])
    tuned = add_lora(model, r=4, alpha=8, dropout=0.0, seed=1)
    assert sorted(lora_modules(tuned)) == sorted(targets)
    assert all("lora_" in name for name in lora_weights(tuned))
    assert len(lora_weights(tuned)) == 2 * len(targets)


def test_unknown_layout_lists_the_modules():
    from mothertongue.finetune.lora import lora_targets
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(model_config("mamba", 600, 0))
    with pytest.raises(
        InputError, match=r"unknown attention layout .* backbone\.layers\.\*\.mixer"
    ):
        lora_targets(model)


# ---- recipe -----------------------------------------------------------------------------------


def test_a_recipe_holds_every_setting_and_never_changes():
    """Made once from the rule's parameters: another value of any of them is another recipe."""
    from dataclasses import FrozenInstanceError

    from mothertongue.files import load_yaml
    from mothertongue.finetune.recipe import Recipe
    from mothertongue.study import read_study

    config = read_study(load_yaml(ROOT / "studies" / "paper.yaml"), ROOT).config["finetune"]
    grid = {"learning_rates", "seeds", "validation", "split_seed", "limit"}
    jobs = {"gpus", "gpu_type", "gpu_memory", "checkpoint_minutes"}
    settings = {key: value for key, value in config.items() if key not in grid | jobs}
    recipe = Recipe.from_params(settings, learning_rate=1e-4, seed=2)
    assert (recipe.learning_rate, recipe.seed, recipe.lora.r) == (1e-4, 2, 8)
    assert recipe.betas == (config["adam"]["beta1"], config["adam"]["beta2"])
    with pytest.raises(FrozenInstanceError):
        recipe.learning_rate = 1.0
    changes = {key: "another" for key in settings if not isinstance(settings[key], dict)}
    changes |= {"adam": {**settings["adam"], "epsilon": 1.0}, "budget": "rows"}
    changes |= {"lora": {**settings["lora"], "dropout": 0.5}}
    for key, value in changes.items():
        other = Recipe.from_params({**settings, key: value}, learning_rate=1e-4, seed=2)
        assert other != recipe, key
    assert set(recipe.optimisation()) == {
        *("learning_rate", "epochs", "effective_batch", "schedule", "warmup", "weight_decay"),
        *("clip_norm", "betas", "epsilon", "early_stopping", "seed"),
    }


# ---- schedule, stopping, progress -------------------------------------------------------------


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
@pytest.mark.parametrize("warmup", [0.0, 0.15])
def test_schedules_are_those_of_transformers(schedule, warmup):
    import torch
    from mothertongue.finetune.train import Recipe, learning_rate_at
    from transformers import get_scheduler

    total = 40
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.5)
    name = "constant_with_warmup" if schedule == "constant" else schedule
    stock = get_scheduler(name, optimizer, math.ceil(warmup * total), total)
    recipe = Recipe(learning_rate=0.5, schedule=schedule, warmup=warmup)
    for step in range(total):
        assert learning_rate_at(step, total, recipe) == pytest.approx(stock.get_last_lr()[0])
        optimizer.step()
        stock.step()


def test_stop_before_the_time_limit():
    import time

    assert job_end({"SLURM_JOB_END_TIME": "123"}) == 123
    assert job_end({}) is None
    request = StopRequest(time.time() + 100)
    assert not request.check(step_seconds=5)
    assert request.check(step_seconds=30)
    assert "time limit" in request.reason
    assert StopRequest().check(1e9) is False


def test_progress_is_one_line_a_minute_off_a_terminal(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stream = io.StringIO()
    progress = Progress(100, stream=stream)
    for step in range(1, 101):
        now[0] += 3
        progress.step(step, loss=2.0, tokens=600)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 5  # 300 seconds
    assert lines[0] == "step 20/100  loss 2.0000  200 tokens/s  0:01:00 spent, 0:04:00 left"


# ---- resources --------------------------------------------------------------------------------


def test_resources_grow_with_the_model():
    assert resources.gpus(1.1e6) == 0
    assert resources.gpus(6.7e9) == 1
    assert resources.gpus(6.7e9, 2) == 2
    seven, small, tiny = (gpu_memory.guessed(size) for size in (6.7e9, 1.35e8, 1.1e6))
    assert 12_000 < resources.memory_mb(seven) < 32_000
    assert 16 * 6_700 < resources.memory_mb(seven, whole=True) < 120_000
    assert resources.memory_mb(tiny) < 2_500
    assert 3_150 < resources.memory_mb(small, gpu=0) < 5_000  # measured: 2,486 to 3,150
    more = resources.memory_mb(small, gpu=0, whole=True) - resources.memory_mb(small, gpu=0)
    assert more == pytest.approx(16 * 135, rel=0.05)  # 20 bytes per weight instead of 4
    assert 1 < resources.gpu_hours(6.7e9) < 7
    one, two = resources.runtime_minutes(6.7e9), resources.runtime_minutes(6.7e9, gpu=2)
    assert 60 * resources.gpu_hours(6.7e9) < one < 600
    assert two < one
    assert resources.gpu_hours(6.7e9, whole=True) == 1.5 * resources.gpu_hours(6.7e9)
    assert (
        resources.runtime_minutes(6.7e9, whole=True) > 1.5 * (one - 21) + 20 + 21
    )  # 12 times 107 GB
    assert resources.runtime_minutes(6.7e9, attempt=2) == pytest.approx(2 * one, abs=1)


def test_budget_from_two_measurements():
    from mothertongue.finetune.budget import Trial, fit_budget, fit_overhead

    # 1 MB a token and 100 MB fixed: 85 % of 2.1 GB less the fixed part
    small, large = Trial(500, 600_000_000, 0.3), Trial(1000, 1_100_000_000, 0.5)
    assert fit_budget(small, large, 2_100_000_000) == 1685
    assert fit_budget(small, large, 50_000_000) == 0
    # 0.4 ms a token, so 0.1 s of the first pass are not its tokens': as long as 250 of them
    assert fit_overhead(small, large) == 250
    assert fit_overhead(small, large._replace(seconds=0.6)) == 0
    assert fit_overhead(small, large._replace(seconds=0.3)) == 4096


@pytest.mark.slow
@pytest.mark.parametrize("full", [False, True])
def test_a_budget_is_measured_by_two_passes_on_a_device(monkeypatch, full):
    """A device of 1 MB and 0.4 ms a token; each pass takes 100 MB and 0.1 s besides, the first more."""
    import torch
    from mothertongue.finetune import budget

    device = {"seconds": 0.0, "peak": 0, "passes": []}

    def summed_loss(model, tokens, targets, where):
        device["passes"].append(tuple(tokens.shape))
        if full:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        slow = 5.0 if len(device["passes"]) <= 2 else 0.0
        device["seconds"] += 0.1 + 4e-4 * tokens.numel() + slow
        device["peak"] = 10**8 + 10**6 * tokens.numel()
        return torch.zeros((), requires_grad=True)

    monkeypatch.setattr(budget, "summed_loss", summed_loss)
    monkeypatch.setattr(budget.time, "perf_counter", lambda: device["seconds"])
    for name in ("synchronize", "reset_peak_memory_stats", "empty_cache"):
        monkeypatch.setattr(torch.cuda, name, lambda *_: None)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda *_: 0)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda *_: device["peak"])
    model = torch.nn.Embedding(50, 4)
    states = 8 * 50 * 4  # AdamW's averages, which come with the first step
    monkeypatch.setattr(
        torch.cuda, "mem_get_info", lambda *_: (2_100_000_000 + states, 4_000_000_000)
    )
    model.get_input_embeddings = lambda: model
    found = budget.find_budget(model, max_length=500, device="cuda:0")
    if full:
        assert found.tokens == 0
    else:
        assert found == budget.Budget(tokens=1685, overhead=250)
        assert device["passes"] == [(1, 500), (2, 500), (1, 500), (2, 500)]


def test_examples_know_their_supervised_part():
    assert Example("a", [1, 2, 3, 4, 5], 3).supervised == 2


def test_a_job_survives_the_way_to_other_processes(tmp_path):
    from mothertongue.finetune.recipe import FILES, Base, Job, Lora, Recipe

    files = {name: tmp_path / name for name in FILES}
    recipe = Recipe(1e-4, betas=(0.8, 0.9), lora=Lora(r=4), equal="rows")
    job = Job(
        **files,
        condition={"model": "a", "seed": "1"},
        base=Base("owner/model", "main"),
        recipe=recipe,
        others=(tmp_path / "x", tmp_path / "y"),
    )
    assert Job.from_json(job.to_json()) == job
