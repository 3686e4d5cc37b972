"""Texts of figures are neither cut nor printed over one another, in small and in large studies."""

import matplotlib.pyplot as plt
import pytest
from figure_text import text_problems
from large_study import large_cells
from made_claims import cells_of
from mothertongue.correlate.gap_correlation import Gap
from mothertongue.report import gap_figure, score_figure, training
from mothertongue.report.figures import palette, prepare


@pytest.fixture(scope="module")
def large():
    return large_cells()


def every_gap(cells):
    """A panel of gaps for each test."""
    found = []
    for test in cells.tests:
        metric = cells.metrics(test)[0]
        points = []
        for model in cells.models():
            for code in cells.languages():
                scores = [
                    cells.score(test, metric, code, model, data, cells.main)
                    for data in ("native", "google")
                ]
                place = (test.benchmark, None, metric, code, model, cells.facts.family(model))
                points.append(Gap(*place, *scores, scores[0] - scores[1], sum(scores) / 2))
        found.append((test, points, None))
    return found


def run_of(model, data, scope, seed):
    points = [training.Point(epoch, 2.0 + 1 / (1 + epoch), 1.0, epoch == 2) for epoch in range(4)]
    return training.Run(
        model, data, scope, "high", seed, tuple(points), 1e-4, 400, 0, 0, 0, 9000, 2.3, 2, 3, 90,
        1000.0, 60.0, "cpu",
    )  # fmt: skip


def figures_of(cells):
    panels = [(test, metric) for test in cells.tests for metric in cells.metrics(test)]
    yield "scores", score_figure.draw(cells, panels, palette(cells))
    yield "gaps", gap_figure.draw(cells, every_gap(cells))
    runs = [
        run_of(model, data, scope, 1)
        for model in cells.models()[:2]
        for scope in cells.languages()
        for data in cells.facts.data
        if data != "base"
    ]
    yield "learning curves", training.draw_curves(runs, cells.facts)


@pytest.mark.parametrize("size", ["large", "one model"])
def test_texts_of_figures_are_whole(size, large):
    cells = large if size == "large" else cells_of(models=1, translators=("google", "madlad"))
    for name, figure in figures_of(cells):
        assert text_problems(figure) == [], name
        plt.close(figure)


def test_a_panel_s_longest_title_is_whole(monkeypatch):
    """The built-in judge's name and metric were cut at the edge of the gap figure."""
    cells = cells_of(models=1, translators=("google", "madlad"))
    panels = every_gap(cells)
    long = "QA: translated · overlap (chrF baseline)"
    monkeypatch.setattr(gap_figure, "short_label", lambda *_: long)
    monkeypatch.setattr(gap_figure, "metric_words", lambda _: "mean rating")
    figure = gap_figure.draw(cells, 2 * panels)
    problems = text_problems(figure)
    plt.close(figure)
    assert problems == []


def test_the_longest_name_of_an_axis_is_whole(monkeypatch):
    cells = cells_of(models=1, translators=("google", "madlad"))
    panels = [(test, metric) for test in cells.tests for metric in cells.metrics(test)]
    monkeypatch.setattr(score_figure, "metric_words", lambda _: "in the right language and script")
    monkeypatch.setattr(type(cells.facts), "model_label", lambda *_: "Qwen1.5-0.5B")
    figure = score_figure.draw(cells, 2 * panels, palette(cells))
    problems = text_problems(figure)
    for axes in figure.axes:
        if axes.axison:  # no share is below 0 % or above 100 %
            assert all(0 <= tick <= 100 for tick in axes.get_xticks())
    plt.close(figure)
    assert problems == []


def test_the_check_finds_a_cut_and_an_overprinted_text():
    figure, axes = prepare().subplots(figsize=(2, 1))
    axes.text(0.9, 0.5, "far beyond the edge of it", transform=axes.transAxes)
    axes.text(0.2, 0.2, "one", transform=axes.transAxes)
    axes.text(0.22, 0.2, "two", transform=axes.transAxes)
    found = text_problems(figure)
    plt.close(figure)
    assert any(line.startswith("cut: 'far") for line in found)
    assert "overprinted: 'one' and 'two'" in found
