"""A completions server through lm-eval's own class, over real HTTP: the scores of transformers, or one clear line."""

import gc

import pytest
import torch
from conftest import ROOT
from harness_rows import ROWS
from mothertongue.errors import InputError
from mothertongue.evaluate.pack import load_task
from mothertongue.evaluate.score import run
from mothertongue.files import write_jsonl
from mothertongue.inference.asked import prove_applied
from mothertongue.inference.finished import Store
from mothertongue.inference.models import attach_adapter
from mothertongue.inference.prefix import PrefixLM
from mothertongue.inference.server import Served, ServerLM, check_served
from mothertongue.inference.templates import open_template
from standin_completions import Completions
from tiny_models import save_adapter, save_model

TASKS = ROOT / "tasks"
TEXTS = [
    {"instruction": f"¿Cuánto es {n} más {n}?", "output": f"Es {2 * n}.", "language": "es"}
    for n in range(4)
]
SETS = {"native-perplexity": TEXTS}
NAMES = ["belebele_spa_Latn", "xwinograd_en", "mgsm_direct_es", "wikitext", "lambada_openai_mt_es"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("model")
    save_model(folder, "llama")
    return (
        AutoModelForCausalLM.from_pretrained(folder),
        AutoTokenizer.from_pretrained(folder),
        folder,
    )


@pytest.fixture(autouse=True)
def collected():
    """Coroutines that an error left behind end here: CPython 3.11 fails if they end while it parses."""
    yield
    gc.collect()


@pytest.fixture
def served(model):
    with Completions({"base": model[:2]}) as far:
        yield far


def loaded(name, folder):
    file = folder / f"{name}.jsonl"
    write_jsonl(file, SETS.get(name) or ROWS[name])
    return load_task(
        name, "es", folder=TASKS, files=[str(file)], shots=0, max_new_tokens=8, template="plain"
    )


def asked(lm, name, folder, tokenizer):
    task = loaded(name, folder)
    for one in task["tasks"].values():
        one.prompting = open_template("plain", tokenizer)
    return run(lm, task, "es")


def server(far, model, name="base", **options):
    given = {"base_url": far.url, "model": name, "concurrency": 2, "retries": 1, **options}
    return ServerLM(Served(**given), model[1], max_length=model[0].config.max_position_embeddings)


@pytest.mark.parametrize("name", [*NAMES, *SETS])
def test_a_server_scores_as_transformers_does(name, model, served, tmp_path):
    base, tokenizer, _ = model
    ours, own = asked(PrefixLM(base, tokenizer), name, tmp_path, tokenizer)
    score, rows = asked(server(served, model), name, tmp_path, tokenizer)
    assert served.requests and all(not isinstance(r["prompt"], str) for r in served.requests)
    for metric, value in ours.metrics.items():
        assert score.metrics[metric]["value"] == pytest.approx(value["value"], rel=1e-4, abs=1e-6)
    for here, there in zip(own, rows, strict=True):
        assert here["item"] == there["item"] and here["prediction"] == there["prediction"]
        for key in ("options", "loglikelihood", "end_loglikelihood"):
            if here.get(key) is not None:
                assert there[key] == pytest.approx(here[key], abs=1e-4)
        assert here.get("tokens") == there.get("tokens")
        assert here.get("output_tokens") == there.get("output_tokens")


def test_prompts_as_text_score_the_same(model, served, tmp_path):
    ours, _ = asked(PrefixLM(*model[:2]), NAMES[0], tmp_path, model[1])
    score, _ = asked(server(served, model, tokens=False), NAMES[0], tmp_path, model[1])
    assert all(isinstance(request["prompt"], str) for request in served.requests)
    assert score.metrics["acc"]["value"] == ours.metrics["acc"]["value"]


def test_a_model_that_is_not_served_is_told_with_those_that_are(served):
    assert check_served(Served(served.url, "base")) == "stand-in"
    with pytest.raises(InputError, match="serves base, not 'tuned'; load it there"):
        check_served(Served(served.url, "tuned"))
    with pytest.raises(InputError, match="does not answer as an OpenAI-compatible server"):
        check_served(Served("http://127.0.0.1:9/v1", "base"))


def test_an_adapter_that_is_not_applied_is_an_error(model, tmp_path):
    base, tokenizer, folder = model
    adapter = save_adapter(folder, tmp_path / "adapter")
    from transformers import AutoModelForCausalLM

    tuned = attach_adapter(AutoModelForCausalLM.from_pretrained(folder), adapter)
    names = {"base": (base, tokenizer), "tuned": (tuned, tokenizer), "same": (base, tokenizer)}
    with Completions(names) as far:
        proof = prove_applied(server(far, model, "tuned"), server(far, model))
        assert proof["applied"] and proof["max_change"] > 0
        with pytest.raises(InputError, match=r"'same at .*' answers exactly as 'base at"):
            prove_applied(server(far, model, "same"), server(far, model))


def without_logprobs(asked, answer):
    return {"choices": [{**choice, "logprobs": None} for choice in answer["choices"]]}


def with_other_tokens(asked, answer):
    for choice in answer["choices"]:
        choice["logprobs"]["token_logprobs"].append(-1.0)
    return answer


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (without_logprobs, "gives no log-probabilities of prompts"),
        (with_other_tokens, "and the study's tokenizer into"),
        (lambda asked, answer: None, "did not answer after 1 attempts"),
    ],
)
def test_what_a_server_says_is_not_believed_blindly(spoil, told, model, tmp_path):
    with Completions({"base": model[:2]}, spoil) as far, pytest.raises(InputError, match=told):
        asked(server(far, model), NAMES[0], tmp_path, model[1])


def test_finished_requests_are_asked_once(model, served, tmp_path):
    store = Store(tmp_path / "store", "key")
    first = server(served, model)
    first.store = store
    asked(first, NAMES[2], tmp_path, model[1])
    count = len(served.requests)
    again = server(served, model)
    again.store = Store(tmp_path / "store", "key")
    score, _ = asked(again, NAMES[2], tmp_path, model[1])
    assert len(served.requests) == count and score.n == len(ROWS[NAMES[2]])
