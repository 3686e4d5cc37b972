"""A judge with planted biases, from its replies over HTTP to the corrected gap.

    python bench/judge_biases.py              once through the rules, with a server (a minute)
    python bench/judge_biases.py 400          so many studies in this process: coverage

The judge prefers what is shown first (.6 of equal pairs), what is longer, and English, whatever the
question's language. Translated data's answers are longer, and some are in English, which people do
not want. Each bias has to lie in the interval that the reports give, and the gap that people's labels
correct has to be right where the judge's own is off by more than five points.
"""

import csv
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / path) for path in ("workflow_scripts", "tests/support", "bench")]

import yaml  # noqa: E402
from foreign import snakefile  # noqa: E402
from mothertongue.files import read_jsonl, write_jsonl  # noqa: E402
from mothertongue.judge.pair_biases import biases  # noqa: E402
from mothertongue.judge.pair_data import VERDICTS, Settings  # noqa: E402
from mothertongue.judge.pairs import verdict_of  # noqa: E402
from mothertongue.judge.ratings import table  # noqa: E402
from mothertongue.people.compare import pair  # noqa: E402
from mothertongue.people.gaps import gaps  # noqa: E402
from mothertongue.people.records import Label, Unit  # noqa: E402
from pairing import shown  # noqa: E402
from standin_batch import JudgeServer  # noqa: E402

PLACE, LENGTH, LANGUAGE = math.log(0.6 / 0.4), 1.0, 1.5  # log-odds
BETTER = 0.25  # how much better people find native data's answers, in standard deviations
ENGLISH = 0.3  # share of the translated condition's answers that are in English
WORSE = 0.8  # what people think of that
SETTINGS = Settings(0.95, 0.9)


def answers_of(rng: random.Random, questions: int) -> list[dict]:
    """Per question: quality, length and language of both answers."""
    return [
        {
            "native": {"worth": rng.gauss(BETTER, 1), "long": rng.gauss(300, 80), "en": False},
            "google": {"worth": rng.gauss(0, 1), "long": rng.gauss(400, 80), "en": rng.random() < ENGLISH},
        }
        for _ in range(questions)
    ]  # fmt: skip


def odds(one: dict, other: dict) -> float:
    """The judge's log-odds for one answer over another, both places alike."""
    longer = LENGTH * math.tanh((one["long"] - other["long"]) / 100)
    return one["worth"] - other["worth"] + longer + LANGUAGE * (one["en"] - other["en"])


def share(value: float) -> float:
    """The logistic function."""
    return 1 / (1 + math.exp(-value))


def wanted(rng: random.Random, one: dict, other: dict) -> bool:
    """Whether somebody who reads the language prefers the first answer."""
    lead = one["worth"] - other["worth"] - WORSE * (one["en"] - other["en"])
    return rng.random() < share(1.5 * lead)


def truth(questions: int = 200_000) -> dict[str, float]:
    """What the biases and the gap are, from very many questions."""
    made = answers_of(random.Random(1), questions)
    leads = [odds(one["native"], one["google"]) for one in made]
    first = fmean((share(x + PLACE) + share(PLACE - x)) / 2 for x in leads)
    rng = random.Random(2)
    people = fmean(wanted(rng, one["native"], one["google"]) for one in made)
    judge = fmean((share(x + PLACE) + share(x - PLACE)) / 2 for x in leads)
    rows = table(list(rows_of(made[:6_000], random.Random(3))), VERDICTS)
    longer = biases(rows, ["duel"], SETTINGS)["longer_preferred"][0]
    english = fmean((share(LANGUAGE + PLACE) + share(LANGUAGE - PLACE)) / 2 for _ in (0,))
    return {
        "first": first,
        "longer": longer,
        "right language": 1 - english,
        "people": 100 * people - 50,
        "judge": 100 * judge - 50,
    }


def rows_of(made: list[dict], rng: random.Random):
    """Verdicts of the judge, as the tables have them."""
    for number, one in enumerate(made):
        lead = odds(one["native"], one["google"])
        scores = [float(rng.random() < share(lead + place * PLACE)) for place in (1, -1)]
        yield {
            "judge": "duel", "model": "theirs", "data": "native", "against": "google", "scope": "es",
            "lr": "high", "seed": 1, "questions": "open", "language": "es", "id": f"q{number}",
            "verdict": verdict_of(*scores), "first": scores[0], "second": scores[1],
            "longer": one["native"]["long"] - one["google"]["long"],
        }  # fmt: skip


def one_study(seed: int, questions: int = 300, labelled: int = 80) -> dict[str, tuple]:
    """Intervals of a study: place, length, gap of the judge, and the same corrected."""
    rng = random.Random(seed)
    made = answers_of(rng, questions)
    rows = list(rows_of(made, rng))
    found = biases(table(rows, VERDICTS), ["duel"], SETTINGS).to_dicts()[0]
    units = [Unit("es", "open", row["id"], "theirs", "es", "high", 1) for row in rows]
    judge = {
        unit: {pair("native", "google"): (row["first"] + row["second"]) / 2}
        for unit, row in zip(units, rows)
    }
    labels = []
    for place in rng.sample(range(questions), labelled):
        won = wanted(rng, made[place]["native"], made[place]["google"])
        labels.append(Label(f"i{place}", "ana", "A" if won else "B", float(won), units[place], "native", "google", 0))  # fmt: skip
    (gap,) = gaps(labels, {"duel": judge}, 0.95)
    return {
        "first": (found["first_low"], found["first_high"], found["first_preferred"]),
        "longer": (found["longer_low"], found["longer_high"], found["longer_preferred"]),
        "people": (gap.low, gap.high, gap.corrected),
        "judge": (-math.inf, math.inf, gap.raw),
    }


def coverage(studies: int) -> None:
    """How often intervals hold the truth, and mean errors."""
    real = truth()
    found = [one_study(seed) for seed in range(studies)]
    names = {"first": "place", "longer": "length", "people": "corrected gap"}
    for name, words in names.items():
        held = 100 * fmean(one[name][0] <= real[name] <= one[name][1] for one in found)
        off = fmean(one[name][2] - real[name] for one in found)
        print(f"{words:<14} true {real[name]:7.3f}  held {held:5.1f} %  mean error {off:+.3f}")
    off = fmean(one["judge"][2] for one in found) - real["people"]
    print(f"{'raw gap':<14} true {real['people']:7.3f}  off by {off:+.1f} points")


WANTED = """"ours/correlate/judges/biases.csv",
        "ours/correlate/judges/probes.csv",
        "ours/people/key/es.jsonl",
        "ours/correlate/people/gaps.csv" if __import__("os").path.exists("returned") else []"""


class Texts:
    """Answers as texts, and what the judge and people know of each text."""

    def __init__(self):
        self.known: dict[str, dict] = {}
        self.rng = random.Random(5)

    def write(self, name: str, own: dict) -> str:
        """The text of an answer."""
        word = "answer" if own["en"] else "respuesta"
        text = f"{name} {word} " + "x" * max(1, round(own["long"]) - len(name) - 11)
        self.known[text] = own
        return text

    def reply(self, prompt: str, nth: int) -> str:
        """The judge's reply; the same for the same prompt."""
        one, other = (self.known[text.strip()] for text in shown(prompt))
        first = random.Random(prompt).random() < share(odds(one, other) + PLACE)
        return "[[A]]" if first else "[[B]]"


def study_of(server: JudgeServer) -> dict:
    """A study of one judge in pairs, probes and people."""
    duel = {"backend": "openai", "base_url": server.openai, "mode": "pairwise", "model": "duel"}
    google = {"backend": "recorded", "memory": ["none.jsonl"]}
    return {
        "languages": {"es": {}},
        "translate": {"translators": {"google": google}},
        "models": {"theirs": {"base": "Qwen/Qwen1.5-0.5B", "parameters": 5.0e8}},
        "finetune": {"learning_rates": {"high": 1.0e-4}, "seeds": [1]},
        "conditions": [{"data": ["native", "google"], "scope": ["es"], "lr": ["high"]}],
        "answer": {"questions": {"open": {"path": "q.jsonl", "origin": "native", "languages": ["es"]}}},
        "judge": {
            "judges": {"duel": {**duel, "reply": "brackets", "api": {"concurrency": 8}}},
            "probe": {"path": "probes.jsonl"},
            "people": {"mode": "pairwise", "items": 80, "labels": "returned/*"},
        },
    }  # fmt: skip


def through_the_rules(folder: Path, questions: int = 300, probes: int = 100) -> dict[str, tuple]:
    """The same intervals, from files that the rules of a foreign workflow make."""
    texts, rng = Texts(), random.Random(11)
    made = answers_of(rng, questions)
    for data in ("native", "google"):
        rows = [
            {"id": f"q{n}", "prompt": f"¿Pregunta {n}?", "answer": texts.write(f"{data}{n}", one[data])}
            for n, one in enumerate(made)
        ]  # fmt: skip
        write_jsonl(folder / f"ours/answer/theirs/{data}/es/high/seed1/open/es.jsonl", rows)
    alike = {"worth": 0.0, "long": 200}
    rows = [
        {
            "id": n, "prompt": f"¿{n}?", "subset": "right language", "language": "spa_Latn",
            "chosen": texts.write(f"c{n:03}", {**alike, "en": False}),
            "rejected": texts.write(f"r{n:03}", {**alike, "en": True}),
        }
        for n in range(probes)
    ]  # fmt: skip
    write_jsonl(folder / "probes.jsonl", rows)
    (folder / "mothertongue").symlink_to(ROOT)
    (folder / "Snakefile").write_text(snakefile("judge.smk", wanted=WANTED), encoding="utf-8")
    with JudgeServer(reply=texts.reply) as server:
        study = yaml.safe_dump(study_of(server))
        (folder / "study.yaml").write_text(study, encoding="utf-8")
        run(folder)
        for who in ("first", "second"):
            done = []
            for row in read_jsonl(folder / f"ours/people/export/es/{who}.jsonl"):
                said = [texts.known[row[name].strip()] for name in ("answer_a", "answer_b")]
                done.append({**row, "label": "A" if wanted(rng, *said) else "B"})
            write_jsonl(folder / f"returned/{who}.jsonl", done)
        asked = server.requests
        run(folder)
        assert server.requests == asked == 2 * (questions + probes), "each reply is paid once"
    (bias,) = read(folder / "ours/correlate/judges/biases.csv")
    (gap,) = read(folder / "ours/correlate/people/gaps.csv")
    (probe,) = (
        row for row in read(folder / "ours/correlate/judges/probes.csv") if row["kind"] and row["language"]
    )  # fmt: skip
    columns = {
        "first": (bias, ("first_low", "first_high", "first_preferred")),
        "longer": (bias, ("longer_low", "longer_high", "longer_preferred")),
        "right language": (probe, ("low", "high", "accuracy")),
        "people": (gap, ("low", "high", "corrected")),
    }
    found = {name: tuple(float(row[key]) for key in keys) for name, (row, keys) in columns.items()}
    return found | {"judge": (-math.inf, math.inf, float(gap["raw"]))}


def run(folder: Path) -> None:
    """Snakemake in a folder."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout[-2000:] + done.stderr[-3000:])


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a table."""
    with path.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def main(studies: str = "") -> None:
    """Print what was planted and what was found."""
    if studies:
        return coverage(int(studies))
    real = truth()
    with tempfile.TemporaryDirectory() as path:
        found = through_the_rules(Path(path))
    for name in ("first", "longer", "right language", "people"):
        low, high, value = found[name]
        held = "held" if low <= real[name] <= high else "NOT HELD"
        print(
            f"{name:<15} true {real[name]:7.3f}  found {value:7.3f} [{low:.3f}, {high:.3f}]  {held}"
        )
    print(
        f"the judge's own gap is {found['judge'][2]:.1f}, off by {found['judge'][2] - real['people']:+.1f} points"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
