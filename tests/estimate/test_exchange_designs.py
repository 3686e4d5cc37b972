"""Designs for an exchange rate follow from assumptions, and from the study's results once it has some."""

from estimate_cost import exchange_designs
from mothertongue.correlate.exchange_planning import Wish
from simulated_sizes import Truth, write

WISH = Wish(width=3, rate=4, rows=500, native=1000, gain=8)


def test_without_results_noise_is_assumed_and_with_results_it_is_theirs(tmp_path):
    rows, text = exchange_designs(WISH, tmp_path)
    assert {row["measured"] for row in rows} == {""}
    assert "assumed: 8 points" in text
    quiet = Truth("quiet", 4.0, training=0.1, offset=0.1, by_size=0.1, spread=(5.0, 0.1, 0.01))
    write(tmp_path, {"es": quiet, "zh": Truth("as assumed", 4.0)})
    rows, text = exchange_designs(WISH, tmp_path)
    assert {(row["language"], row["benchmark"]) for row in rows} == {("es", "qa"), ("zh", "qa")}
    assert {row["measured"] for row in rows} == {"models draws training"}
    assert "Questions, Spanish\n(this study's results:" in text
    cheapest = {
        code: min(r["rows"] for r in rows if r["language"] == code) for code in ("es", "zh")
    }
    assert cheapest["es"] < cheapest["zh"]
