"""Data files as people have them: every format and shape, and what is said of bad ones."""

import csv
import gzip
import io
import json
import re

import polars as pl
import pytest
import zstandard
from mothertongue.errors import InputError
from mothertongue.sample.formats import read_records
from mothertongue.sample.shapes import Turn, conversations
from mothertongue.sample.source import read_source

PAIRS = [("Habari?\nNini maana?", "Njema, asante."), ('Taja mto, "mkubwa"', "Mto Nile; mrefu.")]
ROWS = [{"question": q, "answer": a} for q, a in PAIRS]


def as_csv(separator):
    quote = lambda text: '"' + text.replace('"', '""') + '"'  # noqa: E731
    lines = [separator.join(("question", "answer"))]
    lines += [separator.join(map(quote, pair)) for pair in PAIRS]
    return "\r\n".join(lines).encode()


def as_lines(rows=ROWS):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(path):
    pl.DataFrame(ROWS).write_parquet(path)
    return path.read_bytes()


CONTENTS = {
    "csv": as_csv(","),
    "csv with a byte-order mark": b"\xef\xbb\xbf" + as_csv(","),
    "semicolons": as_csv(";"),
    "tsv": as_csv("\t"),
    "utf-16": as_csv("\t").decode().encode("utf-16"),
    "json lines": as_lines(),
    "json lines, CRLF and empty lines": as_lines().replace(b"\n", b"\r\n\r\n"),
    "array": json.dumps(ROWS, indent=1).encode(),
    "rows below a key": json.dumps({"version": "1", "data": ROWS}, indent=1).encode(),
    "rows below a key, one line": json.dumps({"version": "1", "data": ROWS}).encode(),
    "gzip": gzip.compress(as_lines()),
    "zstandard": zstandard.compress(as_csv(",")),
    "zstandard in two frames": zstandard.compress(as_lines(ROWS[:1]))
    + zstandard.compress(as_lines(ROWS[1:])),
}


@pytest.mark.parametrize("name", [*CONTENTS, "parquet"])
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".txt", ".zip"])
def test_the_content_tells_the_format_whatever_the_name(tmp_path, name, ending):
    path = tmp_path / f"rows{ending}"
    content = as_parquet(tmp_path / "x") if name == "parquet" else CONTENTS[name]
    path.write_bytes(content)
    records = read_records(path)
    assert [record.values for record in records] == ROWS
    assert len({record.place for record in records}) == 2
    assert all(record.place.startswith(f"{path}, ") for record in records)


def test_places_are_lines_of_the_file(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(as_csv(","))
    assert [record.place for record in read_records(path)] == [f"{path}, line 2", f"{path}, line 4"]


@pytest.mark.slow
def test_unicode_line_separators_are_text_and_a_long_line_is_a_line(tmp_path):
    rows = [{"instruction": "a\u2028b\u0085c", "output": "x" * 50_000_000}]
    (tmp_path / "x.jsonl").write_bytes(as_lines(rows))
    (record,) = read_records(tmp_path / "x.jsonl")
    assert record.values == rows[0]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no rows"),
        (b"\n\n", "no rows"),
        (b"[]", "no rows"),
        (b"question,answer\n", "no rows"),
        (b"only a text\nand another\n", "neither JSON nor a table"),
        (
            b"question,answer\na,b,c\n",
            "line 2: 3 cells under 2 columns; put cells that hold a comma",
        ),
        (b'question,answer\n"a"b,c\n', "line 2: not a table"),
        (b"question,question\na,b\n", "names 'question' more than once"),
        (b'{"a": 1}\n{"a": \n', "line 2: not valid JSON"),
        (b'{"a": 1}\n[2]\n', r"line 2: expected a JSON object \{…\}, found list"),
        (b'{"a": "\\ud83d"}\n{"a": "b"}\n', "line 1: holds half a character"),
        (b'{"a": "b"}\n{"a": "b\\u0000"}\n', "line 2: holds a NUL character"),
        (b"question,answer\na,b\0\n", "line 2: holds a NUL character"),
        (b"question,answer\na,\xe9t\xe9\n", "line 2: not UTF-8; save the file as UTF-8"),
        (gzip.compress(as_lines())[:-9], "a damaged gzip file"),
        (zstandard.compress(as_lines())[:-9], "a Zstandard file that was cut short"),
        (b"PK\x03\x04rest", "a zip archive or an Excel file"),
        (b"PAR1 and no more", "not a readable parquet file"),
        (b'{"config":\n {"a": 1}}', "one JSON object"),
    ],
)
def test_a_bad_file_is_one_line_that_names_the_place(tmp_path, content, told):
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=told) as caught:
        read_records(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def read(tmp_path, rows, columns=None):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(as_lines(rows))
    said = []
    found = conversations(read_records(path), columns, say=said.append)
    return found, said


TURNS = (Turn("user", "Habari?"), Turn("assistant", "Njema."))
CHAT = [{"role": "user", "content": "Habari?"}, {"role": "assistant", "content": "Njema."}]
SHAPES = {
    "Aya": {"inputs": "Habari?", "targets": "Njema.", "language_code": "swh"},
    "Alpaca": {"instruction": "Habari?", "input": "", "output": "Njema."},
    "Dolly": {"instruction": "Habari?", "context": None, "response": "Njema."},
    "prompt/completion": {"prompt": "Habari?", "completion": "Njema."},
    "prompt/completion ": {"prompt": CHAT[:1], "completion": CHAT[1:]},
    "messages": {"messages": CHAT},
    "messages ": {"messages": json.dumps(CHAT)},  # a CSV cell
    "ShareGPT": {
        "conversations": [{"from": "human", "value": "Habari?"}, {"from": "gpt", "value": "Njema."}]
    },
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_guessed_and_said_in_one_line(tmp_path, name):
    found, said = read(tmp_path, [SHAPES[name], {**SHAPES[name], "id": "x"}])
    assert [one.turns for one in found] == [TURNS] * 2
    assert [one.id for one in found] == [None, "x"]
    assert len(said) == 1
    assert f": read as {name.strip()} (" in said[0]


def test_what_stands_beside_is_kept(tmp_path):
    row = {"messages": [{"role": "system", "content": "Be brief."}, *CHAT, *CHAT], "lang": "sw"}
    (one,), _ = read(tmp_path, [row])
    assert one.system == "Be brief."
    assert one.turns == TURNS + TURNS
    assert one.language == "sw"


def test_columns_of_the_study_reach_into_objects(tmp_path):
    row = {"data": {"q": "Habari?"}, "answers": [{"text": "Njema."}], "n": 7.0}
    (one,), said = read(
        tmp_path, [row], {"instruction": "data.q", "output": "answers.0.text", "id": "n"}
    )
    assert one.turns == TURNS
    assert one.id == "7"
    assert not said


def test_an_input_follows_its_instruction(tmp_path):
    (one,), _ = read(tmp_path, [{"instruction": "Translate.", "input": "Habari?", "output": "Hi"}])
    assert one.turns[0].content == "Translate.\n\nHabari?"


def test_texts_are_composed_and_the_change_is_said(tmp_path):
    (one, two), said = read(
        tmp_path,
        [{"instruction": "cafe\u0301", "output": "x"}, {"instruction": "\u200fab", "output": None}],
    )
    assert one.turns[0].content == "café"
    assert two.turns[0].content == "\u200fab"  # marks of direction stay
    assert two.is_empty
    assert not one.is_empty
    assert said[-1].endswith("1 rows were not in Unicode's composed form (NFC) and are now")


@pytest.mark.parametrize(
    ("rows", "columns", "told"),
    [
        ([{"q": "a", "a": "b"}], None, r"no known shape .*columns: \{instruction: q, output: a\}"),
        (
            [
                {"n": "1", "q": "a", "a": "b", "score": 2.5},
                {"n": "2", "q": "3", "a": "c", "score": None},
            ],
            None,
            r"no known shape .*columns: \{instruction: q, output: a\}",
        ),
        ([{"n": 1, "m": 2}], None, r"no known shape .*columns: \{instruction: n, output: m\}"),
        (
            [{"instruction": "a", "output": "b", "messages": CHAT}],
            None,
            "could be Alpaca .* or messages .*; say which",
        ),
        (
            [{"q": "a", "a": "b"}],
            {"instruction": "q"},
            "name the columns of instruction and output",
        ),
        (
            [{"q": "a", "a": "b"}],
            {"instruction": "q", "output": "x.y"},
            r"no column 'x.y' \(columns.output; there are: q, a\)",
        ),
        ([{"instruction": "a", "output": 4}], None, "line 1: 'output' holds int, not text"),
        ([{"messages": CHAT[:1]}], None, "does not end with an answer of the assistant"),
        ([{"messages": CHAT[1:]}], None, "the assistant speaks where the user should"),
        ([{"messages": [CHAT[0], *CHAT]}], None, r"messages\[1\]: the user speaks where"),
        ([{"messages": [*CHAT, {"role": "system", "content": "x"}]}], None, "put it first"),
        ([{"messages": [{"role": "tool", "content": "x"}]}], None, "the role is 'tool'"),
        ([{"messages": ["x"]}], None, "expected an object with role and content"),
        ([{"messages": CHAT}, {"messages": "x"}], None, "line 2: 'messages' is not a list"),
        (
            [{"messages": [{"role": "user", "content": [{"type": "image", "url": "x"}]}, CHAT[1]]}],
            None,
            "the content is not text",
        ),
    ],
)
def test_a_row_that_does_not_fit_is_one_line(tmp_path, rows, columns, told):
    with pytest.raises(InputError, match=told) as caught:
        read(tmp_path, rows, columns)
    assert "\n" not in str(caught.value)


def test_a_message_in_parts_is_one_text(tmp_path):
    parts = [{"type": "text", "text": "Hab"}, {"type": "text", "text": "ari?"}]
    (one,), _ = read(tmp_path, [{"messages": [{"role": "user", "content": parts}, CHAT[1]]}])
    assert one.turns == TURNS


# -- every shape through the sources of a study: a good file in each format, and bad ones ----------

BY_COLUMNS = {"instruction": "data.q", "output": "data.a"}
GOOD = {
    **{name.strip(): row for name, row in SHAPES.items() if not name.endswith(" ")},
    "columns": {"data": {"q": "Habari?", "a": "Njema."}},
}


def with_answer(row, answer):
    """A row with another answer, in whatever shape."""
    made = json.loads(json.dumps(row))
    for key in ("targets", "output", "response", "completion"):
        if key in made:
            made[key] = answer
    for turn in made.get("messages", made.get("conversations", []))[1:]:
        turn["value" if "value" in turn else "content"] = answer
    if "data" in made:
        made["data"]["a"] = answer
    return made


def source_of(path, shape):
    return {"path": str(path), **({"columns": BY_COLUMNS} if shape == "columns" else {})}


def as_frame(rows):
    into = io.BytesIO()
    pl.DataFrame(rows).write_parquet(into)
    return into.getvalue()


def as_table(rows):
    into = io.StringIO()
    writer = csv.DictWriter(into, list(rows[0]))
    writer.writeheader()
    cell = lambda value: json.dumps(value) if isinstance(value, list) else value  # noqa: E731
    writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
    return into.getvalue().encode()


FORMATS = {
    "lines": as_lines,
    "lines with a byte-order mark": lambda rows: b"\xef\xbb\xbf" + as_lines(rows),
    "lines in UTF-16": lambda rows: as_lines(rows).decode().encode("utf-16"),
    "array": lambda rows: json.dumps(rows).encode(),
    "gzip": lambda rows: gzip.compress(as_lines(rows)),
    "parquet": as_frame,
    "table": as_table,
}


@pytest.mark.parametrize("ending", [".jsonl", ".parquet", ".csv"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("shape", GOOD)
def test_a_good_file_of_every_shape_and_format_whatever_its_name(
    tmp_path, capsys, shape, form, ending
):
    if (shape, form) == ("columns", "table"):
        pytest.skip("a table has no objects to reach into")
    path = tmp_path / f"rows{ending}"
    path.write_bytes(FORMATS[form]([GOOD[shape], with_answer(GOOD[shape], "Sawa.")]))
    table = read_source(source_of(path, shape), "sample.english")
    assert table["inputs"].to_list() == ["Habari?"] * 2
    assert table["targets"].to_list() == ["Njema.", "Sawa."]
    assert table["_row"].to_list() == [1, 2]
    said = capsys.readouterr().out
    assert said.count("\n") == (shape != "columns")
    assert shape == "columns" or f"{path}: read as {shape} (" in said


BAD = {
    "a number": (lambda row: [row, with_answer(row, 4)], r"(line|row) 2.*not text"),
    "no object": (lambda row: [row, ["a", "b"]], r"(line|row) 2: expected a JSON object"),
    "half a character": (
        lambda row: [row, with_answer(row, "\ud83d")],
        "(line|row) 2.*(half a character|lone surrogate)",
    ),
    "NUL": (lambda row: [row, with_answer(row, "a\0b")], "(line|row) 2.*NUL"),
}


@pytest.mark.parametrize("fault", BAD)
@pytest.mark.parametrize("shape", GOOD)
def test_a_bad_row_of_every_shape_is_one_line_that_says_what_to_do(tmp_path, shape, fault):
    rows, told = BAD[fault]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows(GOOD[shape])), encoding="utf-8")
    with pytest.raises(InputError, match=told) as caught:
        read_source(source_of(path, shape), "sample.english")
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert fault == "no object" or re.search("remove|write it|mend|leave out", str(caught.value))


@pytest.mark.parametrize("shape", ["Aya", "Alpaca", "messages"])
@pytest.mark.parametrize("text", ["a\0b"])
def test_a_nul_in_parquet_is_refused(tmp_path, shape, text):
    path = tmp_path / "rows.parquet"
    path.write_bytes(as_frame([GOOD[shape], with_answer(GOOD[shape], text)]))
    with pytest.raises(InputError, match=r"row 2.*NUL character"):
        read_source(source_of(path, shape), "sample.english")
