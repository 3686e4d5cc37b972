"""How often the report's claims are false: studies with known truth through the real analysis.

    python bench/calibration.py            the long form: the grid of 216 designs, and special ones
    python bench/calibration.py core       a dozen of the grid; special: what is not in the grid
    python bench/calibration.py short      a few designs, few studies (a minute)
    python bench/calibration.py grid 20 1  so many studies per design, so many processes
    python bench/calibration.py special 200 1 "two judges"    designs whose name begins so

Every study is written as results files (scores.csv, items.parquet, about.json), then stated by
`state_claims`, as the workflow does it. Answers are right or wrong with a known probability: easy and
hard items, models and languages of different levels, the luck of training of every adapter, answers
to questions of one passage that go together, families of models, judges, tests at chance. Prints per
design: pages with at least one false claim, false claims by question, coverage of the headline
intervals, verdicts. Seeds are fixed.
"""

import itertools
import json
import math
import sys
import tempfile
import zlib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow_scripts"))

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
import state_claims  # noqa: E402
from mothertongue.correlate import claims as c  # noqa: E402
from mothertongue.scores import schema, write_scores  # noqa: E402

LANGUAGES = ("es", "ru", "zh", "de", "fi", "hi")
TRANSLATORS = ("google", "cohere")
PLAIN = " (plain)"  # end of the name of a test in which nothing differs
MARGIN = 2.0


@dataclass(frozen=True)
class Design:
    """A kind of study. `gaps`: true native - translated in points, by language."""

    name: str
    models: int = 8
    families: int = 3
    languages: int = 3
    replicates: int = 1
    training: float = 1.0  # points: standard deviation of an adapter's luck
    likeness: float = 0.15  # of answers to one passage (ICC)
    together: float = 0.3  # share of that likeness that all models have in common
    family: float = 0.0  # points: standard deviation of a family's own gap
    gaps: tuple[float, ...] = (0.0,)
    items: int = 400
    chance: bool = False
    judges: int = 0
    settings: bool = False
    plain: bool = False  # every group has a second test, in which nothing differs
    apart: float = (
        0.0  # points: native is so much more ahead of the one translator, less of the other
    )

    def gap(self, place: int, test: str = "", translator: str = "") -> float:
        """The true gap in a language; of a test or against a translator where they are named."""
        if test.endswith(PLAIN):
            return 0.0
        own = self.gaps[place % len(self.gaps)]
        return own + self.apart * {TRANSLATORS[0]: 1, TRANSLATORS[1]: -1}.get(translator, 0)

    def tests(self) -> dict[str, tuple[str, str, str, int]]:
        """name: (group, origin, kind, questions of a passage) of every test that is not judged."""
        found = dict(BENCHMARKS)
        if self.plain:
            found |= {f"{name}{PLAIN}": about for name, about in BENCHMARKS.items()}
        if self.chance:
            found["dull"] = ("dull", "native", "structured", 1)
        return found


def phi(p: np.ndarray) -> np.ndarray:
    """Normal quantiles of probabilities."""
    from scipy.special import ndtri

    return ndtri(np.clip(p, 1e-6, 1 - 1e-6))


BENCHMARKS = {  # name: (group, origin, kind, questions of a passage)
    "exam": ("knowledge", "native", "structured", 1),
    "passages": ("reading", "human-translated", "generative", 5),
    "sums": ("reasoning", "human-translated", "generative", 1),
}


def write_study(folder: Path, design: Design, seed: int) -> None:
    """Files of one study."""
    rng = np.random.default_rng([seed, 7])
    languages = LANGUAGES[: design.languages]
    models = [f"m{place}" for place in range(design.models)]
    families = [f"f{place % design.families}" for place in range(design.models)]
    family_gap = {name: rng.normal(0, design.family) for name in sorted(set(families))}
    ability = {model: rng.uniform(-8, 8) for model in models}
    level = {language: rng.uniform(-5, 5) for language in languages}
    data = ("native", *TRANSLATORS)
    rows, frames = [], []
    settings = [("mono", 1e-4)] + [("mono", 1e-6)] * design.settings
    luck = {
        (m, d, code, rate, s): rng.normal(0, design.training)
        for m in models for d in data for code in languages
        for _, rate in settings for s in range(design.replicates)
    }  # fmt: skip
    tests = [(name, None) for name in design.tests()]
    tests += [("qa-native", f"judge{place}") for place in range(design.judges)]
    for name, judge in tests:
        size = design.tests()[name][3] if judge is None else 1
        items = design.items if judge is None else 60
        ease = rng.uniform(-18, 18, items)
        passage = np.arange(items) // size
        likeness = design.likeness if size > 1 else 0.0
        for place, code in enumerate(languages):
            in_common = {d: rng.normal(size=passage[-1] + 1) for d in data}
            for model, family in zip(models, families, strict=True):
                for _, rate in settings:
                    for d in data:
                        for s in range(design.replicates):
                            right = 50 + ability[model] + level[code] + ease
                            right = right + luck[model, d, code, rate, s]
                            if d == "native":
                                right = right + design.gap(place, name) + family_gap[family]
                            elif not name.endswith(PLAIN):
                                right = right + design.gap(place) - design.gap(place, name, d)
                            if name == "dull":
                                right = np.full(items, 25.0)
                            own = rng.normal(size=passage[-1] + 1)
                            shared = (
                                math.sqrt(design.together) * in_common[d]
                                + math.sqrt(1 - design.together) * own
                            )
                            draw = math.sqrt(likeness) * shared[passage] + math.sqrt(
                                1 - likeness
                            ) * rng.normal(size=items)
                            if judge is None:
                                values = 100.0 * (draw < phi(right / 100))
                            else:  # ratings of 1 to 5
                                rating = np.clip(np.round(3 + (right - 50) / 40 + 0.8 * draw), 1, 5)
                                values = rating
                            key = {
                                "benchmark": name, "metric": "acc" if judge is None else "rating",
                                "judge": judge, "language": code, "model": model, "data": d,
                                "scope": code,
                            }  # fmt: skip
                            rows.append(
                                {**key, "source": "study", "learning_rate": rate, "seed": s + 1,
                                 "score": float(values.mean()), "n": items}
                            )  # fmt: skip
                            frames.append((key, rate, s + 1, values, passage))
    write_scores(folder / "scores.csv", pl.DataFrame(rows, schema=schema()))
    lengths = [len(values) for *_, values, _ in frames]
    columns = {
        name: np.repeat([key[name] or "" for key, *_ in frames], lengths) for name in frames[0][0]
    }
    table = pl.DataFrame(columns).with_columns(
        pl.col("judge").replace({"": None}),
        learning_rate=np.repeat([rate for _, rate, *_ in frames], lengths),
        seed=np.repeat([s for _, _, s, *_ in frames], lengths),
        item=np.concatenate([np.arange(n) for n in lengths]),
        cluster=np.concatenate([passage for *_, passage in frames]),
        value=np.concatenate([values for *_, values, _ in frames]),
        weight=pl.lit(1.0),
    )
    table = table.with_columns(
        pl.format("q{}", "item").alias("item"), pl.format("p{}", "cluster").alias("cluster")
    )
    table.write_parquet(folder / "items.parquet")
    about = {
        "source": "study",
        "models": {m: {"label": m, "family": f} for m, f in zip(models, families, strict=True)},
        "data": {"native": {"label": "native", "kind": "native"}}
        | {t: {"label": t, "kind": "translated", "translator": t} for t in TRANSLATORS},
        "languages": {code: code for code in languages},
        "benchmarks": {
            name: {
                "label": name, "group": group, "origin": origin, "kind": kind, "metrics": ["acc"],
                "units": {"acc": "%"}, "higher": {"acc": True}, "chance": 25.0,
                "items": dict.fromkeys(languages, design.items),
            }
            for name, (group, origin, kind, _) in design.tests().items()
        }
        | ({"qa-native": {
            "label": "open", "group": "open answers", "origin": "native", "kind": "generative",
            "metrics": ["rating"], "units": {"rating": "points of 5"}, "higher": {"rating": True},
            "chance": None, "judged": True, "items": dict.fromkeys(languages, 50),
        }} if design.judges else {}),
        "judges": {f"judge{place}": {"label": f"judge{place}"} for place in range(design.judges)},
        "learning_rate": 1e-4,
        "seeds": list(range(1, design.replicates + 1)),
    }  # fmt: skip
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def true_gap(design: Design, claim: c.Claim) -> float:
    """The true gap that a claim is about (nan where ratings make it unknown)."""
    if claim.group == "dull":
        return 0.0
    if claim.group == "open answers" and any(design.gaps):
        return math.nan
    places = range(design.languages)
    if claim.language is not None:
        places = [LANGUAGES.index(claim.language)]
    tests = [claim.benchmark] if claim.benchmark else claim.members
    return float(
        np.mean([design.gap(place, test, claim.second) for place in places for test in tests])
    )


def is_false(design: Design, claim: c.Claim) -> bool:
    """Whether a claim says what is not so."""
    v = claim.verdict
    if v in (c.UNDECIDED, c.NOT_SHOWN):
        return False
    if claim.question == c.GROWTH:
        return True  # the true gap depends on no score
    if claim.question == c.LANGUAGES:
        return len({design.gap(place) for place in range(design.languages)}) == 1
    if claim.question in (c.SETTING, c.JUDGES, c.CAUSE):
        return not (claim.question == c.JUDGES and any(design.gaps))
    if v == c.AT_CHANCE:
        return claim.group != "dull"
    gap = true_gap(design, claim)
    if math.isnan(gap):
        return False
    return {
        c.NATIVE_BETTER: gap <= 0,
        c.TRANSLATED_BETTER: gap >= 0,
        c.NO_WORSE: abs(gap) >= claim.margin,
    }[v]


def one_page(job: tuple[Design, int]) -> dict:
    """False claims, coverage and verdicts of one study."""
    design, seed = job
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_study(folder, design, seed)
        state_claims.main(
            scores=folder / "scores.csv", about=folder / "about.json",
            item_table=folder / "items.parquet", claims=folder / "claims.json",
            estimates=folder / "estimates.csv", resamples=40, confidence=0.95, seed=1,
            margin=MARGIN,
        )  # fmt: skip
        found = c.read_claims(folder / "claims.json")
    cells = [x for x in found if x.question == c.CELL and x.group != "dull"]
    inside: Counter = Counter()
    for claim in cells:
        gap = true_gap(design, claim)
        if claim.low is not None and not math.isnan(gap):
            kind = "pooled" if claim.language is None else "cell"
            inside[kind, claim.low <= gap <= claim.high] += 1
    tested = [x for x in cells if x.group != "open answers"]
    return {
        "false": [x.question for x in found if is_false(design, x)],
        "inside": inside,
        "verdicts": Counter(
            ("pooled" if x.language is None else "cell", x.verdict) for x in tested
        ),
        "languages": Counter(x.verdict for x in found if x.question == c.LANGUAGES),
        "dull": Counter(x.verdict for x in found if x.group == "dull" and x.question == c.CELL),
    }


def run(design: Design, studies: int, workers: int = 1, first: int = 0) -> dict:
    """Sums over studies of one design; designs do not share their random numbers."""
    first += zlib.crc32(design.name.encode()) % 100_000
    jobs = [(design, seed) for seed in range(first, first + studies)]
    if workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            pages = list(pool.map(one_page, jobs, chunksize=4))
    else:
        pages = [one_page(job) for job in jobs]
    total: dict = {"pages": studies, "wrong": sum(bool(page["false"]) for page in pages)}
    for name in ("inside", "verdicts", "languages", "dull"):
        total[name] = sum((page[name] for page in pages), Counter())
    total["false"] = Counter(kind for page in pages for kind in page["false"])
    return total


def share(counts: Counter, key: str, wanted: object) -> float:
    """Share of one outcome among a kind's."""
    whole = sum(n for (kind, _), n in counts.items() if kind == key)
    return counts[key, wanted] / whole if whole else math.nan


def line(design: Design, total: dict) -> str:
    """One row of the printed table."""
    v = total["verdicts"]
    parts = [
        f"{design.name:38}",
        f"{100 * total['wrong'] / total['pages']:5.1f}",
        *(f"{100 * share(total['inside'], kind, True):5.1f}" for kind in ("cell", "pooled")),
        *(
            f"{100 * share(v, kind, verdict):5.1f}"
            for verdict in (c.NATIVE_BETTER, c.NO_WORSE)
            for kind in ("cell", "pooled")
        ),
        ", ".join(f"{kind} {n}" for kind, n in total["false"].most_common()),
    ]
    return "  ".join(parts)


HEAD = (
    f"{'design':38}  false  cover%       native better  no worse   false claims by question\n"
    + (f"{'':38}  page%  cell  pool   cell   pool   cell   pool")
)
BASE = Design("")


def grid() -> list[Design]:
    """Every combination of models, languages, seeds, luck of training and likeness of passages."""
    found = []
    for models, languages, replicates, training, likeness in itertools.product(
        (1, 2, 4, 8), (1, 3, 6), (1, 3), (0.0, 1.0, 2.0), (0.0, 0.15, 0.3)
    ):
        name = f"{models} models {languages} lang {replicates} seeds sigma {training:g} icc {likeness:g}"
        found.append(
            replace(
                BASE, name=name, models=models, families=min(models, 4), languages=languages,
                replicates=replicates, training=training, likeness=likeness, items=300,
            )
        )  # fmt: skip
    return found


LEVELS = ("models", "languages", "replicates", "training", "likeness")


def summary(found: list[tuple[Design, dict]]) -> str:
    """False pages and coverage of a grid by each of its factors, and over all."""
    rows = [f"{'level':38}  false  cover%\n{'':38}  page%  cell  pool"]
    chosen = [("all", [total for _, total in found])]
    for name in LEVELS:
        for value in sorted({getattr(design, name) for design, _ in found}):
            own = [total for design, total in found if getattr(design, name) == value]
            chosen.append((f"{name} {value:g}", own))
    for name, totals in chosen:
        pages = sum(total["pages"] for total in totals)
        inside = sum((total["inside"] for total in totals), Counter())
        shares = (100 * share(inside, kind, True) for kind in ("cell", "pooled"))
        wrong = 100 * sum(total["wrong"] for total in totals) / pages
        rows.append(
            f"{f'{name} ({pages} studies)':38}  {wrong:5.1f}  "
            + "  ".join(f"{x:5.1f}" for x in shares)
        )
    return "\n".join(rows)


def core() -> list[Design]:
    """A dozen of the grid, one of each kind: models, languages, seeds, sigma."""
    wanted = [
        (1, 3, 1, 2.0), (1, 1, 3, 2.0), (1, 3, 3, 1.0), (2, 3, 1, 1.0), (2, 3, 3, 2.0), (4, 1, 3, 2.0),
        (4, 3, 1, 1.0), (4, 6, 1, 2.0), (8, 1, 1, 2.0), (8, 3, 1, 0.0), (8, 3, 3, 2.0), (8, 6, 1, 1.0),
    ]  # fmt: skip
    return [
        replace(design, items=150)
        for design in grid()
        if design.likeness == {0.0: 0.0, 1.0: 0.15, 2.0: 0.3}[design.training]
        and (design.models, design.languages, design.replicates, design.training) in wanted
    ]


def special() -> list[Design]:
    """Chance, judges, families, reversal, the margin, power."""
    return [
        replace(BASE, name="at chance", chance=True),
        replace(BASE, name="two judges", judges=2),
        replace(BASE, name="two settings", settings=True, items=200),
        replace(BASE, name="4 families that differ", families=4, family=1.0),
        replace(BASE, name="8 families", families=8),
        replace(BASE, name="reversal +8 0 -8", gaps=(8.0, 0.0, -8.0)),
        replace(BASE, name="gap = margin", gaps=(MARGIN,)),
        replace(BASE, name="power: gap 3", gaps=(3.0,), items=1000),
        replace(BASE, name="power: gap 3, 4 families", gaps=(3.0,), items=1000, families=4),
        replace(BASE, name="power: gap 3, 400 items", gaps=(3.0,)),
        replace(BASE, name="equivalence: gap 0", items=1000),
        replace(BASE, name="equivalence: gap 0, 4 families", items=1000, families=4),
        replace(BASE, name="equivalence: gap 0, 400 items"),
        replace(BASE, name="equivalence: gap 0, 4000 items", items=4000),
        replace(BASE, name="power: gap 3, 3 seeds", gaps=(3.0,), items=1000, replicates=3),
        replace(BASE, name="equivalence: gap 0, 3 seeds", items=1000, replicates=3),
        replace(BASE, name="gap 8, second test of each group 0", plain=True, gaps=(8.0,)),
        replace(BASE, name="gap 0 and 8 of two translators", apart=4.0, gaps=(4.0,)),
        replace(BASE, name="two settings, gap 8", settings=True, items=200, gaps=(8.0, 8.0, 8.0)),
    ]


def short() -> list[Design]:
    """The form that the tests run."""
    return [replace(BASE, name="8 models 3 lang 1 seed", items=200), *special()[5:8]]


def main(form: str = "long", studies: str = "200", workers: str = "2", only: str = "") -> None:
    """Print the table; `only`: of designs whose name begins so."""
    forms = {"grid": grid, "core": core, "short": short, "special": special}
    chosen = [*grid(), *special()] if form == "long" else forms[form]()
    chosen = [design for design in chosen if design.name.startswith(only)]
    print(HEAD)
    found = []
    for design in chosen:
        total = run(design, 20 if form == "short" else int(studies), int(workers))
        found.append((design, total))
        print(line(design, total), flush=True)
        for name in ("languages", "dull"):
            if total[name] and design.name in ("at chance", "reversal +8 0 -8"):
                print(f"{'':40}{name}: {dict(total[name])}", flush=True)
    if form in ("grid", "long") and not only:
        print(summary(found[: len(grid())]))


if __name__ == "__main__":
    main(*sys.argv[1:])
