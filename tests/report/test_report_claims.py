"""Sentences, the first table and the forest plot say no more than the claims they are made of."""

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
import write_findings
from made_claims import cells_of, claim, decided, one_of_each
from made_up import Adapter, write_study
from mothertongue.correlate import claims as c
from mothertongue.correlate.claims import Needed, write_claims
from mothertongue.correlate.facts import LANGUAGE_FIDELITY
from mothertongue.correlate.notes import HIDES
from mothertongue.report.digits import digits_needed, p_words, with_interval
from mothertongue.report.findings import find_all, for_first_page
from mothertongue.report.first_page import arrange, bars_of, cell_html, first_sentences
from mothertongue.report.forest import draw_forest
from mothertongue.report.sections import OPENINGS
from mothertongue.report.sentences import Names, say_cause, word
from mothertongue.report.verdicts import checked
from mothertongue.scores import MULTI

LEADING = re.compile(r"\b(is|are) better than\b|\bbeats?\b|\bgrows\b|\bfalls with\b")


@pytest.fixture(scope="module")
def names():
    return Names(cells_of())


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((-0.033, -0.051, -0.015), "−0.033 [−0.051, −0.015]"),  # not 0.0 [−0.1, 0.0]
        ((7.55, 4.42, 10.7), "+7.5 [4.4, 10.7]"),
        ((0.2, -0.01, 1.98), "+0.20 [−0.01, 1.98]"),  # not 2.0: it lies within the margin
        ((0.4, -0.004, 0.8), "+0.400 [−0.004, 0.800]"),  # not [0.0, …]: it holds 0
        ((1e-12, 0.0, 3.0), "0.0 [0.0, 3.0]"),
        ((-3.0, None, None), "−3.0"),
        ((0.0, 0.0, 0.0), "0.0"),  # never [0.0, 0.0]
        ((None, None, None), "–"),
    ],
)
def test_a_number_has_the_digits_that_its_interval_needs(numbers, text):
    assert with_interval(*numbers, margin=2.0) == text


def test_no_rounding_crosses_zero_the_margin_or_the_level():
    for i in range(-400, 400):
        value = i / 173
        digits = digits_needed((value, value - 0.3, value + 0.3), margin=2.0)
        for number in (value, value - 0.3, value + 0.3):
            for limit in (0, 2, -2):
                assert (round(number, digits) > limit) == (number > limit)
    assert p_words(0.0497) == "p = .0497" and p_words(0.0503) == "p = .0503"
    assert (
        p_words(0.00002) == "p < .001" and p_words(0.3) == "p = .30" and p_words(1.0) == "p = 1.00"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"p_adjusted": 0.125},  # interval and test disagree
        {"p_adjusted": None, "p": 0.2},
        {"low": -0.1},
        {"low": None, "high": None},
        {"decides_low": -1.0, "decides_high": 12.0},  # undecided at the page's level
        {"basis": c.ADAPTERS, "models": 1, "seeds": 1, "items_low": 4.0, "items_high": 9.0},
    ],
)
def test_no_lead_that_its_own_numbers_do_not_carry(names, changes):
    unsure = decided(c.NATIVE_BETTER, 7.6, 4.4, 10.7, **changes)
    assert checked(unsure).verdict == c.UNDECIDED
    said = word(unsure, names)
    assert "undecided" in said and not LEADING.search(said)
    assert "native better" not in cell_html(checked(unsure), None, names.cells)


def test_one_training_of_one_model_speaks_of_these_two_adapters(names):
    alone = {"basis": c.ADAPTERS, "models": 1, "seeds": 1, "items_low": 1.0, "items_high": 9.0}
    said = word(decided(c.NATIVE_BETTER, 5.0, None, None, **alone), names)
    assert "these two adapters differ by +5.0 points [1.0, 9.0] in favour of native data" in said


def test_single_adapters_are_counted_over_languages_and_say_whom_they_favour(names):
    alone = {"basis": c.ADAPTERS, "models": 1, "seeds": 1, "items_low": -9.0, "items_high": -1.0}
    claim = decided(c.TRANSLATED_BETTER, -5.0, None, None, languages=2, language=None, **alone)
    found = "adapters differ by +5.0 points [1.0, 9.0] in favour of translated data"
    assert f"these four {found}" in word(claim, names)
    assert f"these two {found}" in word(replace(claim, scope=MULTI), names)


def test_models_are_counted_as_ahead_never_as_beaten(names):
    said = word(decided(c.NATIVE_BETTER, 7.6, 4.4, 10.7, ahead=8), names)
    assert "native data is ahead in 8 of 8 models" in said
    assert "for 8 of 8" not in said


def test_equivalence_is_within_the_margin_that_is_printed(names):
    said = word(decided(c.NO_WORSE, 0.2, -0.7, 1.98), names)
    assert (
        "translated data is no worse than native data, +0.20 points [−0.70, 1.98] within ±2" in said
    )
    assert "undecided" in word(decided(c.NO_WORSE, 0.2, -0.7, 2.3), names)


def test_nothing_is_made_of_a_zero_effect(names):
    for verdict in (c.UNDECIDED, c.NOT_SHOWN, c.NO_WORSE, c.ALIKE):
        said = word(claim(verdict=verdict, estimate=0.0, low=0.0, high=0.0, p=None), names)
        assert "0.0 [0.0, 0.0]" not in said and "same on every item" not in said
        assert "no detectable" not in said


def test_a_strong_correlation_is_never_no_relation(names):
    growth = {"question": c.GROWTH, "benchmark": "quiz", "unit": "r", "margin": None}
    said = word(claim(**growth, estimate=-0.9, low=-0.99, high=0.1, models=4), names)
    assert "undecided" in said and "r = −0.90" in said and "4 models" in said
    none = word(claim(**growth, estimate=-0.9, low=None, high=None, models=3, p=None), names)
    assert "3 models" in none and "no scores" not in none and "no relation" not in none.lower()
    empty = word(claim(**growth, estimate=None, low=None, high=None, models=3, p=None), names)
    assert "no spread of scores in 3 models" in empty


def test_the_gap_is_not_smaller_where_it_reversed_or_both_fell(names):
    change = {"question": c.SETTING, "contrast": "change"}
    shrunk = decided(c.SMALLER, -5.0, -8.0, -2.0, first_score=-1.0, second_score=4.0, **change)
    assert "smaller" not in word(shrunk, names) and "undecided" in word(shrunk, names)
    reversed_ = word(decided(c.REVERSED, -5.0, -8.0, -2.0, **change), names)
    assert "the other data leads" in reversed_ and "smaller" not in reversed_
    fell = word(decided(c.BOTH_FELL, -5.0, -8.0, -2.0, **change), names)
    assert "both scores fall" in fell and "no gain" in fell


def test_judges_stand_on_opposite_sides_only_if_their_difference_is_shown(names):
    judges = {"question": c.JUDGES, "first": "ann", "second": "bob"}
    sure = word(decided(c.OPPOSITE_SIDES, 6.0, 2.0, 10.0, **judges), names)
    assert "opposite sides" in sure
    for numbers in ((6.0, -2.0, 14.0), (0.1, -1.0, 1.2)):
        unsure = word(decided(c.OPPOSITE_SIDES, *numbers, **judges), names)
        assert "opposite" not in unsure and "undecided" in unsure


def test_chance_is_said_and_leaves_no_number_in_the_table(names):
    said = word(claim(verdict=c.AT_CHANCE), names)
    assert "this test sees nothing with these models" in said
    cell = cell_html(claim(verdict=c.AT_CHANCE), None, names.cells)
    assert "sees nothing" in cell and "+0.5" not in cell


def test_every_claim_has_one_clean_sentence(names):
    for one in one_of_each():
        said = word(one, names)
        assert said.endswith(".") and said.count(". ") == 0, said
        assert not re.search(r"\b(nan|None)\b|−0\.0\b|  |\(\)", said), said
        if one.verdict not in (c.AT_CHANCE, c.LANGUAGES_DIFFER):
            assert re.search(r"[+−0]\d*\.\d+.*\[", said), said


def test_a_reversal_between_languages_replaces_the_mean():
    claims = one_of_each()
    screen = arrange(claims, ["es", "zh"])
    assert screen.groups == ["knowledge", "reading", "reasoning", "open answers"]
    assert screen.cells[None, "reading"].verdict == c.LANGUAGES_DIFFER
    assert "no mean" in cell_html(screen.cells[None, "reading"], None, cells_of())
    bars = {(bar.language, bar.name): bar for bar in bars_of(screen, cells_of())}
    assert bars["All languages", "Reading"].estimate is None
    assert bars["Spanish", "Open answers"].low is None  # at chance: it leaves the plot, too
    assert bars["Spanish", "Knowledge"].low == 4.4


def test_what_would_decide_stands_in_an_undecided_cell(names):
    cell = cell_html(claim(), None, names.cells)
    assert "would decide: 6 models more or 9 seeds each" in cell
    assert "no affordable number" in cell_html(claim(needed=Needed()), None, names.cells)
    assert "best: google" in cell


def test_at_most_eight_sentences_and_the_decided_ones_first(names):
    findings = find_all(one_of_each(), names)
    first = first_sentences(findings)
    assert len(first) == 8 == len({finding.sentence for finding in first})
    assert all(checked(f.claim).verdict not in (c.UNDECIDED, c.AT_CHANCE) for f in first)
    few = find_all([claim(), claim(language="zh")], names)
    assert [f.sentence for f in first_sentences(few)] == [f.sentence for f in few]


def pooled(question, verdict, *numbers, **more):
    where = {"language": None, "languages": 2, "group": "grammar", **more}
    return decided(verdict, *numbers, question=question, **where)


def test_translators_that_part_ways_stand_in_the_place_of_their_mean(names):
    mean = pooled(c.CELL, c.NATIVE_BETTER, 20.0, 15.0, 25.0)
    good = pooled(c.TRANSLATOR, c.NO_WORSE, 0.2, -0.7, 1.1, second="good")
    bad = pooled(c.TRANSLATOR, c.NATIVE_BETTER, 40.0, 35.0, 45.0, second="bad")
    own = pooled(c.CELL, c.NATIVE_BETTER, 20.0, 15.0, 25.0, language="es", languages=1)
    first = [f.claim for f in first_sentences(find_all([mean, own, good, bad], names))]
    assert first == [good, bad]
    alike = replace(bad, verdict=c.NO_WORSE, estimate=0.1, low=-0.9, high=1.0)
    first = [f.claim for f in first_sentences(find_all([mean, own, good, alike], names))]
    assert first[0] == mean and good not in first


def test_translators_that_part_ways_in_one_language_stand_in_the_place_of_its_mean(names):
    here = {"language": "es", "languages": 1}
    own = pooled(c.CELL, c.NATIVE_BETTER, 20.0, 15.0, 25.0, **here)
    good = pooled(c.TRANSLATOR, c.NO_WORSE, 0.2, -0.7, 1.1, second="good", **here)
    bad = pooled(c.TRANSLATOR, c.NATIVE_BETTER, 40.0, 35.0, 45.0, second="bad", **here)
    other = pooled(c.CELL, c.NATIVE_BETTER, 20.0, 15.0, 25.0, language="zh", languages=1)
    first = [f.claim for f in first_sentences(find_all([own, good, bad, other], names))]
    assert first == [good, bad, other]


def test_one_control_is_always_shown_and_one_that_differs_first(names):
    mean = pooled(c.CELL, c.NATIVE_BETTER, 20.0, 15.0, 25.0)
    told = {"contrast": "control", "second": "again"}
    open_ = replace(pooled(c.CONTROL, c.UNDECIDED, 0.2, -9.0, 9.0, **told), p=0.9, p_adjusted=1.0)
    apart = pooled(c.CONTROL, c.NATIVE_BETTER, 20.0, 15.0, 25.0, **told, group="reading")
    assert [f.claim for f in first_sentences(find_all([mean, open_], names))] == [mean, open_]
    assert [f.claim for f in first_sentences(find_all([mean, open_, apart], names))] == [
        mean,
        apart,
    ]


def test_one_translator_and_one_test_say_it_once(names):
    numbers = (9.0, 6.0, 12.0)
    cell = pooled(c.CELL, c.NATIVE_BETTER, *numbers)
    best = pooled(c.BEST, c.NATIVE_BETTER, *numbers, second="google")
    test = pooled(c.BENCHMARK, c.NATIVE_BETTER, *numbers, benchmark="a")
    other = pooled(c.BENCHMARK, c.NATIVE_BETTER, 8.0, 5.0, 11.0, benchmark="b")
    shown = [f.claim for f in first_sentences(find_all([cell, best, test, other], names))]
    assert shown == [cell, other]


def test_a_test_of_knowledge_and_one_of_defects_are_both_shown(names):
    def cause(benchmark, verdict, *numbers):
        told = {"benchmark": benchmark, "contrast": c.KNOWLEDGE_OR_DEFECTS}
        return pooled(c.CAUSE, verdict, *numbers, **told)

    first, second = (cause(name, c.DEFECTS_LARGER, -9.0, -12.0, -6.0) for name in ("a", "b"))
    third = cause("c", c.KNOWLEDGE_LARGER, 9.0, 6.0, 12.0)
    shown = [f.claim for f in first_sentences(find_all([first, second, third], names))]
    assert shown == [first, third]


@pytest.mark.parametrize(
    ("verdict", "effects", "words"),
    [
        (c.KNOWLEDGE_LARGER, (40.0, 2.0), "missing knowledge costs more than translation defects"),
        (c.DEFECTS_LARGER, (2.0, 40.0), "translation defects cost more than missing knowledge"),
        (
            c.DEFECTS_LARGER,
            (-38.5, -0.5),
            "native content costs 38.5 and translation back and forth helps 0.5, a difference of",
        ),
        (
            c.KNOWLEDGE_LARGER,
            (2.0, -36.0),
            "native content helps 2.0 and translation back and forth helps 36.0, a difference of",
        ),
    ],
)
def test_what_helps_is_not_called_a_cost(names, verdict, effects, words):
    difference = effects[0] - effects[1]
    numbers = (difference, difference - 3, difference + 3)
    cause = pooled(c.CAUSE, verdict, *numbers, contrast=c.KNOWLEDGE_OR_DEFECTS, benchmark="a")
    cause = replace(cause, first_score=effects[0], second_score=effects[1])
    assert words in say_cause(cause, names)


def test_the_right_language_is_on_the_first_page_only_if_it_differs(names):
    asked = {"group": LANGUAGE_FIDELITY, "metric": "language_fidelity"}
    mean = pooled(c.CELL, c.NATIVE_BETTER, 20.0, 15.0, 25.0)
    alike = pooled(c.CELL, c.NO_WORSE, 0.1, -0.9, 1.0, **asked)
    apart = pooled(c.CELL, c.NATIVE_BETTER, 9.0, 5.0, 13.0, **asked, language="es")

    def shown(*claims):
        page = for_first_page(names.cells, list(claims), find_all(claims, names))
        groups = arrange(page.claims, ["es", "zh"]).groups
        return groups, [finding.claim for finding in first_sentences(page.findings)]

    assert shown(mean, alike) == (["grammar"], [mean])
    assert shown(mean, alike, apart) == (["grammar", LANGUAGE_FIDELITY], [mean, apart])
    assert shown(alike) == ([LANGUAGE_FIDELITY], [alike])  # a study that tests nothing else
    where = {"language": "es", "languages": 1}
    many = [replace(mean, group=f"g{n}", estimate=16.0 + n, **where) for n in range(9)]
    _, first = shown(*many, apart)
    assert len(first) == 8 and apart in first  # one difference is always told


def test_the_forest_plot_shows_every_cell_band_and_zero():
    screen = arrange(one_of_each(), ["es", "zh"])
    bars = bars_of(screen, cells_of())
    assert len(bars) == 12
    root = ElementTree.fromstring(draw_forest(bars))
    space = "{http://www.w3.org/2000/svg}"
    hints = [element.text or "" for element in root.iter(f"{space}title")]
    assert len(hints) == 13
    assert any("Spanish, Knowledge: native better, +7.6 points" in hint for hint in hints)
    symbols = {text.text for text in root.iter(f"{space}text")}
    assert {"▲", "≈", "▼", "∅", "?", "≠"} <= symbols  # told apart without colour
    circles = list(root.iter(f"{space}circle"))
    assert len(circles) == 8  # not at chance (3), not where languages differ (1)
    wide = draw_forest([bars[0]._replace(estimate=50.0, low=-90.0, high=float("inf"))])
    assert wide.count("<path") == 2  # both ends reach further than the axis


def test_findings_json_holds_the_claim_behind_every_sentence(tmp_path):
    items = {f"q{i}": float(i % 3 == 0) for i in range(30)}
    cells = {Adapter(f"m{i}", d, language=code): items
             for i in range(8) for d in ("native", "google") for code in ("es", "zh")}  # fmt: skip
    write_study(tmp_path, cells)
    write_claims(tmp_path / "claims.json", one_of_each())
    write_findings.main(
        scores=tmp_path / "scores.csv",
        about=tmp_path / "about.json",
        claims=tmp_path / "claims.json",
        folder=tmp_path / "made",
    )
    found = json.loads((tmp_path / "made" / "findings.json").read_text(encoding="utf-8"))
    assert len(found) == len(one_of_each())
    for one in found:
        for key in ("question", "benchmark", "language", "contrast", "verdict", "estimate", "low",
                    "high", "p", "p_adjusted", "basis", "models", "languages", "seeds", "draws",
                    "items", "clusters", "table", "row"):  # fmt: skip
            assert key in one["claim"]
    page = (tmp_path / "made" / "answer.html").read_text(encoding="utf-8")
    assert page.count("<li>") == 8 == sum(one["first_page"] for one in found)
    text = (tmp_path / "made" / "findings.html").read_text(encoding="utf-8")
    alone = [one for one in found if one["claim"]["estimate"] is not None
             and one["claim"]["verdict"] != c.AT_CHANCE]  # fmt: skip
    assert len(alone) <= text.count("<li>") < len(found)  # what holds for several is said once
    index = json.loads((tmp_path / "made" / "index.json").read_text(encoding="utf-8"))
    openings = {f"{opening.name}.html" for opening in OPENINGS.values()}
    items = {"answer.html", "forest.svg", "findings.html", "citing.html"}
    assert items | openings == set(index)
    for entry in index.values():
        assert re.search(r"n: .*Metric.*Seeds", entry["caption"])


def test_an_undecided_interval_within_the_margin_is_said_to_be_the_pages_doing(names):
    """Reader's question: why is +0.4 [−0.6, 1.3] within ±2 undecided?"""
    near = claim(estimate=0.4, low=-0.6, high=1.3)
    assert "within ±2 (over 8 models, adjusted p = 1.00, not sure enough beside" in word(
        near, names
    )
    assert "within" not in word(claim(estimate=0.4, low=-0.6, high=2.3), names)
    cause = claim(question=c.CAUSE, contrast="knowledge", estimate=0.4, low=-0.6, high=1.3)
    assert "within" not in word(cause, names)  # never tested for equivalence


def test_scores_that_do_not_differ_are_said_once(names):
    note = "nothing varies, so nothing can be told"
    same = claim(estimate=0.0, low=None, high=None, p=None, p_adjusted=None, needed=None, note=note)
    assert word(same, names).endswith("nothing can be said, as no score differs.")
    apart = word(claim(estimate=5.0, low=None, high=None, p=None, needed=None, note=note), names)
    assert apart.endswith(f"; {note}.")


def test_what_a_mean_hides_is_named_as_it_is_called(names):
    note = f"{HIDES}: quiz, judge GPT-4-Turbo in Chinese"
    said = word(claim(estimate=0.4, low=-0.6, high=1.3, note=note, needed=None), names)
    assert said.endswith(f"; {HIDES}: quiz, judge GPT-4-Turbo in Chinese.")
    assert "not sure enough" not in said


def test_a_cell_says_why_a_mean_is_undecided_and_no_best_of_equals(names):
    hidden = claim(estimate=0.4, low=-0.6, high=1.3, note=f"{HIDES}: quiz", needed=None)
    assert "its tests differ by more than the margin" in cell_html(hidden, None, names.cells)
    same = {"estimate": 0.0, "low": None, "high": None, "decides_low": None, "decides_high": None}
    equal = cell_html(claim(best="google", needed=None, **same), None, names.cells)
    assert "no score differs" in equal
    assert "best:" not in equal
    alone = claim(best="google", needed=None, basis=c.ADAPTERS, models=1, **same)
    assert "no score differs" not in cell_html(alone, None, names.cells)  # translators may cancel
    assert "best:" not in cell_html(alone, None, names.cells)
    assert "best:" in cell_html(claim(best="google"), None, names.cells)
