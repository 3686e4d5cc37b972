"""Estimates differences between training conditions, with the noise of models, training and items.

A *piece* is one test, metric and language. A *sample* is a difference per model, averaged over
pieces, with all that its variance needs. Three bases, by what a study has:

models       three models or more, each with its own training: the interval speaks of models like
             these; from four families on, families are drawn instead. Languages are fixed.
replicates   fewer models, but several seeds each: it speaks of these models, trained again.
adapters     one model, one seed: nothing can be said of the method.

Assumptions: models (families) are drawn independently of one another; the luck of training is
alike for the adapters and, unless Bartlett's test objects, for the languages that are compared;
means of these are normal, at least nearly; clusters of items are independent.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ..scores import MULTI, WIN_RATE
from .averages import Cells, Setting, Test
from .items import Adapter, Items, read_items
from .replicates import (
    added_up,
    drawn_together,
    luck_of,
    mean_of,
    on_scale,
    over_items,
    shared_by_replicates,
    sides_of,
)
from .samples import IN_BITS, LOG_SCALE, Part, Piece, Pulls, Sample, Share, Source, Terms, Where


class Evidence:
    """Scores and items of a source, ready for differences."""

    def __init__(self, cells: Cells, item_table: Path | None):
        self.cells = cells
        self.item_table = item_table
        self._items: dict[tuple[Test, str], Items] = {}
        self._codes: dict[str, dict[str, int]] = {}
        self._numbers: dict[tuple[Test, str], np.ndarray] = {}
        self._parts: dict[tuple[Piece, str, Terms], Part | None] = {}
        self._metrics: dict[Test, str] = {}
        self._scores = self._by_seed()

    def _by_seed(self) -> dict[Where, list[float]]:
        found: dict[Where, list[tuple[int, float]]] = {}
        for row in self.cells.scores.iter_rows(named=True):
            if row["score"] is None or row["data"] == "base":
                continue
            if row["metric"] in LOG_SCALE and row["score"] <= 0:
                continue  # no perplexity: without a logarithm, as missing as an empty score
            setting = Setting(MULTI if row["scope"] == MULTI else "mono", row["learning_rate"])
            test = Test(row["benchmark"], row["judge"])
            key = (Piece(test, row["metric"], row["language"]), row["model"], row["data"], setting)
            found.setdefault(key, []).append(
                (row["seed"] if row["seed"] is not None else 0, row["score"])
            )
        return {key: [score for _, score in sorted(rows)] for key, rows in found.items()}

    # -- what a test is measured by --------------------------------------------------------------

    def metric(self, test: Test) -> str:
        """The metric that claims use: for perplexity, the one that tokenisers share."""
        if test not in self._metrics:
            self._metrics[test] = self._metric(test)
        return self._metrics[test]

    def _metric(self, test: Test) -> str:
        found = self.cells.metrics(test, secondary=True)
        for name in ("bits_per_byte", "bits_per_character"):
            if name in found and any(one in found for one in LOG_SCALE):
                return name
        return self.cells.metrics(test)[0]

    def unit(self, test: Test, metric: str) -> str:
        """Unit of a difference."""
        if metric in IN_BITS:
            over = {"perplexity": "token", "word_perplexity": "word", "byte_perplexity": "byte"}
            return f"bits per {over[metric]}" if metric in over else metric.replace("_", " ")
        return self.cells.unit(test, metric)

    def families(self, models: Iterable[str]) -> list[str]:
        """Family of each model; itself where none is stated."""
        return [self.cells.facts.family(model) for model in models]

    def items(self, test: Test, metric: str) -> Items | None:
        """Items of a test, read once; None where there are none."""
        if self.item_table is None:
            return None
        key = (test, metric)
        if key not in self._items:
            self._items[key] = read_items(self.item_table, test, metric)
        return self._items[key] if self._items[key].columns else None

    def codes(self, test: Test, metric: str, items: Items) -> np.ndarray:
        """Number of each item's cluster among those of its benchmark, whoever judges."""
        key = (test, metric)
        if key not in self._numbers:
            own = self._codes.setdefault(test.benchmark, {})
            table = np.array([own.setdefault(name, len(own)) for name in items.names], dtype=int)
            self._numbers[key] = table[items.clusters]
        return self._numbers[key]

    # -- differences -----------------------------------------------------------------------------

    def part(self, piece: Piece, model: str, terms: Terms) -> Part | None:
        """The difference of a model on a piece; None if a score is missing."""
        key = (piece, model, terms)
        if key not in self._parts:
            self._parts[key] = self._part(piece, model, terms)
        return self._parts[key]

    def _part(self, piece: Piece, model: str, terms: Terms) -> Part | None:
        sign = self.cells.sign(piece.test, piece.metric)
        items = self.items(piece.test, piece.metric)
        keys = [(piece.language, model, *source) for source, _ in terms]
        if items is not None and all(key in items.columns for key in keys):
            return self._part_of_items(piece, items, keys, terms, sign)
        replicates = {}
        for source, _ in terms:
            scores = self._scores.get((piece, model, *source))
            if scores is None:
                return None
            replicates[source] = sign * on_scale(piece.metric, np.array(scores))
        gap, sides = mean_of(replicates, terms), sides_of(replicates, terms)
        return Part(gap, drawn_together(piece, replicates, terms), sides)

    def _part_of_items(
        self, piece: Piece, items: Items, keys: list[Adapter], terms: Terms, sign: int
    ) -> Part | None:
        columns = [items.columns[key] for key in keys]
        every = [column for group in columns for column in group]
        there = np.isfinite(items.values[:, every]).all(axis=1)
        if not there.any():
            return None
        values, weights = items.values[np.ix_(there, every)], items.weights[np.ix_(there, every)]
        codes = self.codes(piece.test, piece.metric, items)[there]
        size = len(self._codes[piece.test.benchmark])
        groups = [(weight, len(group)) for (_, weight), group in zip(terms, columns, strict=True)]
        scale = sign / math.log(2) if piece.metric in LOG_SCALE else float(sign)
        gap, scores, influence, own = over_items(
            values, weights, codes, size, groups, ratio=items.ratio, scale=scale
        )
        replicates = {source: one for (source, _), one in zip(terms, scores, strict=True)}
        here = np.bincount(codes, minlength=size) > 0
        sides = sides_of(replicates, terms)
        if piece.metric == WIN_RATE:
            own = shared_by_replicates(values - values.mean(axis=0), codes, size, groups)
        replicates = drawn_together(piece, replicates, terms)
        return Part(gap, replicates, sides, Pulls(influence, here), own, int(there.sum()))

    def _has_any(self, pieces: Sequence[Share], model: str) -> bool:
        """Whether a model has a score that one of the differences needs."""
        return any(
            (one.piece, model, *source) in self._scores for one in pieces for source, _ in one.terms
        )

    def sample(self, pieces: Sequence[Share], models: list[str] | None = None) -> Sample | None:
        """The difference over pieces of every model that has all of them; None if none has."""
        candidates = models or list(
            dict.fromkeys(m for one in pieces for m in self.cells.models(one.piece.test))
        )
        parts: dict[str, list[Part]] = {}
        for model in candidates:
            found = [self.part(one.piece, model, one.terms) for one in pieces]
            known = [part for part in found if part is not None]
            if len(known) == len(found):
                parts[model] = known
        complete = list(parts)
        if not complete:
            return None
        some = [m for m in candidates if m not in complete and self._has_any(pieces, m)]
        shares = [one.share for one in pieces]
        count = len(complete)
        adapters: dict[tuple[str, Source, str], list[np.ndarray]] = {}
        weights: dict[tuple[str, Source, str], float] = {}
        for model in complete:
            for one, part in zip(pieces, parts[model], strict=True):
                for source, weight in luck_of(one.piece, one.terms):
                    kind = source[1].kind
                    key = (model, source, MULTI if kind == MULTI else one.piece.language)
                    adapters.setdefault(key, []).append(one.share * part.replicates[source])
                    weights[key] = weight / count
        seeds = [len(scores) for group in adapters.values() for scores in group]
        pulls = [[p.pulls for p in parts[m] if p.pulls is not None] for m in complete]
        itemised = all(len(own) == len(pieces) for own in pulls)
        paired = [list(zip(shares, parts[m], strict=True)) for m in complete]
        first = [sum(s * p.sides[0] for s, p in own) for own in paired]
        second = [sum(s * p.sides[1] for s, p in own) for own in paired]
        gaps = [sum(s * p.gap for s, p in own) for own in paired]
        influence = self._influence(pieces, pulls) if itemised else None
        has_seeds = not self.cells.scores["seed"].drop_nulls().is_empty()
        return Sample(
            models=complete,
            families=self.families(complete),
            gaps=np.array(gaps),
            influence=influence,
            adapters=[(weights[key], added_up(group)) for key, group in adapters.items()],
            replicate_items=sum(
                share**2 * part.replicate_items / count**2 for own in paired for share, part in own
            ),
            seeds=min(seeds) if has_seeds else None,
            items=sum(max(parts[m][place].items for m in complete) for place in range(len(pieces)))
            if itemised
            else None,
            clusters=influence.shape[1] if influence is not None else None,
            first=float(np.mean(first)),
            second=float(np.mean(second)),
            left_out=some,
        )

    def _influence(self, pieces: Sequence[Share], rows: list[list[Pulls]]) -> np.ndarray:
        """Models x clusters of all benchmarks, pieces of a benchmark added up."""
        start: dict[str, int] = {}
        size = 0
        for piece, _, _ in pieces:
            if piece.test.benchmark not in start:
                start[piece.test.benchmark] = size
                size += len(self._codes[piece.test.benchmark])
        table, there = np.zeros((len(rows), size)), np.zeros(size, dtype=bool)
        for row, pulls in zip(table, rows, strict=True):
            for (piece, share, _), one in zip(pieces, pulls, strict=True):
                first = start[piece.test.benchmark]
                own = slice(first, first + len(one.influence))  # may have grown since
                row[own] += share * one.influence
                there[own] |= one.there
        return table[:, there]
