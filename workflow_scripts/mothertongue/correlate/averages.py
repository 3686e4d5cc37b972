"""One source's scores as the analysis uses them: averaged over seeds and found by what was scored.

A gap is always *in favour of the first condition*: for perplexity, where less is better, the
sign is turned. `translated` is the mean over the study's translators (paper: S_cohere, S_google).
"""

import math
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..scores import MULTI, read_scores
from .facts import Facts, read_facts

if TYPE_CHECKING:
    import polars as pl

TRANSLATED = "translated"
CONTROL = "control"  # native rows drawn once more
ROUND_TRIPS = "round trip"
SECONDARY = (
    "untold",
    "acc_macro",
    "bits_per_character",
    "exact_match_strict",
    "f1_harness",
    "include_strict",
    "strict-match",
    "flexible-extract",
    "rating",
    "total",
    "loglikelihood",
)


class Test(NamedTuple):
    """A benchmark, with its judge if it is one of open questions."""

    benchmark: str
    judge: str | None = None

    @property
    def slug(self) -> str:
        """Name in paths."""
        return self.benchmark if self.judge is None else f"{self.benchmark}-{self.judge}"


class Setting(NamedTuple):
    """How a condition was trained apart from its data: one language or several, learning rate."""

    kind: str  # mono | multi
    learning_rate: float


class Cell(NamedTuple):
    """One score, averaged over seeds."""

    score: float
    seeds: int
    n: int | None
    stderr: float | None


# benchmark, judge, metric, language, model, data, kind and learning rate of a setting
Key = tuple[str, str | None, str, str, str, str, str, float | None]
UNTUNED = ("base", None)  # kind and learning rate of a base model that was not tuned


class Cells:
    """Every score of one source, in the order that its description gives."""

    def __init__(self, scores: "pl.DataFrame", facts: Facts):
        import polars as pl

        self.facts = facts
        self.scores = scores
        kind = (
            pl.when(pl.col("data") == "base")
            .then(pl.lit("base"))
            .when(pl.col("scope") == MULTI)
            .then(pl.lit(MULTI))
            .otherwise(pl.lit("mono"))
        )
        grouped = (
            scores.with_columns(kind.alias("kind"))
            .filter(pl.col("score").is_not_null())
            .group_by(
                "benchmark",
                "judge",
                "metric",
                "language",
                "model",
                "data",
                "kind",
                "learning_rate",
                maintain_order=True,
            )
            .agg(
                pl.col("score").mean(),
                pl.len().alias("seeds"),
                pl.col("n").max(),
                pl.col("stderr").mean(),
            )
        )
        self._cells: dict[Key, Cell] = {
            (r["benchmark"], r["judge"], r["metric"], r["language"], r["model"], r["data"])
            + (r["kind"], r["learning_rate"]): Cell(r["score"], r["seeds"], r["n"], r["stderr"])
            for r in grouped.to_dicts()
        }
        self._keys = set(self._cells)
        self._present_in: dict[tuple[str, Test | None], set[str]] = {}
        self._conditions: dict[tuple[Test, str, str, str, Setting], list[str]] = {}

    # -- what there is, in order -------------------------------------------------------------

    def _present(self, column: str, test: Test | None) -> set[str]:
        """Values of a column, on a test or anywhere."""
        import polars as pl

        key = (column, test)
        if key not in self._present_in:
            frame = self.scores
            if test is not None:
                frame = frame.filter(
                    pl.col("benchmark").eq_missing(test.benchmark)
                    & pl.col("judge").eq_missing(test.judge)
                )
            self._present_in[key] = {name for name in frame[column].unique() if name is not None}
        return self._present_in[key]

    @property
    def tests(self) -> list[Test]:
        """Every benchmark, judged ones once per judge; in the description's order."""
        found = self.scores.select("benchmark", "judge").unique().rows()
        order = list(self.facts.benchmarks)
        judges = list(self.facts.judges)
        return sorted(
            (Test(*pair) for pair in found),
            key=lambda t: (
                order.index(t.benchmark) if t.benchmark in order else len(order),
                t.benchmark,
                judges.index(t.judge) if t.judge in judges else -1,
                t.judge or "",
            ),
        )

    @property
    def checks(self) -> list[Test]:
        """The tests that look at answers without a judge."""
        return [test for test in self.tests if self.facts.benchmark(test.benchmark).is_check]

    def on(self, tests: Collection[Test]) -> "Cells":
        """The scores on some tests, as if the source had no others."""
        import polars as pl

        names = [test.benchmark for test in tests]
        return Cells(self.scores.filter(pl.col("benchmark").is_in(names)), self.facts)

    def models(self, test: Test | None = None) -> list[str]:
        """Models with a score (on a test)."""
        return in_order(self.facts.models, self._present("model", test))

    def languages(self, test: Test | None = None) -> list[str]:
        """Languages with a score (on a test)."""
        return in_order(self.facts.languages, self._present("language", test))

    def metrics(self, test: Test, *, secondary: bool = False) -> list[str]:
        """Metrics of a test, the main one first; secondary ones only on demand."""
        found = self._present("metric", test)
        known = self.facts.benchmark(test.benchmark).metrics
        ordered = [name for name in known if name in found]
        ordered += sorted(found - set(ordered))
        shown = [name for name in ordered if name not in SECONDARY or name == ordered[0]]
        shown = [name for name in shown if name != "f1" or name == ordered[0]] or ordered[:1]
        return ordered if secondary else shown

    def settings(self, test: Test | None = None) -> list[Setting]:
        """Training settings in the scores, the main one first, then by learning rate and kind."""
        where = (test.benchmark, test.judge) if test else None
        found = {
            Setting(key[6], key[7])
            for key in self._keys
            if key[7] is not None and (where is None or key[:2] == where)
        }
        main = self.main
        return sorted(
            found, key=lambda s: (s != main, s.kind != main.kind, -s.learning_rate, s.kind)
        )

    @cached_property
    def main(self) -> Setting:
        """Monolingual training at the main learning rate, or the setting nearest to it."""
        found = {Setting(key[6], key[7]) for key in self._keys if key[7] is not None}
        wanted = Setting("mono", self.facts.learning_rate or math.nan)
        if wanted in found or not found:
            return wanted
        return min(
            found,
            key=lambda s: (s.kind != "mono", abs(math.log(s.learning_rate / wanted.learning_rate))),
        )

    def data(self, kind: str, test: Test | None = None) -> list[str]:
        """Data conditions of a kind (native, translated, roundtrip, base) with a score."""
        found = in_order(self.facts.data, self._present("data", test))
        return [name for name in found if self.facts.data_kind(name) == kind]

    # -- one number --------------------------------------------------------------------------

    def cell(
        self, test: Test, metric: str, language: str, model: str, data: str, setting: Setting | None
    ) -> Cell | None:
        """One score, or None. `translated` is the mean over translators, if all are there."""
        if data == TRANSLATED:
            return self._mean_cell(test, metric, language, model, "translated", setting)
        if data == ROUND_TRIPS:
            return self._mean_cell(test, metric, language, model, "roundtrip", setting)
        rest = UNTUNED if data == "base" or setting is None else setting
        return self._cells.get((*test, metric, language, model, data, *rest))

    def conditions(
        self, test: Test, metric: str, language: str, kind: str, setting: Setting
    ) -> list[str]:
        """Data conditions of a kind that any model has in this place."""
        key = (test, metric, language, kind, setting)
        if key not in self._conditions:
            self._conditions[key] = sorted(
                {
                    name
                    for name in self.data(kind)
                    for model in self.models()
                    if (*test, metric, language, model, name, *setting) in self._keys
                }
            )
        return list(self._conditions[key])

    def _mean_cell(
        self, test: Test, metric: str, language: str, model: str, kind: str, setting: Setting | None
    ) -> Cell | None:
        if setting is None:
            return None
        names = self.conditions(test, metric, language, kind, setting)
        found = [self.cell(test, metric, language, model, name, setting) for name in names]
        known = [cell for cell in found if cell is not None]
        if not known or len(known) < len(names):
            return None
        sizes = [cell.n for cell in known if cell.n is not None]
        return Cell(
            sum(cell.score for cell in known) / len(known),
            min(cell.seeds for cell in known),
            min(sizes) if sizes else None,
            None,
        )

    def score(
        self, test: Test, metric: str, language: str, model: str, data: str, setting: Setting | None
    ) -> float:
        """As `cell`, but only its score; NaN where there is none."""
        found = self.cell(test, metric, language, model, data, setting)
        return math.nan if found is None else found.score

    def sign(self, test: Test, metric: str) -> int:
        """+1 if more is better, -1 if less is."""
        return 1 if self.facts.benchmark(test.benchmark).higher.get(metric, True) else -1

    def gap(
        self,
        test: Test,
        metric: str,
        language: str,
        model: str,
        setting: Setting,
        first: str = "native",
        second: str = TRANSLATED,
    ) -> float:
        """Score of the first minus score of the second data condition, in favour of the first."""
        a = self.score(test, metric, language, model, first, setting)
        b = self.score(test, metric, language, model, second, setting)
        return self.sign(test, metric) * (a - b)

    # -- labels and units --------------------------------------------------------------------

    def test_label(self, test: Test) -> str:
        """`TyDi QA`, or `Open questions: native, judge GPT-4-Turbo`."""
        label = self.facts.benchmark(test.benchmark).label
        return label if test.judge is None else f"{label}, judge {self.facts.judge(test.judge)}"

    def unit(self, test: Test, metric: str) -> str:
        """Unit of a metric, `%` unless the description says otherwise."""
        return self.facts.benchmark(test.benchmark).units.get(metric, "%")


def in_order(known: Iterable[str], found: Iterable[str]) -> list[str]:
    """Names in the order in which they are known; others behind, by name."""
    rank = {name: place for place, name in enumerate(known)}
    return sorted(found, key=lambda name: (rank.get(name, len(rank)), name))


def open_scores(scores: str | Path, about: str | Path) -> Cells:
    """Read scores and their description."""
    return Cells(read_scores(scores), read_facts(about))
