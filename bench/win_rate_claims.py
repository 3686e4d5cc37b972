"""Pairwise judges through the claims of a report: how often what is said of win rates is false.

    python bench/win_rate_claims.py STUDIES    a line per design

Each study's verdicts (tests/support/pairing.py) become files, rows of scores.csv and items, as
collect_scores makes them, and are stated by the same code as every claim. Prints the share of pages
with a false claim, and how often the interval of native data's win rate holds the truth, which is the
mean of large studies (bench/pairs.py).
"""

import contextlib
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / path) for path in ("workflow_scripts", "tests/support", "bench")]

import collect_scores  # noqa: E402
import state_claims  # noqa: E402
from mothertongue.correlate import claims as c  # noqa: E402
from mothertongue.correlate.facts import WON  # noqa: E402
from mothertongue.files import write_jsonl  # noqa: E402
from pairing import planted  # noqa: E402
from pairs import truth  # noqa: E402

DESIGNS = {
    "no difference": {},
    "no difference, 8 models": {"models": 8},
    "no difference, 2 translators": {"against": ("google", "cohere")},
    "no difference, place .6": {"position": 0.405},
    "native better by .5": {"effect": 0.5},
    "native better by .5, 2 translators": {"effect": 0.5, "against": ("google", "cohere")},
    "1 model, 4 replicates": {"models": 1, "seeds": 4, "between": 0.0},
    "1 model, 4 replicates, 2 translators": {
        "models": 1, "seeds": 4, "between": 0.0, "against": ("google", "cohere"),
    },
}  # fmt: skip


def write_study(folder: Path, design: dict, seed: int) -> None:
    """The verdicts of a study as files, collected into scores.csv, items and about.json."""
    rows = planted(seed, **design)
    paths = []
    for (model, number, against), own in rows.group_by("model", "seed", "against"):
        place = folder / f"judge/j/{model}/native/es/high/seed{number}/open"
        paths.append(place / f"es.against-{against}.jsonl")
        write_jsonl(
            paths[-1],
            (
                {
                    **{name: row[name] for name in ("id", "verdict", "first", "second")},
                    **{"unscored": None, "replies": [], "characters": [1, 1], "flags": []},
                }
                for row in own.iter_rows(named=True)
            ),
        )
    translators = {name: {"label": name, "kind": "translated"} for name in set(rows["against"])}
    about = {
        "source": "study",
        "study": "simulated",
        "models": {name: {"label": name, "family": name} for name in sorted(set(rows["model"]))},
        "data": {"native": {"label": "native", "kind": "native"}, **translators},
        "languages": {"es": "Spanish"},
        "benchmarks": {
            "qa-open": {
                "label": "open",
                "group": "open answers",
                "metrics": ["rating", "total", "win_rate"],
                "units": {"win_rate": WON},
                "higher": {"win_rate": True},
                "chance": None,
            }
        },
        "judges": {"j": {"label": "j"}},
        "learning_rate": 1e-4,
        "margin": 2,
    }
    collect_scores.main(
        evaluations=[], ratings=[], verdicts=sorted(paths), describe=about, coverage=0.9,
        learning_rates={"high": 1e-4}, training_sets=[], scores=folder / "scores.csv",
        items=folder / "items.parquet", about=folder / "about.json",
    )  # fmt: skip


def stated(folder: Path) -> list[c.Claim]:
    """What the report would say of the study in a folder."""
    state_claims.main(
        scores=folder / "scores.csv", about=folder / "about.json", resamples=40, seed=1,
        item_table=folder / "items.parquet", claims=folder / "claims.json", confidence=0.95,
        estimates=folder / "estimates.csv",
    )  # fmt: skip
    return c.read_claims(folder / "claims.json")


def main(studies: int, only: str = "") -> None:
    """Print a line per design."""
    print(f"{'design':<40}true %  held %  false pages %  native better %  no worse %")
    for name, design in DESIGNS.items():
        if not name.startswith(only):
            continue
        wanted = 100 * truth(design) - 50 if design.get("effect") else 0.0
        held = false = told = alike = 0
        for seed in range(studies):
            with tempfile.TemporaryDirectory() as path, contextlib.redirect_stdout(None):
                folder = Path(path)
                write_study(folder, design, seed)
                found = stated(folder)
            (cell,) = (one for one in found if one.question == c.CELL)
            held += cell.low <= wanted <= cell.high
            told += cell.verdict == c.NATIVE_BETTER
            alike += cell.verdict == c.NO_WORSE
            false += any(is_false(one, wanted) for one in found)
        shares = (f"{100 * value / studies:6.1f}" for value in (held, false, told, alike))
        print(f"{name:<40}{50 + wanted:6.1f}  {'  '.join(shares)}", flush=True)


def is_false(claim: c.Claim, wanted: float) -> bool:
    """Whether a claim says what is not so, where `wanted` is the true lead in points."""
    if claim.verdict == c.NATIVE_BETTER:
        return wanted <= 0
    if claim.verdict == c.TRANSLATED_BETTER:
        return wanted >= 0
    if claim.verdict == c.NO_WORSE:
        return abs(wanted) >= (claim.margin or 0)
    return claim.verdict not in (c.UNDECIDED, c.NOT_SHOWN)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
