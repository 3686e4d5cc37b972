# ruff: noqa: E402
"""Which identifier serves the languages that lingua does not know: pycld2 or py3langid?

Run: python bench/identifiers.py ../shared/data   (py3langid is no dependency: pip install it first)

Real rows of ten languages, cut to a number of words: the share that each names rightly, and the
time of a text. For the targets that lingua lacks there are no such rows: our own two texts in each
(bench/sentences.yaml), and how often real rows of other languages are taken for one of them.
"""

import argparse
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "bench")]

import yaml
from check_recall import Rows
from mothertongue.translate.languages import Identifier, second_opinion

LENGTHS = ((3, 5), (6, 10), (11, 30), (31, 400))


def cut(text: str, language: str, bounds: tuple[int, int], draw: random.Random) -> str | None:
    """The first words of a text (characters of Chinese, two for a word), or None if it is short."""
    number = draw.randint(*bounds)
    if language == "zh":
        joined = "".join(text.split())
        return joined[: 2 * number] if len(joined) >= 2 * bounds[0] else None
    words = text.split()
    return " ".join(words[:number]) if len(words) >= bounds[0] else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, default=400)
    options = parser.parse_args()
    from py3langid.langid import _load_identifier

    model = _load_identifier()
    codes = {"tl": "fil"}
    identifiers = {
        "pycld2": lambda text: second_opinion(text, best=True)[0],
        "py3langid": lambda text: codes.get(model.classify(text)[0], model.classify(text)[0]),
    }
    own = yaml.safe_load((ROOT / "bench" / "sentences.yaml").read_text("utf-8"))
    lacking = [code for code in own if not Identifier.knows(code)]
    print(f"{len(lacking)} targets that lingua lacks: {' '.join(lacking)}")
    rows = Rows(options.data, 1)
    draw = random.Random(1)
    taken = dict.fromkeys(identifiers, 0)
    total = 0
    for bounds in LENGTHS:
        for language, texts in rows.texts.items():
            parts = [cut(text, language, bounds, draw) for text in texts]
            parts = [part for part in parts if part and sum(map(str.isalpha, part)) > 5]
            parts = parts[: options.rows]
            total += len(parts)
            cells = []
            for name, tell in identifiers.items():
                started = time.process_time()
                told = [tell(part) for part in parts]
                spent = 1000 * (time.process_time() - started) / max(len(parts), 1)
                right = 100 * sum(code == language for code in told) / max(len(parts), 1)
                taken[name] += sum(code in lacking for code in told)
                cells.append(f"{name} {right:5.1f} % {spent:.3f} ms")
            print(
                f"{bounds[0]:3}-{bounds[1]:<3} words {language:3} {len(parts):4}  "
                + "  ".join(cells)
            )
    for name, tell in identifiers.items():
        for length in ("long", "short"):
            wrong = [f"{c} as {tell(own[c][length])}" for c in lacking if tell(own[c][length]) != c]
            print(
                f"{name}: {length} text in a lacking target named wrongly: {', '.join(wrong) or 'none'}"
            )
        print(f"{name}: {taken[name]} of {total} other rows taken for a lacking target")


if __name__ == "__main__":
    main()
