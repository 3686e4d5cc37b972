"""Learning curves from scores.csv: which scores make a curve, of a language and a benchmark."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..scores import MULTI, WIN_RATE
from ..study.mixes import Mix
from .averages import Cells, Test
from .curves import Curve, Point

NATIVE = "native"
Place = tuple[str, int, int]  # model, draw, rows


@dataclass(frozen=True)
class Curves:
    """The curves of one language and test; `sign` -1: less is better, and scores are turned.

    `left_out`: adapters without a counterpart in every model and draw.
    """

    language: str
    test: Test
    metric: str
    sign: float
    curves: tuple[Curve, ...]
    left_out: int

    @property
    def native(self) -> Curve:
        """The curve of native rows alone."""
        return next(one for one in self.curves if one.share == 1)

    @property
    def translated(self) -> list[Curve]:
        """Curves of translated rows alone, one per translator."""
        return [one for one in self.curves if one.share == 0]


def names_of(data: str) -> list[str]:
    """The kinds of data that a condition's name has: google and native of google_750+native_250_draw1."""
    return [part.data for part in Mix.parse(data).parts]


def kind_of(cells: Cells, data: str, native_rows: int, translated_rows: int) -> str | None:
    """What rows a condition has: `native`, a translator, or both with the native share.

    None for untuned bases and round trips.
    """
    names = names_of(data)
    if {cells.facts.data_kind(name) for name in names} & {"base", "roundtrip"}:
        return None
    if not translated_rows:
        return NATIVE
    others = " + ".join(name for name in names if cells.facts.data_kind(name) != NATIVE)
    if not native_rows:
        return others
    share = round(100 * native_rows / (native_rows + translated_rows))
    return f"{share} % native, {others}"


def points_of(cells: Cells, test: Test, metric: str, language: str) -> list[Point]:
    """Scores of adapters of this language at the main setting, whose rows are known."""
    import polars as pl

    frame = cells.scores
    rate = cells.facts.learning_rate
    known = frame.filter(
        (pl.col("benchmark") == test.benchmark)
        & pl.col("judge").eq_missing(test.judge)
        & (pl.col("metric") == metric)
        & (pl.col("language") == language)
        & (pl.col("scope") != MULTI)
        & pl.col("score").is_not_null()
        & pl.col("native_rows").is_not_null()
        & pl.col("translated_rows").is_not_null()
        & (pl.col("native_rows") + pl.col("translated_rows") > 0)
        & (pl.lit(rate is None) | (pl.col("learning_rate") == rate))
    )
    sign = cells.sign(test, metric)
    found = []
    for row in known.to_dicts():
        rows = row["native_rows"], row["translated_rows"]
        kind = kind_of(cells, row["data"], *rows)
        if kind is not None:
            place = row["draw"] or 1, row["seed"] or 0
            score = sign * row["score"]
            found.append(Point(language, test.benchmark, row["model"], kind, *rows, *place, score))
    return found


def curves_of(points: Iterable[Point]) -> tuple[tuple[Curve, ...], int]:
    """Curves of two sizes or more with the same models, native first; scores left out.

    A draw or a size that not every model has is left out, the one with most holes first.
    """
    kinds: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        kinds[point.kind].append(point)
    usable = {kind: own for kind, own in kinds.items() if len({p.rows for p in own}) > 1}
    if NATIVE not in usable:
        return (), 0
    models = sorted(set.intersection(*({p.model for p in own} for own in usable.values())))
    found, left_out = [], 0
    for kind in sorted(usable, key=lambda name: (name != NATIVE, name)):
        own = [p for p in usable[kind] if p.model in models]
        curve, kept = _curve(kind, own, models)
        left_out += len(usable[kind]) - kept
        if curve is not None:
            found.append(curve)
    return (tuple(found) if found and found[0].kind == NATIVE else ()), left_out


def _curve(kind: str, points: Sequence[Point], models: Sequence[str]) -> tuple[Curve | None, int]:
    cells: dict[Place, list[float]] = defaultdict(list)
    for point in points:
        cells[point.model, point.draw, point.rows].append(point.score)
    draws = sorted({p.draw for p in points})
    sizes = sorted({p.rows for p in points})

    largest = {p.draw for p in points if p.rows == sizes[-1]} if sizes else set()
    whole = len(largest) == 1 < len(draws)  # all rows that there are: one set, whatever the draw
    if whole:
        for model in models:
            (only,) = largest
            for draw in draws:
                if (model, only, sizes[-1]) in cells:
                    cells[model, draw, sizes[-1]] = cells[model, only, sizes[-1]]

    def holes(draw: int | None, size: int | None) -> float:
        looked = [
            (m, d, s) in cells
            for m in models
            for d in (draws if draw is None else [draw])
            for s in (sizes if size is None else [size])
        ]
        return 1 - sum(looked) / len(looked)

    while draws and sizes and holes(None, None):
        worst = max(
            [(holes(None, size), True, size) for size in sizes]
            + [(holes(draw, None), False, draw) for draw in draws]
        )
        (sizes if worst[1] else draws).remove(worst[2])
    if len(sizes) < 2 or not draws:
        return None, 0
    scores = [[[np.mean(cells[m, d, s]) for s in sizes] for d in draws] for m in models]
    whole = whole and sizes[-1] == max(p.rows for p in points)
    kept = [
        p
        for p in points
        if p.rows in sizes and (p.draw in draws or (whole and p.rows == sizes[-1]))
    ]
    seeds = min(len(cells[m, d, s]) for m in models for d in draws for s in sizes)
    rows = sum(p.rows for p in kept)
    share = sum(p.native_rows for p in kept) / rows
    points_shown = tuple((p.rows, p.score) for p in kept)
    spread = [np.array(cells[p]) for p in {(p.model, p.draw, p.rows) for p in kept}]
    more = sum(len(own) - 1 for own in spread)
    between = sum(float(((own - own.mean()) ** 2).sum()) for own in spread) / more if more else None
    curve = Curve(
        kind,
        share,
        np.array(sizes, dtype=float),
        np.array(scores, dtype=float),
        tuple(models),
        seeds,
        points_shown,
        whole,
        between,
    )
    return curve, len(kept)


def all_curves(cells: Cells) -> Iterator[Curves]:
    """Every language and test that has a native and a translated curve, main metric."""
    for test in cells.tests:
        metric = cells.metrics(test)[0]
        if metric == WIN_RATE:
            continue  # relative to native data of the same size, so no level to buy
        for language in cells.languages(test):
            points = points_of(cells, test, metric, language)
            curves, left_out = curves_of(points)
            if any(one.share == 0 for one in curves):
                sign = cells.sign(test, metric)
                yield Curves(language, test, metric, sign, curves, left_out)
