"""Pages on training, costs and provenance."""

import json

import list_provenance
import plot_training
import polars as pl
import pytest
from conftest import ROOT
from mothertongue.api import Store

PUBLISHED_REGISTER = ROOT / "resources" / "published" / "departures.yaml"
ABOUT = {
    "source": "study",
    "models": {"ada": {"label": "Ada"}},
    "languages": {"es": "Spanish"},
    "data": {
        "native": {"label": "native", "kind": "native"},
        "google": {"label": "Google", "kind": "translated"},
    },
    "benchmarks": {"quiz": {"label": "Quiz"}},
    "quantisation": "int8",
}


def write_run(folder, data, *, tokens, perplexities, dropped=0):
    """History and provenance of a run, as fine-tuning writes them."""
    place = folder / "ada" / data / "es" / "high" / "seed1"
    place.mkdir(parents=True)
    best = min(range(len(perplexities)), key=lambda i: perplexities[i] or 1e9)
    lines = ["epoch,train_loss,validation_perplexity,best"]
    lines += [
        f"{i},{'' if i == 0 else 1.5},{'' if p is None else p},{int(i == best)}"
        for i, p in enumerate(perplexities)
    ]
    (place / "history.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    counts = {"rows": 100, "kept_rows": 100 - dropped, "dropped_rows": dropped}
    counts |= {"truncated_rows": 3, "truncated_tokens": 40, "tokens": 9000}
    facts = {
        "condition": {"model": "ada", "data": data, "scope": "es", "lr": "high", "seed": 1},
        "base": {"base": "hub/ada", "commit": "0123456789abcdef"},
        "recipe": {"learning_rate": 1e-4},
        "training": counts | {"supervised_tokens": tokens},
        "seconds": 120.0,
        "tokens_per_second": 75.0,
        "best_epoch": best,
        "epochs": len(perplexities) - 1,
        "device": "cpu",
        "adapter_sha256": data.ljust(64, "0"),
        "proof": {"equal": True},
        "versions": {"torch": "1.0" if data == "native" else "2.0"},
        "tracked": {"by": "wandb", "place": "https://wandb.ai/us/study/runs/1"},
    }
    (place / "provenance.json").write_text(json.dumps(facts), encoding="utf-8")
    return place


@pytest.fixture
def runs(tmp_path):
    native = write_run(tmp_path, "native", tokens=1000, perplexities=[9.0, 5.0, 6.0])
    other = write_run(tmp_path, "google", tokens=1900, perplexities=[8.0, None, 5.0], dropped=7)
    return native, other


def test_learning_curves_and_what_was_trained(tmp_path, runs):
    plot_training.main(
        histories=[run / "history.csv" for run in runs],
        provenances=[run / "provenance.json" for run in runs],
        about=ABOUT,
        folder=tmp_path / "made",
    )
    index = json.loads((tmp_path / "made" / "index.json").read_text(encoding="utf-8"))
    names = {"learning-curves.svg", "learning-curves.html", "training-costs.html"}
    assert set(index) == names
    ratio = pl.read_csv(tmp_path / "made" / "training-costs.ratio.csv").to_dicts()
    assert ratio[0]["answer tokens: native"] == 1000
    assert ratio[0]["times native's: Google"] == pytest.approx(1.9)
    table = pl.read_csv(tmp_path / "made" / "training-costs.runs.csv").to_dicts()
    assert [row["rows: dropped"] for row in table] == [0, 7]
    assert [row["answer tokens: × native"] for row in table] == [1.0, pytest.approx(1.9)]
    assert "2 runs" in index["training-costs.html"]["caption"]


def test_a_study_that_trains_nothing_has_no_curves(tmp_path):
    plot_training.main(histories=[], provenances=[], about=ABOUT, folder=tmp_path / "made")
    assert json.loads((tmp_path / "made" / "index.json").read_text(encoding="utf-8")) == {}


def test_provenance_names_versions_money_and_hours(tmp_path, runs):
    with Store(tmp_path / "replies.sqlite") as store:
        store._db.execute("INSERT INTO spent VALUES ('judge-x', 12.5)")
        store._db.execute(
            "INSERT INTO replies (key, account, input_tokens, output_tokens, at)"
            " VALUES ('k', 'judge-x', 70, 30, 1.7e9)"
        )
    (tmp_path / "benchmarks" / "evaluate").mkdir(parents=True)
    (tmp_path / "benchmarks" / "evaluate" / "a.tsv").write_text(
        "s\th:m:s\tmax_rss\tcpu_time\n7200\t2:00:00\t2048\t-\n", encoding="utf-8"
    )
    score = {"benchmark": "quiz", "language": "es", "task": {"name": "quiz", "version": 3}}
    score |= {"condition": {"model": "ada"}, "provenance": {"versions": {"lm_eval": "0.4"}}}
    score["provenance"]["engine"] = {"name": "transformers", "version": "5.23"}
    (tmp_path / "es.json").write_text(json.dumps(score), encoding="utf-8")
    answers = tmp_path / "answer/ada/native/es/high/seed1/asked/es.provenance.json"
    answers.parent.mkdir(parents=True)
    answers.write_text('{"engine": {"name": "vllm", "version": "0.30"}}', encoding="utf-8")
    list_provenance.main(
        adapters=[run / "provenance.json" for run in runs],
        evaluations=[tmp_path / "es.json"],
        answers=[answers],
        translations=[],
        departures=PUBLISHED_REGISTER,
        config={
            "study": "x",
            "finetune": {"seeds": [1], "template": "alpaca"},
            "translate": {"translators": {}},
            "judge": {"judges": {}},
            "note": "</pre><script>",
        },
        about=ABOUT,
        tools={"Snakemake": "9"},
        store=tmp_path / "replies.sqlite",
        benchmarks=tmp_path / "benchmarks",
        folder=tmp_path / "made",
    )
    page = (tmp_path / "made" / "provenance.html").read_text(encoding="utf-8")
    seen = (
        "several versions",
        "0123456789ab",
        "version 3",
        "Alpaca",
        "transformers 5.23, vllm 0.30",
        'wandb: <a href="https://wandb.ai/us/study/runs/1">',
    )
    for words in ("1.0 (1 files), 2.0 (1 files)", *seen):
        assert words in page, words
    money = pl.read_csv(tmp_path / "made" / "provenance.spending.csv").to_dicts()
    assert money[0]["US dollars"] == 12.5 and money[0]["tokens: written"] == 30
    look = (tmp_path / "made" / "spent.html").read_text(encoding="utf-8")
    for words in (
        "<title>Time of all jobs by stage</title>",
        "took 2.0 hours when summed; the longest stage is evaluate (2.0 hours)",
        "2 models were fine-tuned on",
        "Services gave 1 reply for 12.50 US dollars.",
        "Results of several versions of",
    ):
        assert words in look, words
    hours = pl.read_csv(tmp_path / "made" / "provenance.time.csv").to_dicts()
    assert hours[0]["hours"] == 2
    text = (tmp_path / "made" / "configuration.html").read_text(encoding="utf-8")
    assert "<pre><script>" not in text and "</pre><script>" not in text
