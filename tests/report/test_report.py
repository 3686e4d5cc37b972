"""What the report says: sentences, training, provenance, ours beside published; also at the edges."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import compare_published
import list_provenance
import measure_translation
import plot_gaps
import plot_scores
import plot_training
import polars as pl
import pytest
import write_findings
from conftest import ROOT
from made_up import Adapter, analyse, write_study
from mothertongue.api import Store
from mothertongue.correlate.comparisons import Comparison
from mothertongue.correlate.facts import Facts
from mothertongue.report.contrast_pages import contrast_notes
from mothertongue.report.figures import without_broken_switches, wrapped
from mothertongue.report.page import as_rst
from mothertongue.report.table import Column, Table, real_minus, to_html, to_latex

MONTE_CARLO = {f"q{i}": float(i % 3 == 0) for i in range(60)}


def shift(items, every):
    """The same items, every n-th answered right as well."""
    return {k: 1.0 if i % every == 0 else v for i, (k, v) in enumerate(items.items())}


def find(folder, **source):
    """Sentences of an analysed study by the digit of their section; all are clean."""
    given = {"scores": folder / "scores.csv", "about": folder / "about.json", **source}
    write_findings.main(**given, claims=folder / "claims.json", folder=folder / "findings")
    content = json.loads((folder / "findings" / "findings.json").read_text(encoding="utf-8"))
    by_section: dict[str, str] = {}
    for one in content:
        assert not re.search(r"\b(nan|None)\b|\[0\.0, 0\.0\]|−0\.0\b", one["sentence"]), one
        digit = one["section"][0]
        by_section[digit] = f"{by_section.get(digit, '')} {one['sentence']}"
    page = (folder / "findings" / "answer.html").read_text(encoding="utf-8")
    assert "<h2>" in page and page.count("<li>") <= 8
    return by_section | {"page": page}


def draw_all(folder):
    """Every figure of an analysed study; gives the captions."""
    source = {"scores": folder / "scores.csv", "about": folder / "about.json"}
    plot_scores.main(**source, folder=folder / "scores")
    tables = {name: folder / f"{name}.csv" for name in ("gaps", "correlations")}
    plot_gaps.main(**source, **tables, folder=folder / "gap-figures")
    captions = ""
    for part in ("scores", "gap-figures", "tables"):
        index = json.loads((folder / part / "index.json").read_text(encoding="utf-8"))
        for name, entry in index.items():
            assert (folder / part / name).stat().st_size > 500
            captions += entry["caption"]
    return captions


@pytest.mark.slow
def test_the_published_findings_are_the_papers(root, tmp_path):
    published = root / "resources" / "published"
    source = {"scores": published / "scores.csv", "about": published / "about.json"}
    analyse(tmp_path, **source, items=False)
    found = find(tmp_path, **source)
    assert "Reading, Chinese: native data is better than translated data" in found["1"]
    assert "Reading, Spanish" in found["1"] and "Knowledge, Russian" in found["1"]
    assert "8 models" in found["1"]
    assert "C-Eval" in found["page"]  # what is missing is said on screen one
    for code in ("Spanish", "Russian", "Chinese", "All languages"):
        assert f"scope='row'>{code}" in found["page"]


@pytest.mark.slow
def test_one_model_in_one_language(tmp_path):
    native, other = Adapter("solo", "native"), Adapter("solo", "google")
    write_study(tmp_path, {native: shift(MONTE_CARLO, 2), other: MONTE_CARLO})
    analyse(tmp_path)
    found = find(tmp_path)
    assert "better than" not in found["1"]
    assert "these two adapters" in found["1"]
    assert "one training each" in found["page"]
    assert "1 model" in draw_all(tmp_path)


@pytest.mark.slow
def test_no_variance_a_missing_cell_and_a_judge_without_scores(tmp_path):
    same = {f"q{i}": 0.0 for i in range(20)}
    cells = {Adapter("ada", data, benchmark="flat"): same for data in ("native", "google")}
    cells |= {Adapter("ada", "native"): shift(MONTE_CARLO, 2)}
    cells |= {Adapter("ada", "google"): MONTE_CARLO, Adapter("bea", "native"): MONTE_CARLO}
    judged = {"benchmark": "qa-x", "metric": "rating", "judge": "mute"}
    cells |= {Adapter("ada", data, **judged): {} for data in ("native", "google")}
    write_study(tmp_path, cells)
    analyse(tmp_path)
    found = find(tmp_path)
    assert "same on every item" not in str(found)
    assert "these two adapters" in found["1"]
    draw_all(tmp_path)


def test_nan_is_missing(tmp_path):
    cells = {Adapter("ada", data): MONTE_CARLO for data in ("native", "google")}
    write_study(tmp_path, cells)
    scores = (tmp_path / "scores.csv").read_text(encoding="utf-8")
    first = scores.splitlines()[1]
    value = first.split(",")[10]
    broken = scores.replace(first, first.replace(f",{value},", ",NaN,", 1))
    (tmp_path / "scores.csv").write_text(broken, encoding="utf-8")
    analyse(tmp_path)
    find(tmp_path)
    draw_all(tmp_path)


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
    hours = pl.read_csv(tmp_path / "made" / "provenance.time.csv").to_dicts()
    assert hours[0]["hours"] == 2
    text = (tmp_path / "made" / "configuration.html").read_text(encoding="utf-8")
    assert "<pre><script>" not in text and "</pre><script>" not in text


def beside(tmp_path, root, *, change=None, about=None):
    """Compare a changed copy of the published scores with the published scores."""
    published = root / "resources" / "published"
    scores = pl.read_csv(published / "scores.csv", schema_overrides={"seed": pl.Int64})
    scores = scores.with_columns(pl.lit("study").alias("source"))
    scores = scores if change is None else change(scores)
    scores.write_csv(tmp_path / "scores.csv")
    content = json.loads((published / "about.json").read_text(encoding="utf-8"))
    content |= {"source": "study", **(about or {})}
    (tmp_path / "about.json").write_text(json.dumps(content), encoding="utf-8")
    compare_published.main(
        scores=tmp_path / "scores.csv",
        about=tmp_path / "about.json",
        published=published / "scores.csv",
        published_about=published / "about.json",
        departures=PUBLISHED_REGISTER,
        folder=tmp_path / "beside",
    )
    return tmp_path / "beside"


def test_ours_beside_published(tmp_path, root):
    def more(scores):
        xquad = scores.filter((pl.col("benchmark") == "xquad") & (pl.col("data") == "native"))
        judged = scores.filter(pl.col("benchmark") == "qa-native").filter(
            pl.col("judge") == "gpt-4-turbo"
        )
        judged = judged.with_columns(pl.lit("new-judge").alias("judge"))
        return pl.concat([xquad, judged]).with_columns(pl.col("score") + 2)

    judges = {"new-judge": {"label": "New judge"}}
    made = beside(tmp_path, root, change=more, about={"judges": judges, "quantisation": "nf4"})
    table = pl.read_csv(made / "beside-published.cells.csv", infer_schema_length=None).to_dicts()
    own = [row for row in table if row["Benchmark"] == "XQuAD"]
    assert len(own) == 8 * 3 * 2 * 4  # models, languages, metrics, settings
    for row in own:
        assert row["score: difference"] == pytest.approx(2)
        reasons = row["known reasons to differ"]
        assert reasons.startswith("quantisation nf4, not int8; ")
        wanted = (
            "“include” is normalised" if row["metric"] == "answer contained" else "(exact_match"
        )
        assert wanted in reasons and "concern every score" in reasons
    others = {row["known reasons to differ"] for row in table if row["Benchmark"] != "XQuAD"}
    for name in ("GPT-4-Turbo", "Command R+"):
        start = f"other judge (New judge, not {name}); quantisation nf4, not int8; "
        assert any(reasons.startswith(start) for reasons in others)
    assert all("straight quotes" in reasons for reasons in others)
    register = pl.read_csv(made / "beside-published.departures.csv").to_dicts()
    assert any("template" in row["Departure"] for row in register)
    assert not any("C-Eval" in row["Departure"] for row in register)  # this study has none


def test_the_papers_forms_of_a_metric_and_other_numbers_of_rows_are_compared(tmp_path, root):
    def strict(scores):
        own = scores.filter(pl.col("benchmark").is_in(["xquad", "mt-mmlu"]))
        own = own.filter(pl.col("metric").is_in(["em", "acc"]) & (pl.col("data") == "native"))
        name = pl.col("metric").replace({"em": "exact_match_strict"})
        other = own.filter(pl.col("metric") == "em").with_columns(name)
        rows = pl.when(pl.col("language") == "zh").then(13_000).otherwise(14_042)
        n = pl.when(pl.col("benchmark") == "mt-mmlu").then(rows).otherwise(1190)
        return pl.concat([own, other]).with_columns(n.alias("n"))

    made = beside(tmp_path, root, change=strict)
    table = pl.read_csv(made / "beside-published.cells.csv", infer_schema_length=None).to_dicts()
    forms = {row["metric"] for row in table if row["Benchmark"] == "XQuAD"}
    assert forms == {"exact match", "exact match of strings"}
    for row in table:
        reasons = row["known reasons to differ"]
        if row["metric"] == "exact match of strings":
            assert "exact match is normalised" not in reasons
        chinese = row["Benchmark"] == "MT-MMLU" and row["Language"] == "Chinese"
        assert ("13,000 items, not 14,042" in reasons) == chinese


def test_nothing_shared_is_said_in_one_line(tmp_path, root):
    models = {"tiny": {"label": "Tiny"}}
    made = beside(
        tmp_path,
        root,
        change=lambda scores: scores.with_columns(pl.lit("tiny").alias("model")).unique(
            ["benchmark", "metric", "judge", "language", "data", "scope", "learning_rate"]
        ),
        about={"models": models},
    )
    page = (made / "beside-published.html").read_text(encoding="utf-8")
    assert "Nothing to compare: this study shares no model" in page


def test_translation_quality_without_round_trips(tmp_path):
    report = {"problems": {}, "segments": 4, "quarantined_share": 0.25, "passed_through": {}}
    report |= {"rows": 2, "length_ratio": {"instruction": 1.1, "output": 0.9}}
    (tmp_path / "es.json").write_text(json.dumps(report), encoding="utf-8")
    one = {"translator": "google", "kind": "translate", "scope": "es"}
    measure_translation.main(
        sets=[one | {"report": str(tmp_path / "es.json")}],
        table_file=tmp_path / "quality.csv",
        figure_file=tmp_path / "quality.svg",
        labels={"google": "谷歌"},
        languages={"es": "Spanish"},
    )
    assert (tmp_path / "quality.svg").stat().st_size > 2000


def test_labels_never_break_a_list_of_the_report():
    def entry(**labels):
        return {"category": "4", "subcategory": "x", "labels": labels}

    paired = {
        "a": entry(item="one", form="figure"),
        "b": entry(item="one", form="interactive"),
    }
    assert without_broken_switches(json.loads(json.dumps(paired))) == paired
    single = {
        "a": entry(benchmark="TyDi", languages="ru"),
        "b": entry(benchmark="CMMLU", languages="zh"),
    }
    fixed = without_broken_switches(single)
    assert [e["labels"] for e in fixed.values()] == [
        {"benchmark": "TyDi, ru"},
        {"benchmark": "CMMLU, zh"},
    ]


def test_a_long_title_of_a_panel_gets_lines():
    assert wrapped("TyDi QA", 22) == "TyDi QA"
    assert wrapped("QA: native · Command R+", 22) == "QA: native\nCommand R+"
    lines = wrapped("held-out native perplexity, perplexity (less is better)", 36).split("\n")
    assert len(lines) == 2 and max(map(len, lines)) <= 36


def test_a_note_is_said_once_with_what_it_is_about():
    names = ("native", "translated", "google", "cohere", "nllb", "opus")
    data = {name: {"label": name.title()} for name in names}
    cells = SimpleNamespace(facts=Facts.read({"models": {"ada": {"label": "Ada"}}, "data": data}))
    row = Comparison(contrast="gap", first="native", scope="mono", learning_rate=1e-4)
    rows = [
        replace(row, second=second, model="ada", language=code, note="no item")
        for second in ("translated", "google", "cohere", "nllb", "opus")
        for code in ("es", None)
    ]
    (line,) = contrast_notes(cells, [*rows, replace(rows[0], note=None)])
    assert line.startswith(
        "No item: Native − translated, monolingual, learning rate 1e-4 (Ada es, Ada)"
    )
    assert line.endswith("; 1 more in contrasts.csv.")


def test_a_zero_has_no_minus():
    assert real_minus("-0.00 [-0.25, 0.36]") == "0.00 [−0.25, 0.36]"
    assert real_minus("-0.01 [-0.0, -10.0]") == "−0.01 [0.0, −10.0]"


def test_words_stand_left_and_numbers_right():
    columns = [Column("Model"), Column("metric"), Column("score"), Column("mixed")]
    rows = [["ada", "acc", 1.0, 2.0], ["bea", None, 2.0, "–"]]
    table = Table("t", "T", columns, rows)
    assert table.text_columns() == [True, True, False, False]
    assert "{llrr}" in to_latex(table)
    assert '<th class="words" aria-sort="none">' in to_html(table)


def test_texts_survive_restructuredtext():
    from docutils.core import publish_parts

    text = "a*b* `c` |d| e_ f__ <g> \\h [1]_ MT-MMLU"
    body = publish_parts(as_rst(text), writer="html")["body"]
    plain = re.sub(r"<[^>]+>", "", body).replace("&lt;", "<").replace("&gt;", ">").strip()
    assert plain == text
