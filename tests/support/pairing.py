"""Made-up pairs of answers, arguments of the scripts that compare them, and judges with a bias."""

import re

import numpy as np
from judging import arguments
from mothertongue.files import write_jsonl
from mothertongue.judge.pair_data import VERDICTS
from mothertongue.judge.pairs import verdict_of
from mothertongue.judge.ratings import table

SHOWN = re.compile(
    r"\[Response A\]\n(.*)\n\[End of Response A\]\n\n\[Response B\]\n(.*)\n\[End of Response B\]",
    re.DOTALL,
)


def shown(prompt):
    """The two answers of a prompt, in the order in which the judge sees them."""
    return SHOWN.search(prompt).groups()


def two_sets(folder, count=12, own="buena", other="mala"):
    """Answers of two conditions to the same questions."""
    paths = []
    for name, word in (("native", own), ("google", other)):
        rows = [
            {"id": f"q{i:02}", "prompt": f"¿Pregunta {i}?", "answer": f"Respuesta {word} {i}."}
            for i in range(count)
        ]
        paths.append(folder / name / "es.jsonl")
        write_jsonl(paths[-1], rows)
    return paths


def pair_arguments(folder, server, **changes):
    own, other = two_sets(folder)
    known = arguments(folder, server, mode="pairwise", **changes)
    del known["ratings"]
    verdicts = folder / "es.against-google.jsonl"
    return known | {"answers": own, "others": other, "verdicts": verdicts}


def planted(
    seed,
    *,
    models=5,
    seeds=1,
    questions=50,
    effect=0.0,
    position=0.0,
    length=0.0,
    longer=0.0,
    ties=0.15,
    against=("google",),
):
    """Verdicts of a judge whose log-odds are an effect, a place and a length; models differ.

    `effect`: one for all data, or one for each of `against`.
    """
    random = np.random.default_rng(seed)
    effects = effect if isinstance(effect, tuple) else (effect,) * len(against)
    difficulty = random.normal(0, 0.5, questions)
    rows = []
    for model in range(models):
        own = random.normal(0, 0.3)
        for number in range(1, seeds + 1):
            replicate = random.normal(0, 0.15)
            for data, worth in zip(against, effects):
                more = random.normal(longer, 200, questions)
                for item in range(questions):
                    odds = worth + own + replicate + difficulty[item]
                    odds += length * np.tanh(more[item] / 200)
                    scores = [
                        0.5
                        if random.random() < ties
                        else float(random.random() < 1 / (1 + np.exp(-(odds + place * position))))
                        for place in (1, -1)
                    ]
                    rows.append(
                        {
                            "judge": "j",
                            "model": f"m{model}",
                            "data": "native",
                            "against": data,
                            "scope": "es",
                            "lr": "high",
                            "seed": number,
                            "questions": "open",
                            "language": "es",
                            "id": f"q{item}",
                            "verdict": verdict_of(*scores),
                            "first": scores[0],
                            "second": scores[1],
                            "longer": float(more[item]),
                        }
                    )
    return table(rows, VERDICTS)
