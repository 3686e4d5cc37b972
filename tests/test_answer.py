"""Question sets and answers: real generation with a small random 8-bit model and its adapter."""

import http.server
import json
import threading

import answer_questions
import draw_questions
import pytest
from mothertongue.answer.generate import (
    PartialAnswers,
    fit_prompt,
    plan_batches,
    split_answer,
)
from mothertongue.answer.questions import read_questions
from mothertongue.errors import InputError
from mothertongue.files import read_json, read_jsonl, write_jsonl

QUESTIONS = [
    {"id": "q1", "prompt": "¿Qué es una tortilla?", "reference": "Un plato de huevos y patatas."},
    {"id": "q2", "prompt": "北京的秋天怎么样？"},
    {"id": "q3", "prompt": "Почему небо голубое? " * 6},
    {"id": "q4", "prompt": "Escribe una carta.\n\nQue sea breve."},
    {"id": "q5", "prompt": "a " * 400},
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A random two-layer Llama with a byte-level tokenizer, and a LoRA adapter for it."""
    import torch
    from peft import LoraConfig, get_peft_model
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([q["prompt"] for q in QUESTIONS], trainer)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>")
    wrapped.save_pretrained(folder / "base")
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=256,
        eos_token_id=0,
        bos_token_id=0,
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder / "base")
    lora = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(model, lora).save_pretrained(folder / "adapter")
    return folder


def settings(tiny, tmp_path, **changes):
    return {
        "questions": tmp_path / "questions.jsonl",
        "adapter": tiny / "adapter" / "adapter_model.safetensors",
        "weights": None,
        "answers": tmp_path / "answers.jsonl",
        "provenance": tmp_path / "answers.provenance.json",
        "partial": tmp_path / ".work" / "answers.jsonl",
        "model": {"base": str(tiny / "base"), "revision": None},
        "quantisation": "int8",
        "dtype": "auto",
        "template": "alpaca",
        "max_new_tokens": 12,
        "temperature": 0.0,
        "batch_tokens": "auto",
    } | changes


def test_answers_every_question_in_order(tiny, tmp_path):
    write_jsonl(tmp_path / "questions.jsonl", QUESTIONS)
    answer_questions.main(**settings(tiny, tmp_path))
    rows = read_jsonl(tmp_path / "answers.jsonl")
    assert [row["id"] for row in rows] == ["q1", "q2", "q3", "q4", "q5"]
    assert rows[0]["reference"] == QUESTIONS[0]["reference"]
    assert "reference" not in rows[1]
    for row in rows:
        assert row["stop"] in ("eos", "length")
        assert row["tokens"] <= 12
        assert (row["tokens"] == 12) == (row["stop"] == "length")
    assert [row["prompt_cut"] > 0 for row in rows] == [False, False, False, False, True]
    provenance = read_json(tmp_path / "answers.provenance.json")
    assert provenance["adapter_proof"]["applied"] is True
    assert provenance["quantisation"] == "int8"
    assert not (tmp_path / ".work" / "answers.jsonl").exists()


def test_left_padding_changes_no_answer(tiny, tmp_path):
    """One prompt at a time and all at once give the same text (unquantised: exact arithmetic)."""
    write_jsonl(tmp_path / "questions.jsonl", QUESTIONS)
    texts = []
    for budget in (1, 100_000):
        answer_questions.main(**settings(tiny, tmp_path, quantisation="none", batch_tokens=budget))
        texts.append([row["answer"] for row in read_jsonl(tmp_path / "answers.jsonl")])
    assert texts[0] == texts[1]
    assert len(set(texts[0])) > 1


def test_adapter_matters(tiny, tmp_path):
    write_jsonl(tmp_path / "questions.jsonl", QUESTIONS)
    texts = []
    for adapter in (tiny / "adapter" / "adapter_model.safetensors", None):
        answer_questions.main(**settings(tiny, tmp_path, adapter=adapter))
        texts.append([row["answer"] for row in read_jsonl(tmp_path / "answers.jsonl")])
    assert texts[0] != texts[1]


def test_resumes_after_a_kill(tiny, tmp_path, monkeypatch):
    """A run that dies after its second batch continues there and ends like an undisturbed one."""
    from mothertongue.answer import generate

    write_jsonl(tmp_path / "questions.jsonl", QUESTIONS)
    arguments = settings(tiny, tmp_path, batch_tokens=1, temperature=0.7)
    answer_questions.main(**arguments)
    undisturbed = read_jsonl(arguments["answers"])
    arguments["answers"].unlink()
    real, calls = generate.generate_batch, []

    def dying(*args, **options):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(1)
        return real(*args, **options)

    monkeypatch.setattr(generate, "generate_batch", dying)
    with pytest.raises(KeyboardInterrupt):
        answer_questions.main(**arguments)
    assert not arguments["answers"].exists()
    with arguments["partial"].open("a") as handle:
        handle.write('{"id": "q1", "ans')  # what a kill in the middle of writing leaves
    calls.clear()
    monkeypatch.setattr(
        generate, "generate_batch", lambda *a, **k: (calls.append(1), real(*a, **k))[1]
    )
    answer_questions.main(**arguments)
    assert len(calls) == len(QUESTIONS) - 2
    assert read_jsonl(arguments["answers"]) == undisturbed


def test_partial_answers_of_other_settings_are_dropped(tmp_path):
    path = tmp_path / "partial.jsonl"
    PartialAnswers(path, "a").add([{"id": "q1", "answer": "x"}])
    assert list(PartialAnswers(path, "a").rows) == ["q1"]
    assert not PartialAnswers(path, "b").rows
    assert not PartialAnswers(path, "a").rows


def test_plan_batches():
    assert plan_batches([5, 9, 1, 5], new_tokens=5, budget=28) == [[1, 0], [3, 2]]
    assert plan_batches([50, 9], new_tokens=5, budget=20) == [[0], [1]]
    assert plan_batches([], new_tokens=5, budget=20) == []


def test_fit_prompt_keeps_both_ends():
    assert fit_prompt(list(range(10)), 6) == ([0, 1, 2, 7, 8, 9], 4)
    assert fit_prompt([1, 2], 6) == ([1, 2], 0)


def test_split_answer():
    assert split_answer([4, 5, 0, 0], {0}) == ([4, 5], "eos")
    assert split_answer([4, 5], {0}) == ([4, 5], "length")
    assert split_answer([0, 3], {0}) == ([], "eos")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "empty"),
        ([{"id": "a"}], "row 1: 'prompt'"),
        ([{"id": "a", "prompt": " "}], "row 1: 'prompt'"),
        ([{"id": "a", "prompt": "x"}, {"id": "a", "prompt": "y"}], "row 2: id 'a'"),
        ([{"id": "a", "prompt": "x", "reference": ""}], "row 1: 'reference'"),
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


def test_a_model_that_says_nothing_to_any_question_is_an_error(tiny, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny / "base")
    model.lm_head.weight.data.zero_()  # the first token, which is the end, wins every time
    model.save_pretrained(tmp_path / "mute")
    AutoTokenizer.from_pretrained(tiny / "base").save_pretrained(tmp_path / "mute")
    write_jsonl(tmp_path / "questions.jsonl", QUESTIONS)
    given = settings(tiny, tmp_path, adapter=None, quantisation="none")
    given["model"] = {"base": str(tmp_path / "mute"), "revision": None}
    with pytest.raises(InputError, match="all 5 answers are empty: the model ends at once"):
        answer_questions.main(**given)
    assert not given["answers"].exists()
