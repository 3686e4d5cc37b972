"""Sampling: stated rules, and draws that depend on the seed and the rows alone."""

import json
import os
import random
import re
import subprocess
import sys

import polars as pl
import pytest
from json_rows import read_dataset
from mothertongue.errors import InputError
from mothertongue.files import read_json, read_jsonl, write_jsonl
from mothertongue.sample.source import language_rows, read_aya
from sample_aya import main as sample
from sample_english import main as sample_english
from sample_multi import main as sample_multi


def aya(code: str, number: int) -> list[dict]:
    return [
        {"inputs": f"question {code} {i}", "targets": f"answer {i}", "language_code": code}
        for i in range(number)
    ]


def run(folder, data, language="es", code="spa", **more):
    folder.mkdir(exist_ok=True)
    if isinstance(data, list):
        write_jsonl(folder / "aya.jsonl", data)
        data = folder / "aya.jsonl"
    rules = {"max_characters": None, "empty": "drop", "duplicates": "keep", "seed": 1}
    rules |= {"heldout": 0, "cap": None} | more
    main_files = {k: folder / f"{language}.{k}" for k in ("native", "heldout", "report")}
    sample(
        dataset={"path": str(data)},
        language=language,
        aya={"code": code},
        english={"code": "eng"},
        native_file=main_files["native"],
        heldout_file=main_files["heldout"],
        report_file=main_files["report"],
        **rules,
    )
    return read_dataset(main_files["native"])


def english(folder, data, native, scope="es"):
    sample_english(
        dataset={"path": data if isinstance(data, list) else str(data)},
        english={"code": "eng"}, english_rows={}, scope=scope, seed=1,
        max_characters=None, empty="drop", duplicates="keep", native_file=native,
        english_file=folder / "english", report_file=folder / "english.json",
    )  # fmt: skip
    return read_dataset(folder / "english")


def test_file_order_changes_nothing_and_the_seed_does(tmp_path):
    rows = aya("spa", 50)
    first = run(tmp_path / "a", rows, cap=20)
    shuffled = random.Random(3).sample(rows, len(rows))
    strip = lambda made: [(r["id"], r["output"]) for r in made]  # noqa: E731
    assert strip(run(tmp_path / "b", shuffled, cap=20)) == strip(first)
    assert strip(run(tmp_path / "c", rows, cap=20, seed=2)) != strip(first)
    assert strip(run(tmp_path / "d", rows, cap=10)) == strip(first)[:10]


def test_every_rule_is_counted(tmp_path):
    rows = [*aya("spa", 30), aya("spa", 1)[0]]
    rows += [{"inputs": " ", "targets": "x", "language_code": "spa"}]
    rows += [{"inputs": "long" * 50, "targets": "x", "language_code": "spa"}]
    made = run(tmp_path / "s", rows, max_characters=100, heldout=5)
    report = read_json(tmp_path / "s" / "es.report")
    assert report["left_out"]["empty"] == 1
    assert report["left_out"]["over_long"] == 1
    assert report["exact_duplicates_seen"] == 1
    held = {row["instruction"] for row in read_jsonl(tmp_path / "s" / "es.heldout")}
    assert len(held) == 5
    assert not held & {row["instruction"] for row in made}
    with pytest.raises(InputError, match=r"row 32: 'inputs' is empty"):
        run(tmp_path / "e", rows, empty="error")


def test_english_rows_differ_between_languages(tmp_path):
    data = [*aya("spa", 30), *aya("rus", 12), *aya("eng", 40)]
    run(tmp_path, data)
    run(tmp_path, tmp_path / "aya.jsonl", "ru", "rus")
    sample_multi(
        natives=[tmp_path / "es.native", tmp_path / "ru.native"], rows=None, seed=1,
        native_file=tmp_path / "multi", report_file=tmp_path / "multi.json",
    )  # fmt: skip
    assert len(read_dataset(tmp_path / "multi")) == 24
    drawn = english(tmp_path, tmp_path / "aya.jsonl", tmp_path / "multi", "multi")
    assert len(drawn) == len({row["id"] for row in drawn}) == 24
    goals = [row["origin"]["target_language"] for row in drawn]
    assert goals.count("es") == goals.count("ru") == 12


def test_too_little_english_is_one_line(tmp_path):
    run(tmp_path, [*aya("spa", 30), *aya("eng", 20)])
    with pytest.raises(InputError, match="30 rows are needed for es"):
        english(tmp_path, tmp_path / "aya.jsonl", tmp_path / "es.native")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([{"inputs": "a", "targets": "b"}], "no column language_code"),
        (aya("rus", 3), "no row has language_code 'spa'"),
        ([{"id": "x", **row} for row in aya("spa", 2)], "id 'x' already stands"),
        (
            [{"instruction": "a", "input": "", "output": "b"}],
            r"no column language_code .there are: inputs, targets.*languages\.\*\.native",
        ),
        (
            [{"messages": [{"role": "user", "content": "a"}]}],
            r"line 1: 'messages' does not end with an answer",
        ),
        (
            [{"inputs": 1, "targets": "b", "language_code": "spa"}],
            "row 1: 'inputs' holds int, not text",
        ),
    ],
)
def test_bad_data_is_one_line(tmp_path, rows, message):
    with pytest.raises(InputError, match=message) as caught:
        run(tmp_path / "s", rows)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "s" / "es.native").exists()


def written(folder, name, rows):
    """The rows in one of the shapes that are read."""
    path = folder / name
    frame = pl.DataFrame(rows)
    if name == "enum.parquet":
        frame = frame.with_columns(pl.col("language_code").cast(pl.Enum(["spa", "rus"])))
    if name == "categorical.parquet":
        frame = frame.with_columns(pl.col("language_code").cast(pl.Categorical))
    if name == "nested.parquet":
        frame = frame.with_columns(pl.lit([[1]]).alias("list"), pl.struct("inputs").alias("struct"))
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        indent = 2 if name == "array.json" else None
        text = json.dumps(rows, indent=indent, ensure_ascii=False)
        path.write_text(text if path.suffix == ".json" else "", encoding="utf-8")
        if path.suffix == ".jsonl":
            write_jsonl(path, rows)
    return path


@pytest.mark.parametrize(
    "name",
    ["enum.parquet", "categorical.parquet", "nested.parquet", "array.json", "line.json", "x.jsonl"],
)
def test_every_shape_gives_the_same_rows(tmp_path, name):
    rows = [{**row, "inputs": f"{row['inputs']}\u2028\u0085"} for row in aya("spa", 30)]
    made = run(tmp_path / "s", written(tmp_path, name, rows))
    assert len(made) == 30
    assert {row["instruction"] for row in made} == {row["inputs"] for row in rows}


def test_zero_is_an_id_and_a_missing_id_is_made_of_content(tmp_path):
    rows = aya("spa", 30)
    for row, name in zip(rows, [0, 1, "1", None, float("nan"), ""], strict=False):
        row["id"] = name
    for number, row in enumerate(rows[6:], start=100):
        row["id"] = number
    made = {row["instruction"]: row["id"] for row in run(tmp_path / "s", rows)}
    found = [made[row["inputs"]] for row in rows[:6]]
    assert found[:3] == ["0", "1", '"1"']
    assert all(re.fullmatch("es-[0-9a-f]{12}", name) for name in found[3:])


def test_an_integer_column_of_ids_in_parquet_may_have_gaps(tmp_path):
    rows = [{**row, "id": float(n) if n else None} for n, row in enumerate(aya("spa", 30))]
    made = run(tmp_path / "s", written(tmp_path, "ids.parquet", rows))
    assert {"1", "29"} < {row["id"] for row in made}


def test_a_table_of_another_kind_is_told(tmp_path):
    (tmp_path / "x.csv").write_text("inputs,targets,language_code\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"x.csv: no rows"):
        run(tmp_path / "s", tmp_path / "x.csv")
    path = tmp_path / "list.parquet"
    pl.DataFrame({"inputs": [["a"]], "targets": ["b"], "language_code": ["spa"]}).write_parquet(
        path
    )
    with pytest.raises(InputError, match=r"column 'inputs' holds List\(String\), not text"):
        run(tmp_path / "s", path)


@pytest.mark.data
@pytest.mark.parametrize(("language", "code", "number"), [("es", "spa", 3854), ("ru", "rus", 423)])
def test_real_rows(tmp_path, shared, language, code, number):
    made = run(tmp_path, shared / "data/aya/aya_dataset.parquet", language, code)
    assert len(made) == number


HUB = """
import json, sys
sys.path[:0] = [sys.argv[1]]
from mothertongue.errors import InputError
from mothertongue.sample.source import read_source

for revision in json.loads(sys.argv[2]):
    try:
        frame = read_source({"hub": "lab/aya", "revision": revision, "split": "train"}, "x")
        print(json.dumps([frame.height, *frame["_revision"].unique(), *frame.columns]))
    except InputError as error:
        print(json.dumps(str(error)))
"""


@pytest.mark.slow
def test_the_hub_is_read_at_its_pinned_revision(tmp_path, root):
    """The real loading code over HTTP: every row tells the commit that it came from."""
    import io

    import polars as pl
    from standin_hub import Hub, Repository

    rows = [{**row, "annotation_type": "original", "user_id": "u"} for row in aya("spa", 30)]
    content = io.BytesIO()
    pl.DataFrame(rows).write_parquet(content)
    files = {"data/train-00000-of-00001.parquet": content.getvalue()}
    repository = Repository("dataset", "lab/aya", files)
    with Hub([repository]) as hub:
        environment = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}
        environment |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path)}
        revisions = json.dumps([repository.commit, None, "0" * 40])
        command = [sys.executable, "-c", HUB, str(root / "workflow_scripts"), revisions]
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        lines = [line for line in done.stdout.splitlines() if ": read as Aya" not in line]
        pinned, newest, unknown = lines
    assert json.loads(pinned)[:2] == json.loads(newest)[:2] == [30, repository.commit]
    assert {"inputs", "targets", "annotation_type"} < set(json.loads(pinned))
    assert "lab/aya" in json.loads(unknown) and "000000" in unknown
    assert "\\n" not in unknown


def test_filters_by_language_and_annotation_type(tmp_path):
    """Both Chinese scripts share a code; original annotations can be told from re-annotations."""
    kinds = ("original-annotations", "re-annotations")
    rows = [
        {**row, "language": ("Simplified Chinese", "Traditional Chinese")[i % 2],
         "annotation_type": kinds[i % 3 == 0]}
        for i, row in enumerate(aya("zho", 60))
    ]  # fmt: skip
    write_jsonl(tmp_path / "aya.jsonl", rows)
    frame = read_aya({"path": str(tmp_path / "aya.jsonl")})
    wanted = {"code": "zho", "language": "Simplified Chinese", "annotation_type": kinds[0]}
    found = language_rows(frame, wanted, "languages.zh.aya")
    assert found.height == sum(i % 2 == 0 and i % 3 != 0 for i in range(60)) == 20
    with pytest.raises(InputError, match=r"languages\.zh\.aya: no row has annotation_type 'gold'"):
        language_rows(frame, {**wanted, "annotation_type": "gold"}, "languages.zh.aya")
    with pytest.raises(InputError, match=r"asks for language .*no such column"):
        language_rows(frame.drop("language"), wanted, "languages.zh.aya")


def test_chinese_is_capped_to_the_size_of_english(tmp_path):
    """As many rows as English has as published, empty ones included; a larger cap contains it."""
    data = [
        *aya("zho", 50),
        *aya("eng", 20),
        {"inputs": "", "targets": "x", "language_code": "eng"},
    ]
    made = run(tmp_path / "s", data, "zh", "zho", cap="english")
    assert len(made) == 21
    assert read_json(tmp_path / "s" / "zh.report")["left_out"]["over_cap"] == 29
    more = run(tmp_path / "t", data, "zh", "zho", cap=30)
    assert more[:21] != []
    assert {row["id"] for row in made} <= {row["id"] for row in more}


def test_duplicates_are_kept_or_dropped_and_english_is_drawn_without_repeats(tmp_path):
    one = {"inputs": "same", "targets": "same", "language_code": "spa"}
    data = [*aya("spa", 10), one, one, *aya("eng", 14), *aya("eng", 3)]
    assert len(run(tmp_path / "k", data)) == 12
    kept = run(tmp_path / "d", data, duplicates="drop")
    assert len(kept) == 11
    assert read_json(tmp_path / "d" / "es.report")["left_out"]["duplicates"] == 1
    drawn = english(tmp_path / "k", tmp_path / "k" / "aya.jsonl", tmp_path / "k" / "es.native")
    assert len({row["id"] for row in drawn}) == len(drawn) == 12
    report = read_json(tmp_path / "k" / "english.json")
    assert (report["rows"], report["asked"], report["shortfall"]) == (12, {"es": 12}, {})


def test_files_may_be_split_and_reordered(tmp_path):
    """One file or several, in any order, parquet or JSON Lines: the same sample."""
    import polars as pl

    rows = [*aya("spa", 40), *aya("eng", 60)]
    native = run(tmp_path / "one", rows, cap=25)
    first = english(tmp_path / "one", tmp_path / "one" / "aya.jsonl", tmp_path / "one/es.native")
    mixed = random.Random(1).sample(rows, len(rows))
    write_jsonl(tmp_path / "z.jsonl", mixed[:30])
    pl.DataFrame(mixed[30:]).write_parquet(tmp_path / "a.parquet")
    paths = [str(tmp_path / "z.jsonl"), str(tmp_path / "a.parquet")]
    (tmp_path / "two").mkdir()
    sample(
        dataset={"path": paths}, language="es", aya={"code": "spa"}, english={"code": "eng"},
        cap=25, heldout=0, seed=1, max_characters=None, empty="drop", duplicates="keep",
        native_file=tmp_path / "two/es.native", heldout_file=tmp_path / "two/es.heldout",
        report_file=tmp_path / "two/es.report",
    )  # fmt: skip
    content = lambda made: [(row["id"], row["instruction"], row["output"]) for row in made]  # noqa: E731
    assert content(read_dataset(tmp_path / "two/es.native")) == content(native)
    second = english(tmp_path / "two", paths, tmp_path / "two/es.native")
    assert content(second) == content(first)
