"""Anything at all as input: a value or one line that says what is wrong; no crash, no hang."""

import copy
import json
import time

import pytest
import yaml
from conftest import ROOT, SMALL
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from json_rows import read_dataset
from mothertongue.answer.questions import read_questions
from mothertongue.api.types import Reply
from mothertongue.errors import InputError
from mothertongue.evaluate.items import FAMILIES, make_items
from mothertongue.evaluate.read import read_rows
from mothertongue.files import read_json, read_jsonl, write_jsonl
from mothertongue.judge.flags import injection_flags
from mothertongue.judge.parse import parse_rating
from mothertongue.sample.source import NEEDED, read_table
from mothertongue.study import Study, read_study
from mothertongue.translate.checks import problems
from mothertongue.translate.split import passes_through, split
from standin import StandIn, invented
from translating import english_rows, translate

some = settings(
    max_examples=60,
    deadline=None,  # a busy machine is no hang; a hang stops the suite
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
few = settings(some, max_examples=25)
DEMO = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["all", "auto", "native", "multi", "en", "es", "high", "1e-4", "{", "-rtt"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
# text of what the splitter and the parsers look at, and of any other character there is
markup = st.lists(
    st.sampled_from(
        [
            "[[",
            "]]",
            "4",
            "½",
            "[[3]]",
            "\\",
            "«",
            "»",
            "「",
            "`",
            "```\n",
            "~~~",
            "- ",
            "1. ",
            "\n",
        ]
        + ["\n\n", " ", ". ", "。", "，", "x@y.z", "https://x.y", "<think>", "</think>", "Rating:"]
        + [
            "\u200d",
            "\u0301",
            "👩‍🚀",
            "\ufeff",
            "\r\n",
            "\u2028",
            "\x00",
            "{{x}}",
            "𝟒",
            "［［４］］",
        ]
    )
    | st.text(max_size=12),
    max_size=40,
).map("".join)


@pytest.mark.slow
@some
@given(markup, st.none() | st.integers(20, 400), st.booleans())
def test_pieces_of_any_text_join_to_the_text(text, limit, protect):
    pieces = split(text, limit, protect_code=protect)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    assert all(len(piece.text) <= (limit or len(text)) for piece in pieces if piece.send)
    assert all(passes_through(piece.text) is None or piece.send for piece in pieces if piece.send)


@some
@given(markup, markup)
def test_a_rating_is_one_to_five_in_halves_or_none_with_a_reason(reply, answer):
    rating, problem, *_ = parse_rating(reply, answer)
    assert (rating is None) == bool(problem)
    assert rating is None or (1 <= rating <= 5 and (2 * rating).is_integer())
    assert set(injection_flags(answer)) <= {"rating", "header", "instruction"}


@some
@given(st.sampled_from([1, 2, 3, 4, 5]), markup)
def test_a_plain_rating_at_the_end_is_read(rating, explanation):
    reply = f"{explanation.replace('<', ' ').replace('`', ' ')}\n\nRating: [[{rating}]]"
    assert parse_rating(reply, "An answer without brackets.").rating in (rating, None)
    assert parse_rating(f"Good.\n\nRating: [[{rating}]]", "An answer.").rating == rating


@few
@given(markup, markup)
def test_every_reply_can_be_checked(source, reply):
    found = problems(
        source, Reply(reply), source_language="en", target_language="ru", script="Cyrl"
    )
    assert all(isinstance(name, str) and name for name in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["x@", "[[4]]", "[[4]]«", "\\", "«", "\n", " ", "1,", "```\n", "{{", "给", "a "]
)
def test_degenerate_texts_take_no_time(part):
    """Models repeat themselves; some patterns once took minutes for such texts."""
    text = part * (6000 // len(part))
    started = time.process_time()  # other work on the machine does not count
    split(text, 1500)
    passes_through(text)
    parse_rating(text, text[:1500])
    injection_flags(text)
    problems(text[:1500], Reply(text), source_language="en", target_language="ru", script="Cyrl")
    assert time.process_time() - started < 10


def value_or_line(function, *arguments):
    """What a reader makes of a file, or None where it complains in one line."""
    try:
        return function(*arguments)
    except InputError as error:
        lines = str(error).strip().splitlines()
    assert len(lines) == 1, lines
    return None


@some
@given(st.binary(max_size=200))
@example(b"[" * 100_000)
@example(b'{"a": "\\ud83d"}')
@example("{}\n".encode("utf-16"))
@example(b"\xef\xbb\xbf{}\n")
@example(b'{"a": ' + b"1" * 5000 + b"}")
def test_any_bytes_as_any_data_file(tmp_path, content):
    for suffix in (".jsonl", ".json", ".tsv", ".csv", ".parquet", ".zip"):
        path = tmp_path / f"data{suffix}"
        path.write_bytes(content)
        value_or_line(read_rows, path)
    value_or_line(read_json, tmp_path / "data.json")
    value_or_line(read_dataset, tmp_path / "data.jsonl")
    value_or_line(read_questions, tmp_path / "data.jsonl")
    for suffix in (".jsonl", ".parquet"):
        value_or_line(read_table, tmp_path / f"data{suffix}", NEEDED)


ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(
            ["id", "language", "instruction", "output", "origin", "prompt", "reference", "question"]
            + ["A", "B", "C", "D", "answer", "answers", "context", "answer_number", "inputs"]
            + ["targets", "language_code", "subject"]
        ),
        json_values,
        max_size=12,
    ),
    max_size=4,
)


@pytest.mark.slow
@some
@given(ROWS)
def test_any_rows_as_data_questions_and_benchmarks(tmp_path, rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    dataset = value_or_line(read_dataset, path)
    value_or_line(read_questions, path)
    value_or_line(read_table, path, NEEDED)
    for family in FAMILIES:
        value_or_line(make_items, copy.deepcopy(rows), family, "rows.jsonl")
    if dataset:
        write_jsonl(tmp_path / "again.jsonl", dataset)
        assert read_jsonl(tmp_path / "again.jsonl") == dataset


@pytest.mark.slow
@pytest.mark.parametrize("service", ["openai", "cohere"])
def test_half_an_emoji_in_a_reply_is_kept_as_a_question_mark(tmp_path, service):
    rows = english_rows(2)
    with StandIn(lambda text: f"{invented(text)} \ud83d") as server:
        made = translate(tmp_path / "s", server, rows, backend=service)
        assert server.arrived.total() == server.billed.total()  # asked once
    assert made[0]["instruction"].endswith("?")


def places(value, path=()):
    """Every place of a configuration."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


@few
@given(st.data())
def test_the_demo_with_anything_anywhere(data):
    config = copy.deepcopy(DEMO)
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from([p for p in places(config) if p]))
        node = config
        for key in parents:
            node = node[key]
        node[last] = data.draw(json_values)
    read_or_mistakes(config)


@few
@given(json_values)
def test_anything_as_a_configuration(config):
    read_or_mistakes(config)


def read_or_mistakes(config):
    """A study with a grid, or numbered mistakes of one line each."""
    try:
        study = read_study(config, ROOT)
    except InputError as error:
        head, *lines = str(error).splitlines()
    else:
        head, lines = "", []
    assert all(line.startswith("  - ") and ": " in line for line in lines)
    if lines:
        assert head.startswith(f"{len(lines)} mistake")
        return
    assert isinstance(study, Study)
    assert study.conditions and all(cell.condition.path for cell in study.evaluations)
    assert read_study(study.config, ROOT).config == study.config
