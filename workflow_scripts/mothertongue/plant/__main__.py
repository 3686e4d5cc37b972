"""Write the data of a planted effect: `python -m mothertongue.plant FOLDER [EFFECT]`."""

import argparse
from pathlib import Path

from .study import effect_of
from .write import write_all


def main() -> None:
    """Write every file into the folder; without an effect, it is planted in full."""
    parser = argparse.ArgumentParser(prog="python -m mothertongue.plant", description=__doc__)
    parser.add_argument("folder", type=Path, help="such as resources/demo")
    parser.add_argument("effect", nargs="?", default="1", help="from -1 to 1")
    asked = parser.parse_args()
    write_all(asked.folder, float(effect_of(asked.effect)))


if __name__ == "__main__":
    main()
