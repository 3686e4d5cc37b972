"""Scores as the analysis sees them: averaged over seeds, looked up by cell, gaps with a sign.

A gap is always *in favour of the first condition*: for perplexity, where less is better, the
sign is turned. `translated` is the mean over the study's translators (paper: S_cohere, S_google).
"""

import math
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ..scores import MULTI

if TYPE_CHECKING:
    import polars as pl

TRANSLATED = "translated"
ROUND_TRIPS = "round trip"
SECONDARY = (
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
CLOSE = 0.01  # a gap of at most this share of the metric's range counts as closed in tables


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

    def words(self) -> str:
        """Readable name."""
        where = "multilingual" if self.kind == MULTI else "monolingual"
        return f"{where}, learning rate {plain_number(self.learning_rate)}"


class Cell(NamedTuple):
    """One score, averaged over seeds."""

    score: float
    seeds: int
    n: int | None
    stderr: float | None


def plain_number(value: float) -> str:
    """`1e-4` rather than 0.0001."""
    text = f"{value:.3g}"
    if value and (abs(value) < 0.001 or "e" in text):
        digits, exponent = f"{value:e}".split("e")
        return f"{float(digits):g}e{int(exponent)}"
    return text


class Cells:
    """Every score of one source, in the order that its description gives."""

    def __init__(self, scores: "pl.DataFrame", about: dict[str, Any]):
        import polars as pl

        self.about = about
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
        self._cells: dict[tuple, Cell] = {
            (r["benchmark"], r["judge"], r["metric"], r["language"], r["model"], r["data"])
            + (r["kind"], r["learning_rate"]): Cell(r["score"], r["seeds"], r["n"], r["stderr"])
            for r in grouped.to_dicts()
        }
        self._keys = set(self._cells)
        self._found: dict[tuple, set] = {}

    # -- what there is, in order -------------------------------------------------------------

    def _present(self, column: str, **where: Any) -> set:
        import polars as pl

        key = (column, *sorted(where.items(), key=str))
        if key not in self._found:
            frame = self.scores
            for name, value in where.items():
                frame = frame.filter(pl.col(name).eq_missing(value))
            self._found[key] = set(frame[column].unique().to_list())
        return self._found[key]

    def _ordered(self, section: str, found: Iterable[str]) -> list[str]:
        known = list(self.about[section])
        found = [name for name in found if name is not None]
        rank = {name: place for place, name in enumerate(known)}
        return sorted(found, key=lambda name: (rank.get(name, len(known)), name))

    @property
    def tests(self) -> list[Test]:
        """Every benchmark, judged ones once per judge; in the description's order."""
        found = self.scores.select("benchmark", "judge").unique().rows()
        order = list(self.about["benchmarks"])
        judges = list(self.about["judges"])
        return sorted(
            (Test(*pair) for pair in found),
            key=lambda t: (
                order.index(t.benchmark) if t.benchmark in order else len(order),
                t.benchmark,
                judges.index(t.judge) if t.judge in judges else -1,
                t.judge or "",
            ),
        )

    def models(self, test: Test | None = None) -> list[str]:
        """Models with a score (on a test)."""
        where = {"benchmark": test.benchmark, "judge": test.judge} if test else {}
        return self._ordered("models", self._present("model", **where))

    def languages(self, test: Test | None = None) -> list[str]:
        """Languages with a score (on a test)."""
        where = {"benchmark": test.benchmark, "judge": test.judge} if test else {}
        return self._ordered("languages", self._present("language", **where))

    def metrics(self, test: Test, *, secondary: bool = False) -> list[str]:
        """Metrics of a test, the main one first; secondary ones only on demand."""
        found = self._present("metric", benchmark=test.benchmark, judge=test.judge)
        known = self.about["benchmarks"].get(test.benchmark, {}).get("metrics", [])
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
            if key[6] != "base" and (where is None or key[:2] == where)
        }
        main = self.main
        return sorted(
            found, key=lambda s: (s != main, s.kind != main.kind, -s.learning_rate, s.kind)
        )

    @cached_property
    def main(self) -> Setting:
        """Monolingual training at the main learning rate (or what comes nearest)."""
        found = {Setting(key[6], key[7]) for key in self._keys if key[6] != "base"}
        wanted = Setting("mono", self.about["learning_rate"])
        if wanted in found or not found:
            return wanted
        return min(
            found,
            key=lambda s: (s.kind != "mono", abs(math.log(s.learning_rate / wanted.learning_rate))),
        )

    def data(self, kind: str, test: Test | None = None) -> list[str]:
        """Data conditions of a kind (native, translated, roundtrip, base) with a score."""
        where = {"benchmark": test.benchmark, "judge": test.judge} if test else {}
        found = self._present("data", **where)
        return [
            name
            for name in self._ordered("data", found)
            if self.about["data"].get(name, {}).get("kind", guessed_kind(name)) == kind
        ]

    # -- one number --------------------------------------------------------------------------

    def cell(
        self, test: Test, metric: str, language: str, model: str, data: str, setting: Setting | None
    ) -> Cell | None:
        """One score, or None. `translated` is the mean over translators, if all are there."""
        if data == TRANSLATED:
            return self._mean_cell(test, metric, language, model, "translated", setting)
        if data == ROUND_TRIPS:
            return self._mean_cell(test, metric, language, model, "roundtrip", setting)
        rest = ("base", None) if data == "base" or setting is None else tuple(setting)
        return self._cells.get((*test, metric, language, model, data, *rest))

    def conditions(
        self, test: Test, metric: str, language: str, kind: str, setting: Setting | None
    ) -> list[str]:
        """Data conditions of a kind that any model has in this place."""
        key = ("conditions", test, metric, language, kind, setting)
        if key not in self._found:
            self._found[key] = {
                name
                for name in self.data(kind)
                for model in self.models()
                if (*test, metric, language, model, name, *setting) in self._keys
            }
        return sorted(self._found[key])

    def _mean_cell(self, test, metric, language, model, kind, setting) -> Cell | None:
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

    def score(self, *where: Any) -> float:
        """As `cell`, but only its score; NaN where there is none."""
        found = self.cell(*where)
        return math.nan if found is None else found.score

    def sign(self, test: Test, metric: str) -> int:
        """+1 if more is better, -1 if less is."""
        higher = self.about["benchmarks"].get(test.benchmark, {}).get("higher", {})
        return 1 if higher.get(metric, True) else -1

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

    # -- words -------------------------------------------------------------------------------

    def label(self, section: str, name: str) -> str:
        """A model's, benchmark's, judge's or data condition's label."""
        entry = self.about[section].get(name, {})
        return entry.get("label", name) if isinstance(entry, dict) else str(entry)

    def test_label(self, test: Test) -> str:
        """`TyDi QA`, or `Open questions: native, judged by GPT-4-Turbo`."""
        label = self.label("benchmarks", test.benchmark)
        return label if test.judge is None else f"{label}, judge {self.label('judges', test.judge)}"

    def short_label(self, test: Test) -> str:
        """As short as figures want it: `QA translated · GPT-4-Turbo`."""
        if test.judge is None:
            return self.label("benchmarks", test.benchmark)
        name = self.label("benchmarks", test.benchmark).removeprefix("Open questions: ")
        return f"QA: {name.removesuffix(' questions')} · {self.label('judges', test.judge)}"

    def language_label(self, code: str) -> str:
        """English name of a language."""
        return str(self.about["languages"].get(code, code))

    def unit(self, test: Test, metric: str) -> str:
        """Unit of a metric, `%` unless the description says otherwise."""
        return self.about["benchmarks"].get(test.benchmark, {}).get("units", {}).get(metric, "%")

    def close(self, test: Test, metric: str) -> float:
        """The gap that counts as closed in tables: 1 % of the metric's range."""
        if metric == "rating":
            return CLOSE * 4
        if test.judge is None:
            return CLOSE * 100
        items = self.about["benchmarks"].get(test.benchmark, {}).get("items") or {}
        return CLOSE * 4 * max(items.values(), default=50)


METRIC_WORDS = {
    "acc": "accuracy",
    "acc_macro": "accuracy, mean over subjects",
    "em": "exact match",
    "f1": "F1",
    "include": "answer contained",
    "total": "total rating",
    "rating": "mean rating",
    "perplexity": "perplexity (less is better)",
    "loglikelihood": "log-likelihood per text",
    "bits_per_character": "bits per character (less is better)",
    "bits_per_byte": "bits per byte (less is better)",
    "f1_harness": "F1 as lm-eval has it",
    "exact_match_strict": "exact match of strings",
    "include_strict": "answer contained, as a string",
    "strict-match": "lm-eval's strict-match",
    "flexible-extract": "lm-eval's flexible-extract",
}


def metric_words(metric: str) -> str:
    """A metric's readable name."""
    return METRIC_WORDS.get(metric, metric.replace("_", " "))


def guessed_kind(data: str) -> str:
    """Kind of a data condition that the description does not know, by its name."""
    if data in ("native", "base"):
        return data
    return "roundtrip" if data.endswith("-rtt") else "translated"


def open_cells(scores: Any, about: Any) -> Cells:
    """Read scores and their description."""
    from ..scores import read_about, read_scores

    return Cells(read_scores(scores), read_about(about))
