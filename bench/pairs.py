"""Judges with planted leanings: how often win rates and biases hold the truth.

python bench/pairs.py STUDIES: a line per design. The truth of a design is the mean of large studies
of it; at equal length, of the same without a difference in length.
"""

import math
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests" / "support")]

from mothertongue.judge.pair_biases import biases  # noqa: E402
from mothertongue.judge.pair_data import Settings  # noqa: E402
from mothertongue.judge.pair_tables import wins  # noqa: E402
from pairing import planted  # noqa: E402

SETTINGS = Settings(0.95, 0.9)
LARGE, REPEATED = 5_000_000, 8  # first seed, and number, of the studies that tell the truth
DESIGNS = {
    "no difference": {},
    "no difference, 8 models": {"models": 8},
    "native better by .5": {"effect": 0.5},
    "length alone": {"length": 1.0, "longer": 150.0},
    "length alone, and a place": {"length": 1.0, "longer": 150.0, "position": 0.4},
    "place alone, .6": {"position": math.log(1.5)},
    "1 model, 4 replicates": {"models": 1, "seeds": 4, "effect": 0.3, "between": 0.0},
}


def truth(design: dict) -> float:
    """The win rate of a design."""
    large = {**design, "questions": 400}
    large |= {"seeds": 40} if design.get("models") == 1 else {"models": 40}
    found = [planted(LARGE + number, **large) for number in range(REPEATED)]
    return sum(float((one["first"] + one["second"]).mean()) / 2 for one in found) / REPEATED


def main(studies: int) -> None:
    """Print, per design: truth, coverage and share told, raw and at equal length; the place."""
    for name, design in DESIGNS.items():
        wanted = truth(design), truth({**design, "longer": 0.0})
        held, told, first = [0, 0], [0, 0], 0.0
        for seed in range(studies):
            rows = planted(seed, **design)
            row = next(
                row
                for row in wins(rows, ["j"], SETTINGS).to_dicts()
                if row["seed"] is None and (row["model"] is None or design.get("models") == 1)
            )
            for place, (low, high) in enumerate(
                (("win_low", "win_high"), ("equal_low", "equal_high"))
            ):
                held[place] += row[low] <= wanted[place] <= row[high]
                told[place] += not row[low] <= 0.5 <= row[high]
            first += biases(rows, ["j"], SETTINGS)["first_preferred"][0]
        shares = [
            f"{wanted[i]:.3f} held {100 * held[i] / studies:5.1f} told {100 * told[i] / studies:5.1f}"
            for i in (0, 1)
        ]
        print(f"{name:<28}{shares[0]} | {shares[1]} | first {first / studies:.3f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
