"""What the report says: sentences, training, provenance, ours beside published; also at the edges."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import measure_translation
import plot_gaps
import plot_scores
import pytest
import write_findings
from made_up import Adapter, analyse, write_study
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
