"""Signal and noise of each test: the parts of a known variance are found, and shown in words."""

import numpy as np
import pytest
import split_variance
from made_claims import cells_of, claim, decided
from made_up import Adapter, write_study
from mothertongue.correlate import claims as c
from mothertongue.correlate.noise import NoiseRow
from mothertongue.correlate.rating import Rating
from mothertongue.correlate.records import read_records
from mothertongue.report.benchmarks import benchmarks_page, noise_page


def simulated(folder, *, training, models, languages, items=1, seeds=4, icc=0.0):
    """Scores of a study with these standard deviations (points), passages of five items."""
    generator = np.random.default_rng(7)
    answers = {}
    codes = ("es", "ru", "zh", "de", "fi", "ga")
    of_model = generator.normal(0, models, 12)
    of_language = generator.normal(0, languages, 6)
    easy = {(code, i): generator.normal(0, icc) for code in codes for i in range(40)}
    for m in range(12):
        for code, shift in zip(codes, of_language, strict=True):
            for data in ("native", "google"):
                for seed in range(seeds):
                    mean = 50 + (of_model[m] + shift if data == "native" else 0)
                    mean += generator.normal(0, training)
                    values = mean + generator.normal(0, items, 200)
                    if data == "native":
                        values += np.repeat([easy[code, i] for i in range(40)], 5)
                    adapter = Adapter(f"m{m}", data, language=code, seed=seed)
                    answers[adapter] = {f"q{i:03}": float(v) for i, v in enumerate(values)}
    write_study(folder, answers)
    return folder


def split(folder):
    """variance.csv of a study."""
    split_variance.main(
        scores=folder / "scores.csv",
        about=folder / "about.json",
        item_table=folder / "items.parquet",
        table=folder / "variance.csv",
    )
    return read_records(folder / "variance.csv", NoiseRow)


def test_the_parts_of_a_known_variance_are_found(tmp_path):
    folder = simulated(tmp_path, training=1.5, models=2.0, languages=3.0)
    (row,) = split(folder)
    assert row.adapter_sd == pytest.approx(1.5, rel=0.15)
    assert row.training_variance == pytest.approx(2 * 1.5**2, rel=0.3)
    assert row.models_variance**0.5 == pytest.approx(2.0, rel=0.5)
    assert row.languages_variance**0.5 == pytest.approx(3.0, rel=0.7)
    assert row.items_variance < 0.1 and row.seeds == 4 and row.models == 12
    parts = sum(row.variances.values())
    assert row.comparison_sd == pytest.approx(parts**0.5)
    assert row.signal_to_noise == pytest.approx(abs(row.gap) / parts**0.5)


def test_one_training_of_one_model_tells_little_and_says_so(tmp_path):
    items = {f"q{i}": float(i % 3 == 0) for i in range(60)}
    write_study(tmp_path, {Adapter("ada", data): items for data in ("native", "google")})
    (row,) = split(tmp_path)
    for part in ("training", "models", "languages"):
        assert row.variances[part] is None
    page = noise_page(cells_of(), [row])
    assert "These scores do not tell: training, models, languages." in page.facts
    assert "n: " in page.caption and "Seeds" in page.caption


def test_a_test_is_rated_by_its_verdict_not_by_counted_signs():
    own = {"question": c.BENCHMARK, "benchmark": "quiz", "language": None}
    page = benchmarks_page(
        cells_of(), [decided(c.NATIVE_BETTER, 7.6, 4.4, 10.7, ahead=7, **own)], []
    )
    (row,) = page.tables[0].rows
    assert "▲ native better" in [getattr(mark, "text", None) for mark in row]
    unsure = claim(
        **own, estimate=7.6, low=4.4, high=10.7, p_adjusted=0.125, verdict=c.NATIVE_BETTER
    )
    (row,) = benchmarks_page(cells_of(), [unsure], []).tables[0].rows
    texts = [getattr(mark, "text", None) for mark in row]
    assert "? undecided" in texts and "▲ native better" not in texts
    gone = claim(**own, verdict=c.AT_CHANCE)
    (row,) = benchmarks_page(cells_of(), [gone], []).tables[0].rows
    assert "∅ sees nothing: at chance" in [getattr(mark, "text", None) for mark in row]
    assert 0.5 not in [getattr(mark, "value", mark) for mark in row]
    several = [claim(**{**own, "language": code}) for code in ("es", "zh")]
    assert len(benchmarks_page(cells_of(), several, []).tables[0].rows) == 2


def test_the_smallest_detectable_gap_is_that_of_the_gaps_metric_and_never_shown_as_zero():
    own = {"question": c.BENCHMARK, "benchmark": "quiz", "language": None}
    bits = claim(**own, metric="bits_per_byte", estimate=-0.0151, low=None, high=None)
    rated = [
        Rating("quiz", None, metric, origin="native", kind="structured", detectable=gap,
               detectable_items=20)
        for metric, gap in (("perplexity", 3.087), ("bits_per_byte", 0.00686))
    ]  # fmt: skip
    (row,) = benchmarks_page(cells_of(), [bits], rated).tables[0].rows
    texts = [getattr(mark, "text", None) for mark in row]
    assert "−0.015" in texts and "0.0069" in texts
    assert 3.087 not in [getattr(mark, "value", mark) for mark in row]
