"""How many labels would decide: assumed before there are any, then as the labels themselves tell."""

from mothertongue.estimate.people import label_rows, labels_text
from mothertongue.estimate.sheets import PeopleSheet

COLUMNS = "judge,language,questions,model,against,correlation,needed\n"


def test_the_better_the_judge_the_fewer_labels(tmp_path):
    sheet = PeopleSheet("rating", 200, 0.25, {"es": 3})
    rows = label_rows(sheet, tmp_path / "none.csv")
    assert [row.correlation for row in rows] == [0.0, 0.3, 0.6]
    assert [row.needed for row in rows] == [97, 88, 62]  # (2.8 * 1.4 / .4)^2 * (1 - r^2)
    assert rows[0].labels == 364 and rows[0].planned == 66
    assert "es: 97 questions, 364 labels, alone" in labels_text(rows)


def test_labels_that_are_there_tell_spread_and_correlation(tmp_path):
    text = COLUMNS + "gpt,es,open,,translated,0.5,120\ngpt,es,open,tiny,translated,0.9,3\n"
    (tmp_path / "gaps.csv").write_text(text, encoding="utf-8")
    sheet = PeopleSheet("pairwise", 200, 0.25, {"es": 2, "zh": 2})
    es, *zh = label_rows(sheet, tmp_path / "gaps.csv")
    assert (es.source, es.needed, es.correlation) == ("gpt, translated", 120, 0.5)
    assert [row.source for row in zh] == ["assumed"] * 3
