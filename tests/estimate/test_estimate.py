"""The estimate: what it counts is what is then sent, and what is stored is free."""

import csv

import pytest
import yaml
from conftest import SMALL, checkout, copy_study, run_snakemake
from estimate_cost import main
from mothertongue.api import Price, Reply, Store, request_key
from mothertongue.estimate import workload
from mothertongue.files import write_jsonl
from mothertongue.judge import Item, open_judge
from mothertongue.judge.settings import JudgeCalls, JudgeSpec
from mothertongue.study import read_study
from standin import StandIn, invented
from translating import API, LANGUAGES, FaultFor, back_to_english, english_rows, translate

PRICE = {"characters": 0.0, "input_tokens": 1.0, "output_tokens": 3.0}


def estimate(folder, *, translations=(), judges=(), gpu=()):
    """Rows of the estimate of a <results> folder, and its text."""
    text = main(
        translations=list(translations),
        judges=list(judges),
        gpu=list(gpu),
        languages=LANGUAGES,
        dated="today",
        store_file=folder / ".work/api/replies.sqlite",
        table_file=folder / "estimate" / "cost.csv",
    )
    with (folder / "estimate" / "cost.csv").open() as handle:
        return list(csv.DictReader(handle)), text


def sheet(server, stage, target, **more):
    entry = {"backend": "openai", "model": "m", "base_url": server.base_url("openai")}
    return {
        "name": "stand-in", "stage": stage, "what": "es", "target": target,
        "entry": {**entry, "temperature": 0.0}, "api": API, "price": PRICE, "priced": True, **more,
    }  # fmt: skip


@pytest.mark.slow
def test_what_is_counted_is_what_is_sent(tmp_path):
    """Before: every distinct request. After half of the rows: the other half. After all: none."""
    rows = english_rows(40)
    rows.append({**rows[0], "id": "again"})
    write_jsonl(tmp_path / "sample/english/es.jsonl", rows)
    store = {"store_file": tmp_path / ".work/api/replies.sqlite"}
    with StandIn() as server:
        plan = [sheet(server, "translate", "target_language")]
        # a second set of the same texts costs nothing more
        before, text = estimate(tmp_path, translations=[*plan, {**plan[0], "what": "es"}])
        assert "no price" not in text
        translate(tmp_path / "half", server, rows[:20], **store)
        half = server.arrived.total()
        middle, _ = estimate(tmp_path, translations=plan)
        translate(tmp_path / "all", server, rows, **store)
        after, _ = estimate(tmp_path, translations=plan)
        assert int(before[0]["requests"]) == server.arrived.total() > half > 0
        assert (before[1]["requests"], before[0]["basis"]) == ("0", "counted")
        assert int(before[0]["characters"]) > sum(map(len, server.arrived))  # with the prompt
        assert (int(middle[0]["requests"]), int(middle[0]["in_store"])) == (
            server.arrived.total() - half,
            half,
        )
        assert (after[0]["requests"], float(after[0]["usd"])) == ("0", 0.0)
    assert float(before[0]["usd"]) > float(middle[0]["usd"]) > 0
    assert float(before[-1]["usd"]) == float(before[0]["usd"])


@pytest.mark.slow
def test_attempts_after_failed_checks_are_in_the_estimate(tmp_path):
    """Assumed at first, then as the store knows them; a set made again pays for what is missing."""
    rows = english_rows(60)
    write_jsonl(tmp_path / "sample/english/es.jsonl", rows)
    api = {**API, "check_retries": 2}
    more = {"api": api, "store_file": tmp_path / ".work/api/replies.sqlite", "max_quarantined": 0.9}
    with FaultFor(rows[:6], "refusal") as server:
        plan = [sheet(server, "translate", "target_language", api=api)]
        (first, _), text = estimate(tmp_path, translations=plan)
        assert int(first["attempts"]) == round(0.2 * int(first["requests"]))
        assert "attempts: expected further calls" in text
        nothing = {**api, "check_retries": 0}
        free = sheet(server, "translate", "target_language", api=nothing)
        (only, _), _ = estimate(tmp_path, translations=[free])
        assert (only["requests"], only["attempts"]) == (first["requests"], "0")
        assert float(first["usd"]) == pytest.approx(1.2 * float(only["usd"]), rel=1e-3)
        assert float(first["hours"]) > float(only["hours"])
        translate(tmp_path / "made", server, rows, **more)
        assert server.arrived.total() == int(first["requests"]) + 2 * 6
        (again, _), _ = estimate(tmp_path, translations=plan)
        assert (again["requests"], again["in_store"]) == ("6", str(int(first["requests"]) - 6))
        arrived = server.arrived.total()
        translate(tmp_path / "made", server, rows, **more)
        assert server.arrived.total() - arrived == 6 * 3
    with FaultFor(rows[:6], "length") as server:  # flagged, hence kept and not asked again
        plan = [sheet(server, "translate", "target_language", api=api)]
        translate(tmp_path / "soft", server, rows, **more)
        (again, _), _ = estimate(tmp_path, translations=plan)
        assert (again["requests"], again["usd"]) == ("0", "0.0")
        arrived = server.arrived.total()
        translate(tmp_path / "soft", server, rows, **more)
        assert server.arrived.total() == arrived


@pytest.mark.slow
def test_a_round_trip_costs_two_ways(tmp_path):
    """The way back is projected from all rows, and counted once the pivot is there."""
    rows = [{**row, "language": "es"} for row in english_rows(12)]
    for row in rows:
        row["instruction"] = invented(row["instruction"])
        row["output"] = invented(row["output"])
    write_jsonl(tmp_path / "sample/native/es.jsonl", rows)
    store = {"store_file": tmp_path / ".work/api/replies.sqlite"}
    with StandIn(back_to_english) as server:
        plan = [sheet(server, "roundtrip", "en")]
        (out, back, _), _ = estimate(tmp_path, translations=plan)
        assert (out["what"], back["what"]) == ("es out", "es back")
        assert (out["basis"], back["basis"]) == ("counted", "projected")
        assert out["requests"] == back["requests"] != "0"
        more = {"target": "en", "max_quarantined": 1.0, "api": {**API, "check_retries": 0}}
        pivot = translate(tmp_path / "out", server, rows, **more, **store)
        (_, back, _), _ = estimate(tmp_path, translations=plan)
        assert int(back["requests"]) > 0  # still to be paid, whatever the way out has cost
        write_jsonl(tmp_path / "roundtrip/stand-in/es.pivot.jsonl", pivot)
        (_, back, _), _ = estimate(tmp_path, translations=plan)
        assert back["basis"] == "counted"
        server.arrived.clear()
        server.translate = invented
        translate(
            tmp_path / "back", server, pivot, **{**more, "target": "source_language"}, **store
        )
        assert len(server.arrived) == int(back["requests"])


def test_ratings_that_are_stored_are_free_and_batches_are_half_price(tmp_path):
    spec = {"backend": "openai", "model": "m", "base_url": None, "temperature": 0.0,
            "max_tokens": 64, "repeats": 2}  # fmt: skip
    items = [Item(f"q{i}", f"Question {i}?", f"Answer {i}.") for i in range(10)]
    rows = [{"id": i.id, "prompt": i.prompt, "answer": i.answer} for i in items]
    write_jsonl(tmp_path / "answer/one.jsonl", rows)
    plan = {"name": "judge", "spec": spec, "discount": 0.0, "answer_tokens": 100, "api": API,
            "price": PRICE, "priced": True,
            "answers": [("answer/one.jsonl", 10), ("answer/two.jsonl", 7)]}  # fmt: skip
    (counted, later, total), _ = estimate(tmp_path, judges=[plan])
    assert (counted["requests"], later["requests"]) == ("20", "14")
    assert (counted["basis"], later["basis"]) == ("counted", "projected")
    (_, _, batched), _ = estimate(tmp_path, judges=[{**plan, "discount": 0.5}])
    assert float(batched["usd"]) == pytest.approx(float(total["usd"]) / 2, abs=1e-4)
    judge = open_judge("judge", JudgeSpec.of(spec), JudgeCalls.of({"api": API, "store": ""}))
    with Store(tmp_path / ".work/api/replies.sqlite") as store:
        for ask in judge.asks(items[:4]):
            store.put(request_key(ask.request), ask.request, Reply("Rating: [[4]]"), account="x")
    (counted, _, _), _ = estimate(tmp_path, judges=[plan])
    assert (counted["requests"], counted["in_store"]) == ("12", "8")


def test_hours_follow_the_limits_and_a_missing_price_is_said(tmp_path):
    write_jsonl(tmp_path / "sample/english/es.jsonl", english_rows(30))
    with StandIn() as server:
        slow = {**API, "requests_per_minute": 2}
        plan = sheet(server, "translate", "target_language", api=slow, priced=False)
        (only, total), text = estimate(tmp_path, translations=[plan])
    calls = int(only["requests"]) + int(only["attempts"])
    assert float(only["hours"]) == pytest.approx(calls / 2 / 60, rel=1e-3)
    assert only["usd"] == ""
    assert "stand-in: no price for its model in prices.per_million" in text
    assert Price().free
    assert float(total["usd"]) == 0


def test_hours_of_a_local_translator_are_not_made_up(tmp_path):
    rows = [{**row, "language": "es"} for row in english_rows(3)]
    write_jsonl(tmp_path / "sample/native/es.jsonl", rows)
    entry = {"backend": "huggingface", "model": "nowhere/none", "batch": 8}
    plan = {"name": "local", "stage": "roundtrip", "what": "es", "target": "en",
            "entry": entry, "api": API, "price": PRICE, "priced": True}  # fmt: skip
    (out, back, total), text = estimate(tmp_path, translations=[plan])
    assert int(out["requests"]) == int(back["requests"]) > 0
    assert (out["hours"], back["hours"], float(total["hours"])) == ("", "", 0)
    assert "local: a local model; its hours are not estimated" in text


GPU = {
    "name": "big", "parameters": 7e9, "gpus": None, "quantisation": "int8", "auto": False, "card": None,
    "bytes": {kind: dict.fromkeys(("finetune", "evaluate", "answer"), 1e9 * gb)
              for kind, gb in (("int8", 12.0), ("nf4", 9.0), ("none", 18.0))},
    "guessed": True, "epochs": 10, "max_length": 512, "limit": None,
    "trained": ["sample/native/es.jsonl"] * 2, "evaluated": [("cmmlu", 11582), ("mgsm", 10)],
    "answered": [50], "answer_tokens": 512, "loads": {"finetune": 4, "evaluate": 1, "answer": 1},
}  # fmt: skip


def test_gpu_hours_by_stage(tmp_path):
    write_jsonl(tmp_path / "sample/native/es.jsonl", english_rows(50))
    rows, _ = estimate(tmp_path, gpu=[GPU])
    found = {row["stage"]: float(row["gpu_hours"]) for row in rows}
    assert list(found) == ["finetune", "evaluate", "answer", "total"]
    assert found["total"] == pytest.approx(sum(list(found.values())[:3]), rel=1e-3)
    assert (rows[-1]["loads"], float(rows[-1]["gpu_gb"])) == ("6", 12.0)
    twice, _ = estimate(tmp_path, gpu=[{**GPU, "epochs": 20}])
    assert float(twice[0]["tokens"]) == 2 * float(rows[0]["tokens"])
    half, _ = estimate(tmp_path, gpu=[{**GPU, "limit": 25}])
    assert 0.4 < float(half[0]["tokens"]) / float(rows[0]["tokens"]) < 0.6
    more, _ = estimate(tmp_path, gpu=[{**GPU, "limit": 500}])
    assert more[0]["tokens"] == rows[0]["tokens"]
    tiny, _ = estimate(tmp_path, gpu=[{**GPU, "parameters": 1e6}])
    assert float(tiny[-1]["gpu_hours"]) == 0


def test_gpu_hours_follow_loads_bits_and_card(tmp_path):
    write_jsonl(tmp_path / "sample/native/es.jsonl", english_rows(50))

    def hours(**changes):
        plan = {**GPU, "epochs": 10_000, **changes}
        return float(estimate(tmp_path, gpu=[plan])[0][-1]["gpu_hours"])

    loads = {"finetune": 4, "evaluate": 11, "answer": 1}
    assert hours(loads=loads) - hours() == pytest.approx(10 * (20 + 14) / 3600, abs=1e-3)
    assert hours(quantisation="none") < 0.7 * hours()
    assert hours(card=("l4", 24.0)) > 2 * hours() > 4 * hours(card=("h200", 141.0))
    assert hours(card=("unknown", 24.0)) == hours()


def test_the_estimate_says_what_16_bits_would_save(tmp_path):
    write_jsonl(tmp_path / "sample/native/es.jsonl", english_rows(50))
    out = tmp_path / "estimate/gpu.csv"
    text = main(
        translations=[], judges=[], gpu=[GPU], languages=LANGUAGES, dated="today",
        store_file=tmp_path / "none", table_file=tmp_path / "estimate/cost.csv", gpu_file=out,
    )  # fmt: skip
    with out.open() as handle:
        rows = list(csv.DictReader(handle))
    sums = {
        kind: sum(float(row["gpu_hours"]) for row in rows if row["quantisation"] == kind)
        for kind in ("int8", "none")
    }
    assert f"none would take {sums['none']:.1f} GPU-hours instead of {sums['int8']:.1f}" in text
    assert {(row["quantisation"], row["gpu_gb"], row["smallest_gb"]) for row in rows} == {
        ("int8", "12.0", "16.0"), ("nf4", "9.0", "16.0"), ("none", "18.0", "24.0"),
    }  # fmt: skip


def test_all_weights_take_more_hours_and_the_disk_for_two_models(tmp_path):
    """Beside an adapter's: six operations instead of four, no 8 bits, the best and the last on disk."""
    write_jsonl(tmp_path / "sample/native/es.jsonl", english_rows(50))
    out = tmp_path / "estimate/gpu.csv"
    none = {
        **GPU,
        "quantisation": "none",
        "epochs": 10_000,
        "loads": dict.fromkeys(GPU["loads"], 0),
    }
    whole = {
        **none, "name": "all", "whole": True, "bytes": {"none": GPU["bytes"]["none"]},
        "left": 28e9, "unfinished": 224e9,
    }  # fmt: skip
    text = main(
        translations=[], judges=[], gpu=[none, whole], languages=LANGUAGES, dated="today",
        store_file=tmp_path / "none", table_file=tmp_path / "estimate/cost.csv", gpu_file=out,
    )  # fmt: skip
    with (tmp_path / "estimate/cost.csv").open() as handle:
        rows = {(row["stage"], row["who"]): row for row in csv.DictReader(handle)}
    hours = [float(rows["finetune", name]["gpu_hours"]) for name in ("big", "all")]
    assert hours[1] == pytest.approx(1.5 * hours[0], rel=1e-3)
    assert [float(rows["finetune", name]["disk_gb"]) for name in ("big", "all")] == [0, 56]
    with out.open() as handle:
        kinds = {row["quantisation"] for row in csv.DictReader(handle) if row["model"] == "all"}
    assert kinds == {"none"}
    (line,) = [line for line in text.splitlines() if line.startswith("all  ")][:1]
    assert line.split()[1:3] == ["-", "-"]
    assert "all: 2 full fine-tunings leave up to 28.0 GB each" in text
    assert "up to 224.0 GB more while it runs" in text
    assert "6 operations per weight and token, LoRA as 4" in text


def test_a_study_tells_the_estimate_what_is_trained(root, monkeypatch):
    monkeypatch.chdir(root)

    def whole(config):
        config["models"]["whole"] = {
            "base": "o/m", "parameters": 1e9, "finetune": {"method": "full", "quantisation": "none"},
        }  # fmt: skip

    part, full = workload.models(planned_study(root, whole), root / "nowhere", local=False)
    assert (part.whole, full.whole, full.quantisation) == (False, True, "none")
    assert full.bytes.keys() == {"none"} and full.bytes["none"]["finetune"] > 2e10
    assert (full.left, full.unfinished) == (4e9, 32e9)  # 16-bit weights twice
    assert 0 < part.left < 1e6 < part.parameters


def planned_study(root, change):
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    change(config)
    return read_study(config, root)


def test_items_that_really_run_are_counted(root, monkeypatch):
    """Own files are counted, limits of a benchmark and of all are respected."""
    monkeypatch.chdir(SMALL)

    def items(change=lambda config: None):
        (sheet,) = workload.models(planned_study(root, change), root / "nowhere", local=False)
        return dict(sheet.evaluated)

    rows = len(
        (SMALL / "resources/demo/benchmarks/choice_native_zh.test.jsonl").read_text().splitlines()
    )
    assert items() == {
        "native-perplexity": 20, "multiple-choice": rows, "extractive-qa": items()["extractive-qa"],
        "arithmetic": items()["arithmetic"],
    }  # fmt: skip
    assert 5 < items()["extractive-qa"] < 200

    def limited(config):
        config["evaluate"]["limit"] = 7
        config["evaluate"]["benchmarks"]["choice-native"]["limit"] = 3
        config["evaluate"]["benchmarks"]["far"] = {
            "task": "cmmlu", "languages": ["zh"], "origin": "native", "kind": "structured",
        }  # fmt: skip

    assert items(limited) == {
        "native-perplexity": 7, "multiple-choice": 3, "extractive-qa": 7, "arithmetic": 7, "cmmlu": 7,
    }  # fmt: skip


def test_a_base_is_loaded_once_for_a_group_of_jobs(root):
    """Groups as the cluster's profile makes them: all that reads one adapter, 24 jobs at most."""
    cell = {"model": "m", "data": "native", "scope": "es", "lr": "high", "seed": 1}

    def loads(tuned, evaluated, answered):
        stages = {
            "finetune": ("finetune_lora", tuned),
            "evaluate": ("evaluate_benchmark", evaluated),
        }
        found = workload.loads({**stages, "answer": ("answer_questions", answered)})
        return found["finetune"], found["evaluate"], found["answer"]

    assert loads([cell], [cell] * 20, [cell] * 4) == (1, 1, 0)
    assert loads([cell], [cell] * 20, [cell] * 5) == (1, 2, 0)
    assert loads([], [cell, {**cell, "seed": 2}], [{**cell, "seed": 3}]) == (0, 2, 1)


@pytest.mark.slow
def test_the_demo_is_free_and_asked_again_every_time(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    for _ in range(2):
        done = run_snakemake("estimate", "--cores", "1", "--quiet", "all", cwd=study)
        assert done.returncode == 0, done.stderr
        assert "translate  fluent   es" in done.stdout
        assert "US dollars by the price table of 2026" in done.stdout
    with (study / "results/estimate/cost.csv").open() as handle:
        assert float(list(csv.DictReader(handle))[-1]["usd"]) == 0


@pytest.mark.slow
@pytest.mark.data
def test_the_papers_study_has_its_size_and_its_price(tmp_path, root, shared):
    """224 adapters, 1,376 evaluations, 288 answer sets, 28,800 ratings; a pot of seven."""
    study = yaml.safe_load((root / "studies/paper.yaml").read_text())
    table = shared / "data/aya/aya_dataset.parquet"
    study["sample"]["dataset"] = {"path": str(table)}
    study["languages"].pop("ar")  # this copy of the data lacks Arabic
    folder = checkout(tmp_path / "study")
    (folder / "paper.yaml").write_text(yaml.safe_dump(study))
    arguments = ("estimate", "--cores", "2", "--quiet", "all", "--configfile", "paper.yaml")
    done = run_snakemake(*arguments, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    with (folder / "results/estimate/cost.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    jobs = {stage: sum(int(row["what"].split()[0]) for row in rows if row["stage"] == stage)
            for stage in ("finetune", "evaluate", "answer")}  # fmt: skip
    assert jobs == {"finetune": 224, "evaluate": 1376, "answer": 288}
    assert sum(int(row["requests"]) for row in rows if row["stage"] == "judge") == 28_800
    trips = [row["what"] for row in rows if row["stage"] == "roundtrip" and row["who"] == "cohere"]
    assert trips == ["ru out", "ru back", "zh out", "zh back"]
    # 3,854 Spanish rows of two texts by Command R: each text once, in one request
    spanish = next(
        r for r in rows if (r["stage"], r["who"], r["what"]) == ("translate", "cohere", "es")
    )
    assert 5_000 < int(spanish["requests"]) < 7_708
    assert 0.1 < float(spanish["usd"]) < 5
    assert 20 < float(rows[-1]["usd"]) < 1000
    assert 50 < float(rows[-1]["gpu_hours"]) < 2000
    assert int(rows[-1]["loads"]) == 448  # a fine-tuning, and a job of all that reads an adapter
    with (folder / "results/estimate/gpu.csv").open() as handle:
        gpu = list(csv.DictReader(handle))
    hours = {kind: sum(float(row["gpu_hours"]) for row in gpu if row["quantisation"] == kind)
             for kind in ("int8", "none")}  # fmt: skip
    assert {row["quantisation"] for row in gpu if row["used"] == "1"} == {"int8"}
    assert 0.5 < hours["none"] / hours["int8"] < 0.6
    head = (root / "studies/paper.yaml").read_text().split("\nstudy:")[0]
    assert f"{hours['int8'] - hours['none']:.0f} of {hours['int8']:.0f} GPU-hours" in head


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.long
@pytest.mark.parametrize("name", ["small", "paper-2026"])
def test_a_studys_head_says_what_the_estimate_says(tmp_path, root, shared, name):
    text = (root / f"studies/{name}.yaml").read_text(encoding="utf-8")
    head = " ".join(line.strip("# ") for line in text.split("\nstudy:")[0].splitlines())
    study = yaml.safe_load(text)
    study["sample"]["dataset"] = {"path": str(shared / "data/aya/aya_dataset.parquet")}
    folder = checkout(tmp_path / "study")
    (folder / "small.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    arguments = ("estimate", "--cores", "1", "--quiet", "all", "--configfile", "small.yaml")
    done = run_snakemake(*arguments, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    with (folder / "results/estimate/cost.csv").open() as handle:
        *rows, total = csv.DictReader(handle)
    hours = {
        stage: sum(float(row["gpu_hours"]) for row in rows if row["stage"] == stage)
        for stage in ("finetune", "evaluate", "answer")
    }
    assert float(total["usd"]) == 0
    assert f"{int(total['requests']):,} calls of local models, US$ 0 and" in head
    assert f"and {float(total['gpu_hours']):.1f} GPU-hours" in head
    parts = "fine-tuning {finetune:.1f}, evaluation {evaluate:.1f}, answers {answer:.1f}"
    assert parts.format(**hours) in head
