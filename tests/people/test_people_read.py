"""Labels come back in every form that was handed out; what is broken is one line."""

import csv

import draw_people
import import_people
import pytest
from labelling import FORMS, answer_files, arguments, returned
from mothertongue.errors import InputError
from mothertongue.files import read_jsonl, write_jsonl
from mothertongue.people.records import read_key, read_labels


@pytest.fixture(params=["rating", "pairwise"])
def handed_out(request, tmp_path):
    settings = arguments(tmp_path, mode=request.param, overlap=1.0)
    draw_people.main(answers=answer_files(tmp_path), **settings)
    return tmp_path, settings, read_key([settings["key"]])


def choice_of(row, mode):
    """What our annotator says of an item; depends on its texts alone."""
    if mode == "rating":
        return str(1 + len(row["answer"]) % 5)
    return ("A", "B", "tie")[sum(map(ord, row["answer_a"])) % 3]


def labelled(folder, settings):
    """Annotator ana's items with their labels, as the five forms have them when they come back."""
    rows = read_jsonl(folder / "export/es/ana.jsonl")
    by_item = {row["item"]: choice_of(row, settings["mode"]) for row in rows}
    for name in FORMS:
        returned(folder / "export/es", "ana", by_item, folder / "back", name)
    return folder / "back", by_item


def test_every_form_says_the_same(handed_out):
    folder, settings, key = handed_out
    back, by_item = labelled(folder, settings)
    found = {}
    for path in sorted(back.iterdir()):
        import_people.main(keys=[settings["key"]], files=[path], labels=folder / "labels.jsonl")
        found[path.name] = {
            one.item: (one.choice, one.value, one.a, one.order, one.annotator)
            for one in read_labels(folder / "labels.jsonl")
        }
    assert len(found) == 5
    first = found["ana.csv"]
    assert {item: row[0] for item, row in first.items()} == by_item
    assert all(rows == first for rows in found.values())
    assert {row[2] for row in first.values()} == {key[item].a for item in first}
    assert {row[4] for row in first.values()} == {"ana"}


def test_a_partial_file_counts_as_far_as_it_goes(handed_out, capsys):
    folder, settings, _ = handed_out
    back, _ = labelled(folder, settings)
    rows = read_jsonl(back / "ana.jsonl")
    for row in rows[5:]:
        row["label"] = ""
    write_jsonl(back / "half.jsonl", rows)
    import_people.main(
        keys=[settings["key"]], files=[back / "half.jsonl"], labels=folder / "labels.jsonl"
    )
    assert len(read_labels(folder / "labels.jsonl")) == 5
    assert "5 labels of" in capsys.readouterr().out


def test_a_spreadsheet_may_write_numbers_and_semicolons(tmp_path):
    settings = arguments(tmp_path)
    draw_people.main(answers=answer_files(tmp_path), **settings)
    item = next(iter(read_key([settings["key"]])))
    (tmp_path / "ana.csv").write_text(f"item;label\r\n{item};4.0\r\n", encoding="utf-8")
    import_people.main(
        keys=[settings["key"]], files=[tmp_path / "ana.csv"], labels=tmp_path / "labels.jsonl"
    )
    (one,) = read_labels(tmp_path / "labels.jsonl")
    assert (one.value, one.annotator) == (4.0, "ana")


def test_no_cell_is_a_formula(tmp_path):
    settings = arguments(tmp_path)
    draw_people.main(answers=answer_files(tmp_path, words="=1+1"), **settings)
    with (settings["folder"] / "ana.csv").open(encoding="utf-8-sig", newline="") as handle:
        assert all(row["answer"].startswith("'=1+1") for row in csv.DictReader(handle))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.jsonl", '{"item": "nobody", "label": "3"}', r"a\.jsonl, row 1: item 'nobody' is not in the key"),
        ("a.jsonl", '{"item": "ITEM", "label": "9"}', r"row 1: label '9' of item \w+ is none of 1, 2, 3"),
        ("a.jsonl", '{"item": "ITEM"}', r"row 1: needs item and label; it has item"),
        ("a.jsonl", '{"item": "ITEM", "label": "3"}\n{"ite', r"a\.jsonl, line 2: not valid JSON"),
        ("ana.jsonl", '{"item": "ITEM", "label": "3"}\n{"item": "ITEM", "label": "4"}', r"row 2: ana labels item"),
        ("a.jsonl", '{"item": "ITEM", "label": "3", "annotator": "anna"}', r"a\.jsonl, row 1: annotator 'anna' is none of ana, luis"),
        ("a.json", "[{", r"a\.json: not valid JSON"),
        ("a.json", '{"item": 3}', r"a\.json: not a list of objects"),
        ("a.json", '[{"data": {}}]', r"a\.json, task 1: neither annotations nor responses"),
        ("a.json", '[{"data": {}, "annotations": [{"result": [{"from_name": "label"}]}]}]', "task 1: not understood"),
        ("a.csv", "id,mark\n1,2\n", r"a\.csv, row 2: needs item and label; it has id, mark"),
        ("a.xlsx", "", r"a\.xlsx: a file of labels ends in \.csv, \.jsonl or \.json"),
        ("a.jsonl", '{"item": "ITEM", "label": " "}', r"a\.jsonl: no item is labelled in any of 1 files"),
    ],
)  # fmt: skip
def test_what_is_broken_is_one_line(tmp_path, name, content, line):
    settings = arguments(tmp_path)
    draw_people.main(answers=answer_files(tmp_path), **settings)
    item = next(iter(read_key([settings["key"]])))
    (tmp_path / name).write_text(content.replace("ITEM", item), encoding="utf-8")
    with pytest.raises(InputError, match=line) as error:
        import_people.main(
            keys=[settings["key"]], files=[tmp_path / name], labels=tmp_path / "labels.jsonl"
        )
    assert "\n" not in str(error.value)
