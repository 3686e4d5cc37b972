"""Made-up answers of one model to be labelled by people, and a study of labels with planted biases."""

from mothertongue.files import write_jsonl

DATA = ("native", "fluent", "literal")


def answer_files(folder, *, questions=12, language="es", data=DATA, words="Respuesta"):
    """Answers of every condition to the same questions, as the stage answer leaves them."""
    paths = []
    for name in data:
        path = folder / f"answer/tiny/{name}/{language}/high/seed1/asked/{language}.jsonl"
        rows = [
            {
                "id": f"q{n}",
                "prompt": f"¿Pregunta {n}?",
                "answer": f"{words} {chr(97 + hash_of(name, n))}{n}",
                "reference": f"Respuesta {n}",
            }
            for n in range(questions)
        ]
        write_jsonl(path, rows)
        paths.append(path)
    return paths


def hash_of(name, number):
    """A number that tells conditions apart and names none."""
    return (DATA.index(name) * 7 + number * 3) % 26


def arguments(folder, **changes):
    """Arguments of draw_people.main."""
    return {
        "language": "es",
        "mode": "rating",
        "items": 36,
        "annotators": ["ana", "luis"],
        "overlap": 0.25,
        "seed": 1,
        "guidelines": None,
        "folder": folder / "export" / "es",
        "key": folder / "key.jsonl",
    } | changes
