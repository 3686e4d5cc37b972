"""Designs for an exchange rate follow from assumptions, and from the study's results once it has some."""

from mothertongue.correlate.exchange_planning import Wish
from mothertongue.estimate.exchange import exchange_designs
from mothertongue.report.exchange_designs import designs_text
from simulated_sizes import Truth, write

WISH = Wish(width=3, rate=4, rows=500, native=1000, gain=8)


def test_without_results_noise_is_assumed_and_with_results_it_is_theirs(tmp_path):
    (one,) = exchange_designs(WISH, tmp_path)
    assert (one.label, one.measured) == ("", ())
    assert "assumed: 8 points" in designs_text(WISH, [one])
    quiet = Truth("quiet", 4.0, training=0.1, offset=0.1, by_size=0.1, spread=(5.0, 0.1, 0.01))
    write(tmp_path, {"es": quiet, "zh": Truth("as assumed", 4.0)})
    designs = exchange_designs(WISH, tmp_path)
    assert {(one.language, one.benchmark) for one in designs} == {("es", "qa"), ("zh", "qa")}
    assert {tuple(sorted(one.measured)) for one in designs} == {("draws", "models", "training")}
    assert "Questions, Spanish\n(this study's results:" in designs_text(WISH, designs)
    cheapest = {one.language: min(plan.layout.rows for plan in one.plans) for one in designs}
    assert cheapest["es"] < cheapest["zh"]
