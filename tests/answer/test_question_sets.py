"""Question sets: read from files and addresses, or drawn from OASST1."""

import http.server
import json
import threading

import draw_questions
import pytest
from answering import QUESTIONS
from mothertongue.answer.questions import read_questions
from mothertongue.errors import InputError
from mothertongue.files import read_jsonl, write_jsonl


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "empty"),
        ([{"id": "a"}], "row 1: 'prompt'"),
        ([{"id": "a", "prompt": " "}], "row 1: 'prompt'"),
        ([{"id": "a", "prompt": "x"}, {"id": "a", "prompt": "y"}], "row 2: id 'a'"),
        ([{"id": "a", "prompt": "x", "reference": ""}], "row 1: 'reference'"),
        ([{"prompt": "x"}, {"prompt": "x"}], "row 2: its prompt .*also in row 1; take one out"),
    ],
)
def test_bad_question_sets(tmp_path, rows, words):
    path = tmp_path / "set.jsonl"
    write_jsonl(path, rows)
    with pytest.raises(InputError, match=words) as caught:
        read_questions(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def place(source, questions, *, drawn=None, limit=None, instructions=None):
    draw_questions.main(
        source=source,
        drawn=drawn,
        language="es",
        instructions=instructions or {},
        aya={"code": "spa"},
        questions=questions,
        limit=limit,
    )


def test_missing_question_set(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        place(str(tmp_path / "no"), tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_question_set_from_an_address(tmp_path):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            known = self.path == "/set.jsonl"
            self.send_response(200 if known else 404)
            self.end_headers()
            if known:
                self.wfile.write("".join(json.dumps(q) + "\n" for q in QUESTIONS).encode())

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        place(f"{address}/set.jsonl", tmp_path / "set.jsonl", limit=2)
        assert [q["id"] for q in read_jsonl(tmp_path / "set.jsonl")] == ["q1", "q2"]
        with pytest.raises(InputError, match="404"):
            read_questions(f"{address}/other.jsonl")
    finally:
        server.shutdown()
    with pytest.raises(InputError, match="only https"):
        read_questions("http://example.org/set.jsonl")


def message(number, text, **changes):
    labels = {"name": ["spam", "quality"], "value": [0.0, 0.9], "count": [3, 3]}
    return {
        "message_id": f"m{number:03d}",
        "parent_id": None,
        "role": "prompter",
        "lang": "es",
        "text": text,
        "deleted": False,
        "tree_state": "ready_for_export",
        "review_result": True,
        "synthetic": False,
        "labels": labels,
    } | changes


CITIES = ["Quito", "Lima", "Bogotá", "Caracas", "Sucre", "Asunción", "Montevideo", "Managua"]
THINGS = ["el clima", "la historia minera", "los dulces típicos", "el transporte", "las fiestas"]
GOOD = [
    message(10 * i + j, f"{city}, {thing}: {word}, {city} y {city[::-1]}")
    for i, city in enumerate(CITIES)
    for j, (thing, word) in enumerate(
        zip(THINGS, ["un resumen", "tres datos", "una guía", "algo", "más"])
    )
]
BAD = [
    message(900, "Una respuesta", parent_id="m001"),
    message(901, "Soy el asistente", role="assistant"),
    message(902, "Write a poem about the sea"),
    message(903, "Esto está borrado, claro", deleted=True),
    message(904, "Árbol sin terminar todavía", tree_state="growing"),
    message(905, "Compra ya barato", labels={"name": ["spam"], "value": [0.5], "count": [2]}),
    message(906, "Rechazado por quienes revisan", review_result=False),
    message(907, "Hecho por una máquina cualquiera", synthetic=True),
    message(908, "¿Qué es una empanada?"),  # stands in the instruction data
]
BAD[2]["lang"] = "en"


@pytest.fixture
def oasst(tmp_path):
    """OASST1's columns in a parquet file, and instruction data."""
    import polars as pl

    alike = [
        row | {"message_id": row["message_id"] + "x", "text": row["text"].upper() + " !"}
        for row in GOOD
    ]
    pl.DataFrame(GOOD + BAD + alike).write_parquet(tmp_path / "oasst.parquet")
    write_jsonl(
        tmp_path / "aya.jsonl",
        [{"inputs": "¡QUÉ es una  empanada!", "targets": "Masa rellena.", "language_code": "spa"}],
    )
    return {
        "drawn": {
            "dataset": {"path": str(tmp_path / "oasst.parquet")},
            "rows": 10,
            "seed": 1,
            "similarity": 0.6,
            "max_characters": None,
        },
        "instructions": {"path": str(tmp_path / "aya.jsonl")},
    }


def test_draws_only_fit_questions(tmp_path, oasst):
    place(None, tmp_path / "set.jsonl", **oasst)
    rows = read_jsonl(tmp_path / "set.jsonl")
    assert len(rows) == 10
    fit = {row["text"].strip().casefold() for row in GOOD}
    taken = {row["prompt"].casefold().removesuffix(" !") for row in rows}
    assert len(taken) == 10
    assert taken <= fit


def test_draw_depends_on_the_seed_and_not_on_file_order(tmp_path, oasst):
    import polars as pl

    place(None, tmp_path / "a", **oasst)
    frame = pl.read_parquet(tmp_path / "oasst.parquet")
    frame.reverse().write_parquet(tmp_path / "oasst.parquet")
    place(None, tmp_path / "b", **oasst)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    oasst["drawn"]["seed"] = 2
    place(None, tmp_path / "c", **oasst)
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_too_few_questions_tell_why(tmp_path, oasst):
    oasst["drawn"]["rows"] = 500
    with pytest.raises(InputError, match=r"only \d+ questions.*in the training data 1") as caught:
        place(None, tmp_path / "set.jsonl", **oasst)
    for words in ("flagged by reviewers 2", "near-duplicate", "not a first turn 2"):
        assert words in str(caught.value)


def test_draw_reads_the_dump_of_messages(tmp_path, oasst):
    """The JSON Lines release: null and false are left out, labels are an object."""
    dump = []
    for row in GOOD + BAD:
        row = {k: v for k, v in row.items() if v not in (None, False) or k == "review_result"}
        row["labels"] = {
            name: {"value": value, "count": 1}
            for name, value in zip(row["labels"]["name"], row["labels"]["value"])
        }
        dump.append(row)
    write_jsonl(tmp_path / "oasst.jsonl", dump)
    oasst["drawn"]["dataset"]["path"] = [str(tmp_path / "oasst.jsonl")]
    place(None, tmp_path / "set.jsonl", **oasst)
    assert {row["id"] for row in read_jsonl(tmp_path / "set.jsonl")} <= {
        r["message_id"] for r in GOOD
    }


def test_draw_needs_the_columns(tmp_path, oasst):
    write_jsonl(tmp_path / "other.jsonl", [{"text": "x"}])
    oasst["drawn"]["dataset"]["path"] = str(tmp_path / "other.jsonl")
    with pytest.raises(InputError, match="no column message_id"):
        place(None, tmp_path / "set.jsonl", **oasst)


@pytest.mark.slow
@pytest.mark.data
def test_draw_avoids_real_instructions(tmp_path, shared, oasst):
    """Real Spanish Aya instructions offered as prompts are all refused; new ones are taken."""
    import polars as pl

    aya = shared / "data" / "aya" / "aya_dataset.parquet"
    frame = pl.read_parquet(aya).filter(pl.col("language_code") == "spa")
    real = [
        message(i, text + "  ", message_id=f"r{i}") for i, text in enumerate(frame["inputs"][:500])
    ]
    pl.DataFrame(GOOD + real).write_parquet(tmp_path / "oasst.parquet")
    oasst["instructions"]["path"] = str(aya)
    place(None, tmp_path / "set.jsonl", **oasst)
    assert all(row["id"].startswith("m") for row in read_jsonl(tmp_path / "set.jsonl"))
