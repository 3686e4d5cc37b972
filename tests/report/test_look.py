"""What readers see first: openings of categories, terms explained, one sentence for what is shared."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest
from made_claims import cells_of, claim, decided, one_of_each
from mothertongue.bundle.citations import read_citations
from mothertongue.correlate import claims as c
from mothertongue.report import categories
from mothertongue.report.citing import bibtex, citing_page
from mothertongue.report.findings import find_all
from mothertongue.report.glossary import explained, meanings
from mothertongue.report.sections import MOST, OPENINGS, section_page
from mothertongue.report.sentences import Names
from mothertongue.report.together import AT_CHANCE, together
from mothertongue.report.verdicts import numbers

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names():
    return Names(cells_of())


@pytest.mark.parametrize("section", list(OPENINGS))
def test_a_category_opens_with_question_picture_and_few_sentences(names, section):
    page = section_page(section, find_all(one_of_each(), names), names)
    assert f"<h1>{html.escape(OPENINGS[section].question)}</h1>" in page
    assert page.count("<svg") == 1
    assert 1 <= page.count("<li>") <= MOST


def test_a_category_without_claims_has_no_page(names):
    assert section_page(categories.GAP, [], names) == ""


def test_gap_and_score_have_a_picture_where_no_r_is_known(names):
    """One model has no r; its gaps are still shown, each test's highest score first."""
    gaps = [
        decided(c.NATIVE_BETTER, gap, gap - 3, gap + 3, question=c.BENCHMARK, benchmark=test,
                language=code, first_score=score)
        for test, code, score, gap in (
            ("quiz", "es", 61.5, 7.6), ("quiz", "zh", 88.0, 20.4), ("story", "es", 70.0, 9.0),
        )
    ]  # fmt: skip
    over_both = replace(gaps[0], language=None, languages=2, first_score=74.75)
    r = {"question": c.GROWTH, "unit": "r", "margin": None, "estimate": None, "p": None}
    unknown = [
        claim(**r, low=None, high=None, benchmark=test, language=None, languages=2, models=1)
        for test in ("quiz", "story")
    ]
    page = section_page(categories.OBVIOUS, find_all([*gaps, over_both, *unknown], names), names)
    assert page.count("<svg") == 1
    rows = re.findall(r"(Spanish|Chinese|All languages), native ([\d.]+)</text>", page)
    assert rows == [("Chinese", "88.0"), ("Spanish", "61.5"), ("Spanish", "70.0")]
    assert "this study compares 1." in page
    # with six models whose scores have no spread, the sentences say why nothing is known
    alike = [replace(one, models=6) for one in unknown]
    assert "this study compares" not in section_page(
        categories.OBVIOUS, find_all([*gaps, *alike], names), names
    )


def test_chance_is_said_once_for_every_test_it_holds_for(names):
    blind = [
        claim(question=c.BENCHMARK, benchmark="quiz", language=code, verdict=c.AT_CHANCE,
              first_score=25.0 + i, second_score=25.0)
        for i, code in enumerate(("es", "zh"))
    ]  # fmt: skip
    seen = decided(c.NATIVE_BETTER, 7.6, 4.4, 10.7)
    lines = together(find_all([*blind, seen], names), names)
    assert [line for line in lines if "chance" in line] == [
        f"{AT_CHANCE}: Quiz, Spanish; Quiz, Chinese."
    ]
    assert len(lines) == 2


def test_sentences_with_numbers_of_their_own_stay_apart(names):
    twice = [decided(c.NATIVE_BETTER, 7.6, 4.4, 10.7)] * 2
    assert len(together(find_all(twice, names), names)) == 2


def test_every_sentence_begins_with_a_capital(names):
    cells = cells_of()
    about = cells.facts.benchmarks
    about["quiz"] = replace(about["quiz"], label="a quiz in lower case")
    said = [finding.sentence for finding in find_all(one_of_each(), Names(cells))]
    assert all(sentence[0].isupper() for sentence in said)
    assert any(sentence.startswith("A quiz in lower case") for sentence in said)


def test_a_difference_of_percentages_ends_at_100(names):
    wide = decided(c.NATIVE_BETTER, 89.4, 77.9, 101.0)
    assert numbers(wide) == "+89.4 points [77.9, 100.0]"


def test_ratings_have_two_decimals_and_percentages_one():
    five = decided(c.NATIVE_BETTER, 0.8, 0.4, 1.2, unit="points of 5", margin=0.2)
    assert numbers(five) == "+0.80 points of 5 [0.40, 1.20]"
    assert numbers(decided(c.NATIVE_BETTER, 7.6, 4.4, 10.7)) == "+7.6 points [4.4, 10.7]"


def test_terms_are_explained_once_a_page_and_text_stays_text():
    told: set[str] = set()
    first = explained("The gap & its <margin>: gaps, p < .001.", told)
    assert first.count("<abbr") == 2 and 'tabindex="0"' in first
    assert "&amp;" in first and "&lt;<abbr" in first
    assert re.sub(r"<[^>]*>", "", first).endswith("gaps, p\xa0&lt;\xa0.001.")
    assert "<abbr" not in explained("Another gap.", told)


def test_the_glossary_is_short_and_plain():
    for form, means in meanings().items():
        assert form == form.strip() and means.endswith(".") and len(means) < 140, form


def test_citing_agrees_with_the_citation_files(tmp_path):
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    title = re.search(r'^title: "(.*)"', cff, re.MULTILINE)[1]
    assert f"title = {{{title}}}" in bibtex()
    paper = next(
        one
        for one in read_citations(ROOT / "resources" / "citations.bib")
        if one.key == "chen2024good"
    )
    assert "".join(paper.text.split()) in "".join(bibtex().split())
    (tmp_path / "scores.csv").write_text("a,b\n1,</script>\n", encoding="utf-8")
    page = citing_page({"scores.csv": (tmp_path / "scores.csv", "scores")})
    assert "1,<\\/script>" in page and "snakemake --cores 1 bundle" in page
