"""What is wrong with the texts of a drawn figure: cut at its edge, or printed over one another."""

from itertools import combinations

SLACK = 1.0  # pixels that boxes may share: they are wider than their ink


def texts_of(figure):
    """(words, box in pixels) of every text that is seen; a figure is drawn first."""
    from matplotlib.text import Text

    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    hidden = {text for axes in figure.axes if not axes.axison for text in axes.findobj(Text)}
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():  # matplotlib leaves out those beyond the axis
            if not low <= tick.get_loc() <= high:
                hidden |= {tick.label1, tick.label2}
    found = []
    for text in figure.findobj(Text):
        if text in hidden or not text.get_visible() or not text.get_text().strip():
            continue
        found.append((text.get_text(), text.get_window_extent(renderer)))
    return found


def text_problems(figure):
    """One line per text that is cut, and per pair of texts that overlap."""
    found = texts_of(figure)
    whole = figure.bbox
    problems = [
        f"cut: {words!r}"
        for words, box in found
        if box.x0 < whole.x0 - SLACK
        or box.y0 < whole.y0 - SLACK
        or box.x1 > whole.x1 + SLACK
        or box.y1 > whole.y1 + SLACK
    ]
    for (words, box), (others, other) in combinations(found, 2):
        wide = min(box.x1, other.x1) - max(box.x0, other.x0)
        tall = min(box.y1, other.y1) - max(box.y0, other.y0)
        if wide > SLACK and tall > SLACK:
            problems.append(f"overprinted: {words!r} and {others!r}")
    return problems
