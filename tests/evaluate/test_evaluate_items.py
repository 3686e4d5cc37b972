"""Ids, clusters and missing cells of items; levels of chance; clusters joined over languages."""

import json
import math

import polars as pl
import pytest
from mothertongue.collect.items import joined_clusters
from mothertongue.errors import InputError
from mothertongue.evaluate import score
from mothertongue.evaluate.items import make_items
from mothertongue.evaluate.read import read_rows
from mothertongue.study.tasks import read_task


def choice(question="q", **more):
    return {"question": question, "A": "w", "B": "x", "C": "y", "D": "z", "answer": "B", **more}


def passage(context, question="q", **more):
    return {"context": context, "question": question, "answers": ["a"], **more}


def test_zero_is_an_id_and_numbers_and_texts_do_not_collide():
    rows = [choice("a", id=0), choice("b", id=1), choice("c", id="1"), choice("d", id=2.0)]
    assert [item["id"] for item in make_items(rows, "choice", "here")] == ["0", "1", '"1"', "2"]


def test_a_missing_id_is_made_of_content():
    rows = [
        choice("a", subject="s"),
        choice("b", id=None),
        choice("c", id=float("nan")),
        choice("c"),
    ]
    first = [item["id"] for item in make_items(rows, "choice", "here")]
    again = [item["id"] for item in make_items(rows[::-1], "choice", "here")]
    assert len(set(first)) == 4 and first[0].startswith("s/")
    assert first[3] == f"{first[2]}-2"
    assert set(first) == set(again) and first[1] == again[2]


def test_questions_of_one_passage_are_a_cluster():
    rows = [passage("one", id="p"), passage("two", id="q"), passage("one", id="r")]
    items = make_items(rows, "short-answer", "here")
    assert items[0]["cluster"] == items[2]["cluster"] != items[1]["cluster"]
    (belebele,) = make_items(
        [
            {"flores_passage": "one", "question": "q", "correct_answer_num": "3"}
            | {f"mc_answer{n}": f"o{n}" for n in (1, 2, 3, 4)}
        ],
        "choice",
        "here",
    )
    assert belebele["cluster"] == items[0]["cluster"] and belebele["gold"] == 2
    assert [i["cluster"] for i in make_items([choice(id="x")], "choice", "here")] == ["x"]


def test_a_field_may_name_the_cluster():
    rows = [choice("a", id="p", source=7), choice("b", id="q", source=7)]
    items = make_items(rows, "choice", "here", cluster="source")
    assert [item["cluster"] for item in items] == ["7", "7"]
    with pytest.raises(
        InputError, match=r"row 1: no column 'link' to cluster items by .*found: quest"
    ):
        make_items(rows, "choice", "here", cluster="link")
    with pytest.raises(InputError, match="row 2: 'source', which names the cluster, is empty"):
        make_items([rows[0], {**rows[1], "source": None}], "choice", "here", cluster="source")


def test_rows_of_a_translated_test_without_ids_share_their_number():
    spanish = make_items([choice("uno"), choice("dos")], "choice", "es", parallel=True)
    russian = make_items([choice("один"), choice("два")], "choice", "ru", parallel=True)
    assert [i["cluster"] for i in spanish] == [i["cluster"] for i in russian] == ["row 1", "row 2"]
    assert {i["id"] for i in spanish}.isdisjoint(i["id"] for i in russian)


def frame(rows):
    names = ["benchmark", "language", "item", "cluster"]
    keys = {name: pl.Categorical for name in ("benchmark", "judge", "language")}
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    table = pl.DataFrame(columns).with_columns(pl.lit(None, pl.String).alias("judge"))
    return table.cast(keys).with_columns(pl.lit(1.0).alias("value"))


def test_clusters_of_languages_are_joined_where_the_items_are_the_same():
    found = joined_clusters(
        frame(
            [
                ("xquad", "es", "1", "A"),
                ("xquad", "es", "2", "A"),
                ("xquad", "es", "3", "B"),
                ("xquad", "ru", "2", "C"),
                ("xquad", "ru", "3", "D"),
                ("xquad", "ru", "3", "D"),  # another adapter
                ("quiz", "es", "1", "1"),
                ("quiz", "ru", "1", "1"),
            ]
        )
    )
    a, b = found["cluster"][0], found["cluster"][2]
    assert a != b
    assert found["cluster"].to_list() == [a, a, b, a, b, b, "1", "1"]


def test_clusters_stay_where_equal_ids_mean_nothing():
    rows = [("own", "es", "1", "A"), ("own", "es", "2", "B"), ("own", "zh", "1", "C")]
    rows += [("own", "zh", "2", "C")]  # joining would unite A and B
    assert joined_clusters(frame(rows))["cluster"].to_list() == ["A", "B", "C", "C"]


MISSING = {
    "nan.jsonl": '{"question": "q", "A": "x", "B": NaN, "C": "y", "D": "z", "answer": "A"}\n',
    "null.jsonl": '{"question": null, "A": "x", "B": "w", "C": "y", "D": "z", "answer": "A"}\n',
    "empty.csv": "question,A,B,C,D,answer\nq,x,,y,z,A\n",
    "short.csv": "question,A,B,C,D,answer\nq,x,w,y,z\n",
    "blank.jsonl": '{"question": "q", "choices": ["a", " ", "c", "d"], "answer": 0}\n',
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_cell_is_an_error_or_left_out_and_counted(tmp_path, name):
    path = tmp_path / name
    path.write_text(MISSING[name], encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name}, row 1: .* is empty"):
        make_items(read_rows(path), "choice", str(path))
    report = {}
    rows = [choice("kept"), *read_rows(path)]
    (item,) = make_items(rows, "choice", "here", missing="drop", report=report)
    assert item["question"] == "kept"
    assert report["dropped"] == {"rows with a missing cell": 1}
    with pytest.raises(InputError, match=r"here: no items .every row has a missing cell"):
        make_items(rows[1:], "choice", "here", missing="drop")


def test_a_missing_parquet_cell_and_a_missing_gold_are_found(tmp_path):
    pl.DataFrame([{**choice(), "C": None}, choice()]).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(InputError, match="row 1: 'C' is empty"):
        make_items(read_rows(tmp_path / "x.parquet"), "choice", "here")
    for answers in ([], ["a", None], [float("nan")], {"text": []}):
        with pytest.raises(InputError, match="row 1: 'answers' "):
            make_items([passage("c") | {"answers": answers}], "short-answer", "here")
    with pytest.raises(InputError, match="row 1: 'answer_number' is empty"):
        make_items([{"question": "q", "answer_number": math.nan}], "number", "here")
    assert "nan" not in str(make_items([choice(subject=math.nan)], "choice", "here"))


def test_equal_options_are_named():
    report = {}
    rows = [choice("a", id="p", D="ｗ"), choice("b", id="q", A="Paris ", C="paris"), choice("c")]
    rows += [choice("genes", A="AaBb", B="AABB", C="aabb", D="AaB")]
    make_items(rows, "choice", "here", report=report)
    assert report["notes"] == [
        "items with options that are equal after normalisation: 2: p (A = D); q (A = C)"
    ]


@pytest.mark.parametrize(
    ("golds", "language", "kept"),
    [
        (["12,5", "1.234,5"], "es", ["12.5", "1234.5"]),
        (["12,5", "1.234,5"], "en", ["12.5", "1234.5"]),
        (["2,125", "114,200", "5"], "es", ["2125", "114200", "5"]),  # as MGSM writes them
        (["2,125"], "es", ["2.125"]),
        (["2,125"], "en", ["2125"]),
        (["1.234"], "de", ["1234"]),
        ([1.234, 12, 5.0], "de", ["1.234", "12", "5"]),
        (["১,০০,০০০", "१२.५"], "bn", ["100000", "12.5"]),
        ([r"\boxed{1{,}234}"], "en", ["1234"]),
    ],
)
def test_gold_answers_are_read_like_replies(golds, language, kept):
    rows = [{"question": f"q{n}", "answer_number": gold} for n, gold in enumerate(golds)]
    items = make_items(rows, "number", "here", language=language)
    assert [item["answer_number"] for item in items] == kept


@pytest.mark.parametrize("gold", ["five", "5 km", True, "1.2.3", float("inf"), "12/5"])
def test_a_gold_answer_that_is_no_number_names_its_row(gold):
    rows = [{"question": "q", "answer_number": 1}, {"question": "r", "answer_number": gold}]
    with pytest.raises(InputError, match=r"here, row 2: the answer .* is not a number"):
        make_items(rows, "number", "here")


def test_gold_answers_with_two_readings_are_named():
    report = {}
    rows = [{"question": "q", "answer_number": "2,125"}]
    make_items(rows, "number", "here", language="de", report=report)
    assert report["notes"] == [
        "gold answers with two readings, read as the language writes numbers: 1: 2,125 as 2.125"
    ]


def sample(**doc):
    return {"doc": {"language": "en", **doc}}


def test_levels_of_chance():
    golds = [0, 1, 1, 1]
    found = score.chance([sample(gold=g) for g in golds], {"family": "choice"})
    assert found["chance"] == 25.0
    assert found["chance_levels"]["acc"] == {"options": 25.0, "majority": 75.0}
    assert found["chance_levels"]["acc_macro"] == {"options": 25.0, "majority": 75.0}
    samples = [sample(answers=answers) for answers in (["yes"], ["no"], ["yes", "Yes!"], ["the"])]
    metadata = {"family": "short-answer", "metrics": ["em", "f1"]}
    found = score.chance(samples, metadata)
    assert found["chance"] == 25.0  # 'the' is an article: an empty answer matches it
    assert found["chance_levels"]["f1"] == {"empty": 25.0, "majority": 50.0}
    words = {"strict": r"is (\d+)"}
    samples = [sample(answer_number=n, answer_written=n, words=words) for n in ("3", "3", "4")]
    found = score.chance(
        samples, {"family": "number", "metrics": ["em", "strict-match", "flexible-extract"]}
    )
    assert found["chance"] == 0.0
    assert found["chance_levels"]["em"]["majority"] == pytest.approx(200 / 3)
    assert score.chance([], {"family": "text"}) == {"chance": None, "chance_levels": {}}


def test_standard_errors_know_of_clusters():
    values, clusters = [100.0, 100.0, 0.0, 0.0, 100.0, 0.0], list("aabbcd")
    alone, together = score.mean(values), score.mean(values, clusters)
    assert together["value"] == alone["value"] == 50
    residuals = [100, -100, 50, -50]
    assert together["stderr"] == pytest.approx(math.sqrt(4 / 3 * sum(r**2 for r in residuals)) / 6)
    assert together["stderr"] > alone["stderr"]
    assert score.mean(values, list("aaaaaa"))["stderr"] is None


@pytest.mark.parametrize("end", ["\u2028", "\u0085", "\u000b", "\u001c"])
def test_only_newlines_end_lines(tmp_path, end):
    text = f"one{end}two"
    contents = {
        "x.tsv": f"{text}\t5\n{text}\t6\r\n",
        "x.csv": f"question,answer_number\n{text},5\n{text},6\n",
        "x.jsonl": "".join(
            json.dumps({"question": text, "answer_number": n}, ensure_ascii=False) + "\n"
            for n in (5, 6)
        ),
        "h.tsv": f"question\tanswer_number\textra\n{text}\t5\t\n{text}\t6\t\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
        items = make_items(read_rows(tmp_path / name), "number", name)
        assert [item["question"] for item in items] == [text, text], name
        assert [item["answer_number"] for item in items] == ["5", "6"], name


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.csv", "question,A,A,C,D,answer\nq,1,2,3,4,A\n", "the header names 'A' more than once"),
        ("x.csv", "question,A\nq,1,2\n", "row 1: 3 cells under 2 columns"),
        ("x.tsv", "a\tb\tc\n", "line 1: expected question TAB answer, or a first line that names"),
        ("x.jsonl", '[\n{"question": "q"}\n]', "x.jsonl: a JSON array; JSON Lines is wanted"),
        ("x.jsonl", '[{"question": "q"}]', "x.jsonl: a JSON array; JSON Lines is wanted"),
        ("x.json", '{"rows": []}', "no list 'data'; found: rows"),
    ],
)
def test_shapes_that_are_not_read_are_told(tmp_path, name, content, told):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_rows(tmp_path / name)


def test_columns_that_list_or_hold_structures_are_read(tmp_path):
    rows = [
        {"question": "q", "choices": ["a", "b", "c", "d"], "answer": 2},
        {"question": "r", "choices": ["e", "f", "g", "h"], "answer": 0},
    ]
    table = pl.DataFrame(rows).with_columns(
        pl.Series("subject", ["s", "t"], dtype=pl.Enum(["s", "t"])),
        pl.Series("Subject", ["s", "t"], dtype=pl.Categorical),
    )
    table.write_parquet(tmp_path / "x.parquet")
    items = make_items(read_rows(tmp_path / "x.parquet"), "choice", "here")
    assert [(i["A"], i["gold"], i["subject"]) for i in items] == [("a", 2, "s"), ("e", 0, "t")]
    arc = {"question": "q", "choices": {"text": list("wxyz"), "label": list("ABCD")}}
    (item,) = make_items([{**arc, "answerKey": "D"}], "choice", "here")
    assert item["D"] == "z" and item["gold"] == 3


@pytest.mark.parametrize(
    ("labels", "key", "right"),
    [
        (list("1234"), "1", "w"),
        (list("1234"), "4", "z"),
        (list("BADC"), "B", "w"),
        (["0", "1", "2", "3"], 1, "x"),
        (["①", "②", "③", "④"], "③", "y"),
        (None, "B", "x"),
    ],
)
def test_the_labels_of_listed_options_decide_which_is_right(labels, key, right):
    row = {"question": "q", "choices": {"text": list("wxyz"), "label": labels}, "answerKey": key}
    (item,) = make_items([row], "choice", "here")
    assert item["ABCD"[item["gold"]]] == right


@pytest.mark.parametrize("value", [b"x", ["x"], {"text": "x"}])
@pytest.mark.parametrize("listed", [True, False])
def test_bytes_and_structures_are_never_the_text_of_an_option(value, listed):
    options = [value, "b", "c", "d"]
    options = {"choices": options} if listed else dict(zip("ABCD", options))
    with pytest.raises(InputError, match=rf"row 1: '(choices|A)' holds {type(value).__name__}"):
        make_items([{"question": "q", "answer": "A", **options}], "choice", "here")


@pytest.mark.parametrize("blank", ["\u200b", "\u00a0", "\ufeff \u2060", "\u00ad"])
def test_a_cell_without_a_visible_character_is_missing(blank):
    row = {"question": "q", "A": "a", "B": blank, "C": "c", "D": "d", "answer": "A"}
    with pytest.raises(InputError, match="row 1: 'B' is empty"):
        make_items([row], "choice", "here")


def test_the_command_for_a_json_array_does_not_overwrite_its_source(tmp_path):
    (tmp_path / "x.jsonl").write_text('[{"question": "q"}]')
    with pytest.raises(InputError, match=r"jq -c '\.\[\]' x\.jsonl > x-lines\.jsonl"):
        read_rows(tmp_path / "x.jsonl")


LM_EVALS_OWN = """
task: belebele_spa_Latn
dataset_path: facebook/belebele
output_type: multiple_choice
test_split: test
doc_to_text: "P: {{flores_passage}}"
metadata: {version: 0.0}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LM_EVALS_OWN, "no num_fewshot; lm-eval's own task file is not enough: include one of"),
        (LM_EVALS_OWN + "num_fewshot: 0\n", "no metadata: family, metadata: metrics, metadata: ch"),
        ("task: x\nmetadata: [1]\noutput_type: a\nnum_fewshot: 0\n", "no metadata: family"),
        ("- group\n", "not a task"),
        ("include: _default_yaml\n", "include names no file of this folder: _default_yaml"),
    ],
)
def test_a_task_file_of_lm_eval_alone_is_told(tmp_path, text, told):
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told) as caught:
        read_task("mine", tmp_path)
    assert "\n" not in str(caught.value)
