"""What else differed stands beside the verdicts that it could explain."""

import csv

import pytest
import tabulate_differences
import write_findings
from made_claims import cells_of, one_of_each
from made_up import Adapter, write_study
from mothertongue.correlate.amounts import read_amounts
from mothertongue.correlate.claims import write_claims
from mothertongue.report.differences import by_language, differences_page


def table(path, **changes):
    """A differences.csv: native against google, in two languages, two seeds."""
    equal = {"trained_rows": 80, "answer_tokens": 1000, "steps": 10, "truncated_rows": 0}
    equal |= {"dropped_rows": 0, "learning_rate": 1e-4, "lr": "high", "equal": ""}
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(tabulate_differences.COLUMNS), restval="")
        writer.writeheader()
        for scope in ("es", "zh"):
            for data in ("native", "google"):
                for seed in (1, 2):
                    row = {"model": "m0", "data": data, "scope": scope, "seed": seed, **equal}
                    other = changes if data == "google" and scope == "es" else {}
                    writer.writerow({**row, **other})
    return path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"answer_tokens": 1050, "steps": 10}, None),
        ({"answer_tokens": 1700}, "translated: 1.7 × answer tokens"),
        ({"trained_rows": 72}, "translated: 72 rows (native 80)"),
        ({"steps": 8}, "translated: 8 steps (native 10)"),
        ({"truncated_rows": 8}, "translated: rows cut: 8 (native 0)"),
        (
            {"answer_tokens": 588, "steps": 8},
            "translated: 0.6 × answer tokens; 8 steps (native 10)",
        ),
    ],
)
def test_only_what_differs_is_said(tmp_path, changes, words):
    rows = read_amounts(table(tmp_path / "differences.csv", **changes))
    found = by_language(rows, cells_of())
    assert found == ({} if words is None else {"es": words})


def test_the_page_and_the_first_table_hold_it(tmp_path):
    path = table(tmp_path / "differences.csv", answer_tokens=1700)
    page = differences_page(read_amounts(path), cells_of())
    assert len(page.tables[0].rows) == 4
    assert "n: 8 adapters of 1 model" in page.caption and "Seeds: 1, 2" in page.caption
    items = {f"q{i}": float(i % 3 == 0) for i in range(30)}
    study = {Adapter("m0", d, language=code): items for d in ("native", "google")
             for code in ("es", "zh")}  # fmt: skip
    write_study(tmp_path, study)
    write_claims(tmp_path / "claims.json", one_of_each())
    write_findings.main(
        scores=tmp_path / "scores.csv",
        about=tmp_path / "about.json",
        claims=tmp_path / "claims.json",
        differences=path,
        folder=tmp_path / "made",
    )
    shown = (tmp_path / "made" / "answer.html").read_text(encoding="utf-8")
    assert "Es<span>translated: 1.7 × answer tokens</span>" in shown
    assert (tmp_path / "made" / "differences.csv").is_file()
