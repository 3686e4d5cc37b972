"""People beside judges: a judge with planted biases, people who know better, and gaps corrected."""

import numpy as np
import pytest
from mothertongue.files import write_jsonl
from mothertongue.people.compare import agreements, beside, ratings_of
from mothertongue.people.gaps import FEW, gaps
from mothertongue.people.records import Item, Label, Unit


def unit(n, model="tiny"):
    return Unit("es", "asked", f"q{n}", model, "es", "high", 1)


def study(rng, *, mode="rating", questions=400, labelled=80, gap=0.3, bias=0.6, noise=0.5):
    """(labels, ratings) of one judge that flatters translated data by `bias` points."""
    labels, ratings = [], {}
    for n in range(questions):
        hard = rng.normal() * 0.6
        worth = {"native": 3 + gap + hard, "fluent": 3 + hard + rng.normal() * 0.8}
        told = {name: value + rng.normal() * noise for name, value in worth.items()}
        told["fluent"] += bias
        ratings[unit(n)] = told
        for who in ("ana", "luis")[: 2 if n < labelled / 4 else 1] if n < labelled else ():
            said = {name: value + rng.normal() * noise for name, value in worth.items()}
            if mode == "rating":
                for name, value in said.items():
                    item = Item(unit(n), name, None, 0, (who,), "")
                    labels.append(Label.of(item, who, str(int(np.clip(round(value), 1, 5)))))
            else:
                order = n % 2 if who == "ana" else 1 - n % 2
                better = said["native"] > said["fluent"]
                choice = "A" if better == (order == 0) else "B"
                labels.append(
                    Label.of(Item(unit(n), "native", "fluent", order, (who,), ""), who, choice)
                )
    return labels, {"judge": ratings}


@pytest.mark.parametrize(("mode", "truth"), [("rating", 0.3), ("pairwise", 11.7)])
def test_a_biased_judges_gap_is_set_right(mode, truth):
    """Raw gaps are off by .6 points (15 % of the scale) and by 22 points of wins; corrected by none.

    Truth of wins: Phi(.3 / sqrt(.8² + 2 · .5²)) - .5 = .610 - .5 with the noise of people's own ear.
    """
    from scipy.special import ndtr

    if mode == "pairwise":
        truth = 100 * (float(ndtr(0.3 / np.sqrt(0.8**2 + 2 * 0.5**2))) - 0.5)
    rng = np.random.default_rng(2)
    found = [gaps(*study(rng, mode=mode), 0.95)[0] for _ in range(60)]
    covered = sum(one.low <= truth <= one.high for one in found)
    off = (0.4, 0.05) if mode == "rating" else (15, 2)
    assert abs(np.mean([one.raw for one in found]) - truth) > off[0]
    assert abs(np.mean([one.corrected for one in found]) - truth) < off[1]
    assert covered >= 54
    one = found[0]
    assert (one.labelled, one.units, one.note, one.against) == (80, 400, None, "fluent")
    assert one.unit == ("points" if mode == "rating" else "percentage points")
    assert 0 < one.needed < 200


def test_few_labels_are_noted():
    rng = np.random.default_rng(3)
    (one,) = gaps(*study(rng, labelled=8), 0.95)
    assert f"fewer than {FEW}" in one.note


def test_the_mean_over_translators_needs_every_side():
    labels, judges = study(np.random.default_rng(4), labelled=30)
    for own in judges["judge"].values():
        own["literal"] = own["fluent"] - 0.2
    by = {one.against: one for one in gaps(labels, judges, 0.95)}
    assert "translated" not in by  # nobody labelled literal
    more = [Label.of(Item(one.unit, "literal", None, 0, ("ana",), ""), "ana", one.choice) for one in labels if one.a == "fluent" and one.annotator == "ana"]  # fmt: skip
    by = {one.against: one for one in gaps(labels + more, judges, 0.95)}
    assert set(by) == {"translated", "fluent", "literal"}
    assert by["translated"].raw == pytest.approx((by["fluent"].raw + by["literal"].raw) / 2)


def test_people_beside_a_judge_by_condition():
    labels, judges = study(np.random.default_rng(5), questions=200, labelled=200)
    rows = {one.condition: one for one in beside(labels, judges, 0.95)}
    assert rows["fluent"].low < -0.6 < rows["fluent"].high < -0.3  # the judge flatters
    assert rows["native"].low < 0 < rows["native"].high
    assert all(one.correlation > 0.4 for one in rows.values())
    labels, judges = study(np.random.default_rng(6), mode="pairwise", questions=200, labelled=200)
    (row,) = beside(labels, judges, 0.95)
    assert row.condition == "native against fluent" and 50 < row.same_side < 90
    assert row.people > row.of_judge + 10


@pytest.mark.parametrize("mode", ["rating", "pairwise"])
def test_agreement_is_krippendorffs_alpha(mode):
    """Two who say the same have alpha 1; who guess, about 0; alpha of the library on our table."""
    labels, _ = study(np.random.default_rng(7), mode=mode, noise=0.0, labelled=400)
    (same,) = agreements(labels, 0.95, 1)
    assert (same.alpha, same.same, same.annotators) == (1.0, 100.0, 2)
    assert same.twice == (200 if mode == "rating" else 100)
    labels, _ = study(np.random.default_rng(8), mode=mode, labelled=400)
    (some,) = agreements(labels, 0.95, 1)
    assert 0.1 < some.low < some.alpha < some.high < 0.9
    if mode == "pairwise":
        assert 40 < some.first < 60  # nobody prefers what is shown first


def test_without_a_double_label_there_is_no_alpha():
    labels, _ = study(np.random.default_rng(9), labelled=40)
    (one,) = agreements([label for label in labels if label.annotator == "ana"], 0.95, 1)
    assert np.isnan(one.alpha) and one.twice == 0


def test_a_pairwise_judges_verdicts_count_as_its_word(tmp_path):
    """Verdicts of a file are people's counterpart in mode pairwise; a question without one is left out."""
    labels, judges = study(np.random.default_rng(10), mode="pairwise", questions=60, labelled=40)
    path = tmp_path / "pairs/tiny/native/es/high/seed1/asked/es.against-fluent.jsonl"
    rows = [
        {
            "id": one.question,
            "verdict": "win",
            "unscored": None,
            "first": 1.0,
            "second": float(n % 2),
            "replies": [],
        }
        | {"characters": [1, 1], "flags": []}
        for n, one in enumerate(judges["judge"])
    ]
    rows[-1] |= {"first": None, "verdict": None, "unscored": "no reply"}
    write_jsonl(path, rows)
    read = ratings_of([path])
    (one,) = gaps(labels, read, 0.95)
    assert (one.judge, one.against, one.labelled, one.units) == ("pairs", "fluent", 40, 59)
    assert one.raw == pytest.approx(100 * (np.mean([0.5 + n % 2 / 2 for n in range(59)]) - 0.5))
    (row,) = beside(labels, read, 0.95)
    assert row.condition == "native against fluent"
