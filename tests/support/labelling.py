"""Made-up answers of one model to be labelled by people, and a study of labels with planted biases."""

import csv
import json

from mothertongue.files import read_jsonl, write_json, write_jsonl

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


FORMS = ("ana.csv", "ana.jsonl", "studio.json", "studio-min.json", "records.json")


def returned(export, who, said, back, form):
    """Write an annotator's labels (item -> choice) as one of FORMS, as a tool gives them back."""
    back.mkdir(exist_ok=True)
    done = [
        {**row, "label": said[row["item"]]}
        for row in read_jsonl(export / f"{who}.jsonl")
        if row["item"] in said
    ]
    tasks = json.loads((export / f"{who}.label-studio.json").read_text("utf-8"))
    tasks = [task for task in tasks if task["data"]["item"] in said]
    path = back / form
    if form == "ana.csv":
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.DictWriter(out, done[0])
            writer.writeheader()
            writer.writerows(done)
    elif form == "ana.jsonl":
        write_jsonl(path, done)
    elif form == "studio.json":
        studio = []
        for number, task in enumerate(tasks, start=1):
            value = {"choices": [said[task["data"]["item"]]]}
            result = {
                "from_name": "label",
                "to_name": "question",
                "type": "choices",
                "value": value,
            }
            one = {"id": number, "completed_by": 7, "was_cancelled": False, "result": [result]}
            skipped = {**one, "was_cancelled": True, "result": []}
            studio.append({"id": number, **task, "annotations": [skipped, one], "predictions": []})
        write_json(path, studio)
    elif form == "studio-min.json":
        small = [
            {**task["data"], "id": n, "annotator": 7, "label": said[task["data"]["item"]]}
            for n, task in enumerate(tasks, start=1)
        ]
        write_json(path, small)
    else:
        records = json.loads((export / f"{who}.argilla/records.json").read_text("utf-8"))
        records = [record for record in records if record["id"] in said]
        for record in records:
            value = {"value": said[record["id"]], "user_id": "0f-1", "status": "submitted"}
            record |= {
                "responses": {"label": [{**value, "status": "draft"}, value]},
                "status": "completed",
            }
        write_json(path, records)


def returned_in_every_form(export, who, said, back):
    """A part of the labels in each form, all of them together."""
    items = list(said)
    for place, form in enumerate(FORMS):
        returned(export, who, {name: said[name] for name in items[place :: len(FORMS)]}, back, form)
