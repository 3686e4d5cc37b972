"""Question sets and answers: real generation with a small random 8-bit model and its adapter."""

import os
import pickle
import re

import answer_questions
import pytest
from answering import QUESTIONS, tiny  # noqa: F401
from mothertongue.answer import here
from mothertongue.answer.generate import (
    QuestionSet,
    answer_all,
    fit_prompt,
    split_answer,
)
from mothertongue.answer.partial import PartialAnswers
from mothertongue.errors import InputError
from mothertongue.files import read_json, read_jsonl, write_jsonl
from mothertongue.inference.templates import open_template, render_prompt


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


def test_a_batch_changes_no_answer(tiny, tmp_path):
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


@pytest.mark.slow
def test_resumes_after_a_kill(tiny, tmp_path, monkeypatch):
    """A run that dies after its second answer continues there and ends like an undisturbed one."""
    write_jsonl(tmp_path / "questions.jsonl", QUESTIONS)
    arguments = settings(tiny, tmp_path, batch_tokens=1, temperature=0.7)
    answer_questions.main(**arguments)
    undisturbed = read_jsonl(arguments["answers"])
    arguments["answers"].unlink()
    real, kept = PartialAnswers.add, []

    def dying(self, rows):
        if len(kept) == 2:
            raise KeyboardInterrupt
        kept.extend(row["id"] for row in rows)
        real(self, rows)

    monkeypatch.setattr(PartialAnswers, "add", dying)
    with pytest.raises(KeyboardInterrupt):
        answer_questions.main(**arguments)
    assert not arguments["answers"].exists()
    with arguments["partial"].open("a") as handle:
        handle.write('{"id": "q1", "ans')  # what a kill in the middle of writing leaves
    more = []
    monkeypatch.setattr(
        PartialAnswers,
        "add",
        lambda self, rows: (more.extend(row["id"] for row in rows), real(self, rows)),
    )
    answer_questions.main(**arguments | {"batch_tokens": "auto"})
    assert sorted(kept + more) == [question["id"] for question in QUESTIONS]
    assert read_jsonl(arguments["answers"]) == undisturbed  # drawn, but not from one another


def sets_of_an_adapter(tiny, tmp_path, **changes):
    """Settings of the jobs of two question sets, each with the other beside it."""
    jobs, paths = {}, {}
    for name, rows in (("first", QUESTIONS[:3]), ("second", QUESTIONS[1:])):
        write_jsonl(tmp_path / name / "questions.jsonl", rows)
        paths[name] = {
            "questions": tmp_path / name / "questions.jsonl",
            "answers": tmp_path / name / "answers.jsonl",
            "provenance": tmp_path / name / "answers.provenance.json",
            "partial": tmp_path / ".work" / name / "answers.jsonl",
        }
    for name, other in (("first", "second"), ("second", "first")):
        beside = [{key: str(path) for key, path in paths[other].items()}]
        jobs[name] = settings(tiny, tmp_path, **{**paths[name], "beside": beside, **changes})
    return jobs


def test_sets_of_an_adapter_are_answered_in_the_same_passes(tiny, tmp_path, monkeypatch, capsys):
    """The second job needs no model; each file is what a job on its own writes."""
    jobs = sets_of_an_adapter(tiny, tmp_path, quantisation="none")
    answer_questions.main(**jobs["first"])
    assert "2 question sets of this adapter are answered together" in capsys.readouterr().out
    assert not jobs["second"]["answers"].exists()

    def loads(*_):
        raise AssertionError("a model is loaded for answers that are there")

    monkeypatch.setattr(here, "borrowed", loads)
    answer_questions.main(**jobs["second"])
    monkeypatch.undo()
    together = {
        name: [jobs[name][key].read_bytes() for key in ("answers", "provenance")] for name in jobs
    }
    for job in jobs.values():
        answer_questions.main(**job | {"beside": ()})
    assert together == {
        name: [jobs[name][key].read_bytes() for key in ("answers", "provenance")] for name in jobs
    }
    jobs["first"]["answers"].unlink()  # the other set is up to date: it is left alone
    answer_questions.main(**jobs["first"])
    assert "answered together" not in capsys.readouterr().out
    assert not jobs["second"]["partial"].exists()


@pytest.mark.slow
def test_jobs_of_one_adapter_at_once_answer_every_question_once(tiny, tmp_path):
    import subprocess
    import sys

    from conftest import ROOT

    jobs = sets_of_an_adapter(tiny, tmp_path, quantisation="none", max_new_tokens=100)
    code = "import pickle, sys, answer_questions; answer_questions.main(**pickle.load(open(sys.argv[1], 'rb')))"
    running = {}
    for name, job in jobs.items():
        (tmp_path / name / "job").write_bytes(pickle.dumps(job))
        running[name] = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / name / "job")],
            env={**os.environ, "PYTHONPATH": str(ROOT / "workflow_scripts")},
            stdout=subprocess.PIPE,
            text=True,
        )
    said = {name: process.communicate(timeout=300)[0] for name, process in running.items()}
    assert {process.returncode for process in running.values()} == {0}
    answered = re.findall(r"^(\d+) answers,", "".join(said.values()), re.MULTILINE)
    assert sum(map(int, answered)) == 3 + 4
    for name, job in jobs.items():
        concurrent = job["answers"].read_bytes()
        answer_questions.main(**job | {"beside": ()})
        assert concurrent == job["answers"].read_bytes(), name


def one_by_one(model, tokenizer, prompts, new):
    """What transformers generates for each prompt on its own."""
    import torch
    from mothertongue.inference.encoding import end_tokens

    found = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        out = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=new,
            do_sample=False,
            eos_token_id=sorted(end_tokens(model, tokenizer)),
            pad_token_id=tokenizer.pad_token_id,
        )
        found.append(out[0, len(prompt) :].tolist())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("adapter", [False, True])
@pytest.mark.parametrize("kind", ["llama", "gemma2", "qwen2", "phi3", "gpt-neox", "gpt2", "bloom", "mamba"])  # fmt: skip
def test_answers_are_those_of_transformers(tmp_path, kind, adapter):
    """Token by token, each prompt on its own; about every fifteenth token ends a text."""
    from mothertongue.answer.generate import tokenise_prompts
    from mothertongue.inference import models
    from mothertongue.inference.prefix import PrefixLM
    from tiny_models import demo_rows, save_adapter, save_model

    if adapter and kind not in ("llama", "gemma2", "qwen2"):
        pytest.skip("the adapter's modules have other names there")
    wide = {} if kind in ("bloom", "mamba") else {"initializer_range": 0.3}
    base = save_model(tmp_path / "base", kind, tie_word_embeddings=False, **wide)
    model, tokenizer = models.load_base(str(base), quantisation="none", dtype="float32")
    model.generation_config.eos_token_id = list(range(0, 600, 15))
    if adapter:
        model = models.attach_adapter(model, save_adapter(base, tmp_path / "adapter"))
    rows = [{"id": str(n), "prompt": row["instruction"]} for n, row in enumerate(demo_rows("en", 12))]  # fmt: skip
    prompts = tokenise_prompts(rows, tokenizer, render=render_prompt, room=400)
    expected = one_by_one(model, tokenizer, [prompt.tokens for prompt in prompts], 40)
    lm = PrefixLM(model, tokenizer)
    found: dict = {}
    lm.decode([prompt.tokens for prompt in prompts], new=40, keep=found.update)
    ends = set(model.generation_config.eos_token_id)
    assert [split_answer(found[n], ends) for n in range(len(rows))] == [
        split_answer(tokens, ends) for tokens in expected
    ]
    assert lm.share == (kind != "mamba")
    kept = PartialAnswers(tmp_path / "part.jsonl", "x")
    answer_all(
        lm,
        [QuestionSet(rows, kept)],
        prompting=open_template("alpaca", lm.tokenizer),
        max_new_tokens=40,
        temperature=0,
    )
    texts = [tokenizer.decode(split_answer(t, ends)[0], skip_special_tokens=True) for t in expected]
    assert [kept.rows[row["id"]]["answer"] for row in rows] == [text.strip() for text in texts]


def test_a_row_that_has_ended_leaves_the_batch(tiny):
    """Rows that end at once cost nothing while others run to the limit."""
    from mothertongue.inference import models
    from mothertongue.inference.prefix import PrefixLM

    model, tokenizer = models.load_base(str(tiny / "base"), quantisation="none")
    lm = PrefixLM(model, tokenizer)
    prompts = [[5 + n, 6, 7] for n in range(8)]

    def only_the_first_goes_on(logits, places):
        import torch

        return torch.tensor([3 if index == 0 else 0 for index, _ in places])

    before = lm.statistics["tokens"]
    found: dict = {}
    lm.decode(prompts, new=50, keep=found.update, choose=only_the_first_goes_on)
    assert [len(found[n]) for n in range(8)] == [50] + [1] * 7
    assert lm.statistics["tokens"] - before <= 8 * 3 + 49


def test_draws_follow_the_chances_and_not_the_neighbours():
    import torch
    from mothertongue.inference.greedy import Sampler

    logits = torch.tensor([0.0, 1.0, -50.0, 2.0])
    sampler = Sampler(0.5, [str(n) for n in range(4000)])
    drawn = sampler(logits.expand(4000, 4), [(n, 7) for n in range(4000)])
    shares = torch.bincount(drawn, minlength=4) / 4000
    assert shares.tolist() == pytest.approx((2 * logits).softmax(0).tolist(), abs=0.02)
    assert sampler(logits[None], [(1234, 7)]).item() == drawn[1234].item()


def test_partial_answers_of_other_settings_are_dropped(tmp_path):
    def rows(fingerprint):
        kept = PartialAnswers(tmp_path / "partial.jsonl", fingerprint)
        found = list(kept.rows), kept.facts
        kept.close()
        return found

    kept = PartialAnswers(tmp_path / "partial.jsonl", "a")
    kept.note({"compute_dtype": "float32"})
    kept.add([{"id": "q1", "answer": "x"}])
    with pytest.raises(BlockingIOError):
        PartialAnswers(tmp_path / "partial.jsonl", "a", wait=False)
    kept.close()
    assert rows("a") == (["q1"], {"compute_dtype": "float32"})
    assert rows("b") == ([], None)
    assert rows("a") == ([], None)


def test_fit_prompt_keeps_both_ends():
    assert fit_prompt(list(range(10)), 6) == ([0, 1, 2, 7, 8, 9], 4)
    assert fit_prompt([1, 2], 6) == ([1, 2], 0)


def test_split_answer():
    assert split_answer([4, 5, 0, 0], {0}) == ([4, 5], "eos")
    assert split_answer([4, 5], {0}) == ([4, 5], "length")
    assert split_answer([0, 3], {0}) == ([], "eos")


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
