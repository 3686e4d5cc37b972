"""The files that annotators work in: CSV, JSON Lines, Label Studio, Argilla, and a page of its own.

None of them names a condition. Label Studio: tasks as JSON, and the labelling configuration to be
pasted into the project. Argilla (2.x): a folder for `rg.Dataset.from_disk`.
"""

import csv
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files import write_json, write_jsonl
from .guidelines import Words
from .records import RATING, Sheet

PAGE = Path(__file__).with_name("page.html")
ANSWERS = {1: ("answer",), 2: ("answer_a", "answer_b")}


def fields(sheet: Sheet) -> dict[str, str]:
    """An item's texts by the names of columns."""
    names = ANSWERS[len(sheet.answers)]
    return {"item": sheet.item, "question": sheet.question, **dict(zip(names, sheet.answers))}


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(("=", "+", "-", "@")) else text


def write_all(
    folder: Path, annotator: str, mode: str, shown: Sequence[Sheet], words: Words
) -> None:
    """Every file of one annotator; the label of each row is left to be filled in."""
    rows = [fields(sheet) for sheet in shown]
    blank = [{**row, "annotator": annotator, "label": ""} for row in rows]
    names = ["item", "question", *ANSWERS[1 if mode == RATING else 2], "annotator", "label"]
    with (folder / f"{annotator}.csv").open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, names)  # with a byte-order mark, which spreadsheets look for
        writer.writeheader()
        writer.writerows({name: harmless(text) for name, text in row.items()} for row in blank)
    write_jsonl(folder / f"{annotator}.jsonl", blank)
    own = {"annotator": annotator, "asked_of": annotator}
    tasks = [{"data": {**row, **own}} for row in rows]
    write_json(folder / f"{annotator}.label-studio.json", tasks)
    config = label_studio_config(mode, words)
    (folder / "label-studio.xml").write_text(config, encoding="utf-8")
    write_argilla(folder / f"{annotator}.argilla", annotator, mode, rows, words)
    page = {
        "annotator": annotator,
        "language": folder.name,
        "mode": mode,
        "rows": rows,
        "words": words.as_json(),
    }
    data = json.dumps(page, ensure_ascii=False).replace("<", "\\u003c")
    text = PAGE.read_text(encoding="utf-8").replace("@LANGUAGE@", words.language)
    (folder / f"{annotator}.html").write_text(text.replace("@DATA@", data), encoding="utf-8")


def label_studio_config(mode: str, words: Words) -> str:
    """The labelling interface: one choice by keyboard."""
    texts = [("question", words.question)]
    texts += [(name, title) for name, title in zip(_answers(mode), words.answers(mode))]
    shown = "".join(
        f'  <Header value="{html.escape(title)}"/>\n  <Text name="{name}" value="${name}"/>\n'
        for name, title in texts
    )
    choices = "".join(
        f'    <Choice value="{value}" alias="{value}" hotkey="{key}"/>\n'
        for key, value in words.keys(mode)
    )
    return (
        f"<View>\n{shown}"
        f'  <Header value="{html.escape(words.task(mode))}"/>\n'
        f'  <Choices name="label" toName="question" choice="single" required="true">\n{choices}'
        "  </Choices>\n</View>\n"
    )


def write_argilla(
    folder: Path, annotator: str, mode: str, rows: Sequence[dict[str, str]], words: Words
) -> None:
    """A dataset as Argilla keeps one on disk."""
    named = [("question", words.question), *zip(_answers(mode), words.answers(mode))]
    of_text = {"type": "text", "use_markdown": False}
    asked: dict[str, Any] = {"type": "label_selection"}
    asked["options"] = [{"value": value, "text": value} for _, value in words.keys(mode)]
    question = {"name": "label", "title": words.task(mode), "required": True, "settings": asked}
    settings = {
        "guidelines": words.guidelines(mode),
        "questions": [question],
        "fields": [
            {"name": name, "title": title, "required": True, "settings": of_text}
            for name, title in named
        ],
        "vectors": [],
        "metadata": [],
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
        "mapping": None,
    }
    (folder / ".argilla").mkdir(parents=True)
    write_json(folder / ".argilla" / "settings.json", settings)
    model = {"name": folder.stem, "guidelines": settings["guidelines"]}
    write_json(folder / ".argilla" / "dataset.json", model)
    records = [
        {
            "id": row["item"],
            "fields": {name: row[name] or " " for name, _ in named},  # Argilla wants a text
            "metadata": {"item": row["item"], "annotator": annotator},
            "suggestions": {},
            "responses": {},
            "vectors": {},
        }
        for row in rows
    ]
    write_json(folder / "records.json", records)


def _answers(mode: str) -> tuple[str, ...]:
    return ANSWERS[1 if mode == RATING else 2]
