"""How often the report's claims are false: studies with known truth through the real analysis.

    python bench/calibration.py            the long form: the grid of 216 designs, and special ones
    python bench/calibration.py core       a dozen of the grid; special: what is not in the grid
    python bench/calibration.py short      a few designs, few studies (a minute)
    python bench/calibration.py grid 20 1  so many studies per design, so many processes
    python bench/calibration.py special 200 1 "two judges"    designs whose name begins so

Every study is written as results files (bench/simulated_study.py), then stated by `state_claims`, as
the workflow does it. Prints per design: pages with at least one false claim, false claims by question,
coverage of the headline intervals, verdicts. Seeds are fixed.
"""

import itertools
import math
import sys
import tempfile
import zlib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "bench")]

import numpy as np  # noqa: E402
import state_claims  # noqa: E402
from mothertongue.correlate import claims as c  # noqa: E402
from simulated_study import LANGUAGES, MARGIN, Design, write_study  # noqa: E402


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
