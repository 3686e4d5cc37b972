"""Benchmarks through the model's chat template are lm-eval's own, and a study runs so from end to end."""

import json

import pytest
import torch
import yaml
from chat_tokenizers import tokenizers
from conftest import ROOT, SMALL, checkout, run_snakemake
from mothertongue.evaluate.pack import load_task
from mothertongue.evaluate.score import run
from mothertongue.files import read_json, read_jsonl, text_hash
from mothertongue.inference.templates import open_template
from tiny_models import model_config

DEMO = SMALL / "resources" / "demo" / "benchmarks"
TASKS = {
    "multiple-choice": ("choice_native_es.test.jsonl", "choice_native_es.dev.jsonl"),
    "arithmetic": ("arithmetic_native_es.tsv", "arithmetic_native_es.demonstrations.jsonl"),
}


@pytest.fixture(scope="module")
def chatting(tmp_path_factory):
    """Random models whose tokenizers have chat templates: kind -> (folder, model, tokenizer)."""
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("chatting")
    found = {}
    for kind in ("qwen", "llama-3"):
        tokenizer = tokenizers(folder)[kind]
        torch.manual_seed(3)
        config = model_config(  # untied: a random tied model repeats the token that it reads
            "llama", len(tokenizer), tokenizer.eos_token_id, tie_word_embeddings=False
        )
        model = AutoModelForCausalLM.from_config(config).eval()
        model.save_pretrained(folder / kind)
        tokenizer.save_pretrained(folder / kind)
        found[kind] = (folder / kind, model, tokenizer)
    return found


def loaded(task):
    test, shots = TASKS[task]
    return load_task(
        task, "es", folder=ROOT / "tasks", files=[str(DEMO / test)],
        demonstrations=[str(DEMO / shots)], shots=2, limit=4, max_new_tokens=12,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["qwen", "llama-3"])
@pytest.mark.parametrize("task", TASKS)
def test_prompts_and_results_are_those_of_the_harness(chatting, kind, task):
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from mothertongue.inference.prefix import PrefixLM

    _, model, tokenizer = chatting[kind]
    stock = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=1, enable_thinking=False)
    theirs = lm_eval.evaluate(
        lm=stock, task_dict=loaded(task), bootstrap_iters=0, log_samples=True,
        apply_chat_template=True, fewshot_as_multiturn=True,
    )["samples"][task]  # fmt: skip
    ours = PrefixLM(model, tokenizer)
    ours.use(open_template("chat", tokenizer), "es")
    mine = loaded(task)
    _, rows = run(ours, mine, "es", through_template=True)
    assert len(rows) == len(theirs) == 4
    by_id = {sample["doc"]["id"]: sample for sample in theirs}
    for row in rows:
        sample = by_id[row["item"]]
        assert row["prompt_hash"] == text_hash(sample["arguments"][0][0])
        if task == "multiple-choice":
            expected = [likelihood for likelihood, _ in sample["filtered_resps"]]
            assert row["options"] == pytest.approx(expected, abs=1e-4)
        else:
            assert row["prediction"] == sample["filtered_resps"][0]
    prompt = theirs[0]["arguments"][0][0]
    assert prompt.count("assistant") == 3  # two demonstrations as turns, and the turn that is asked


CONVERSATIONS = [
    ["¿Qué comes hoy?", "Hoy como arroz.", "¿Y mañana?", "Mañana como pan."],
    ["¿Dónde vives?", "Vivo en un pueblo."],
    ["Cuenta hasta tres.", "Uno, dos, tres.", "¿Y al revés?", "Tres, dos, uno."],
]


@pytest.mark.slow
def test_a_study_runs_through_the_chat_template_from_turns_to_answers(tmp_path, chatting):
    folder = checkout(tmp_path / "clone")
    base, _, _ = chatting["llama-3"]
    roles = ("user", "assistant")
    lines = [
        json.dumps({"messages": [{"role": "system", "content": f"Eres el número {n}."}] * (n % 3 == 0) + [
            {"role": roles[i % 2], "content": f"{text} {n}"}
            for i, text in enumerate(CONVERSATIONS[n % 3])
        ]})
        for n in range(30)
    ]  # fmt: skip
    for name in ("spanish", "english"):
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    known = config["evaluate"]["benchmarks"]
    config |= {
        "study": "chat",
        "languages": {"es": {"native": {"path": "spanish.jsonl"}}},
        "sample": {"english": {"path": "english.jsonl"}, "heldout": 5},
        "models": {"chatty": {"base": str(base), "parameters": 1e5}},
        "conditions": [{"data": ["native"], "scope": ["es"], "lr": ["high"]}],
    }
    config["finetune"] |= {"template": "chat", "epochs": 1, "quantisation": "none"}
    config["answer"] = {
        "max_new_tokens": 8,
        "questions": {"native": config["answer"]["questions"]["native"]},
    }
    config["evaluate"] = {
        "template": "same",
        "limit": 4,
        "benchmarks": {
            "perplexity": known["native-perplexity"] | {"languages": ["es"]},
            "choice": known["choice-native"] | {"languages": ["es"]},
        },
    }
    (folder / "chat.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    done = run_snakemake(
        "evaluate", "answer", "--cores", "2", "--configfile", "chat.yaml", cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = folder / "results"
    cell = "chatty/native/es/high/seed1"
    made = read_json(results / "finetune" / cell / "provenance.json")
    assert made["recipe"]["template"] == "chat"
    own = (base / "chat_template.jinja").read_text(encoding="utf-8")
    assert made["base"]["chat_template"] == text_hash(own)
    assert made["training"]["kept_rows"] == made["training"]["rows"]
    for benchmark in ("perplexity", "choice"):
        score = read_json(results / "evaluate" / cell / benchmark / "es.json")
        assert score["n"] == 4
        assert score["provenance"]["template"] == "chat"
    answers = read_jsonl(results / "answer" / cell / "native" / "es.jsonl")
    assert answers and all(row["tokens"] <= 8 for row in answers)
    plan = ("evaluate", "answer", "--cores", "1", "-n", "--configfile", "chat.yaml")
    again = run_snakemake(*plan, cwd=folder)
    assert "Nothing to be done" in again.stdout + again.stderr
    try:
        (base / "chat_template.jinja").write_text(own + "{# other #}", encoding="utf-8")
        other = run_snakemake(*plan, cwd=folder)
    finally:
        (base / "chat_template.jinja").write_text(own, encoding="utf-8")
    assert "finetune_lora" in other.stdout + other.stderr

    config["finetune"]["template"] = "alpaca"
    (folder / "chat.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    framed = run_snakemake(
        f"results/finetune/{cell}/provenance.json", "--cores", "1", "--configfile", "chat.yaml",
        cwd=folder,
    )  # fmt: skip
    assert framed.returncode == 0, framed.stdout + framed.stderr
    told = "models.chatty: the tokenizer has a chat template, but the recipe's template is 'alpaca'"
    assert (framed.stdout + framed.stderr).count(told) == 1
    assert "chat_template" not in read_json(results / "finetune" / cell / "provenance.json")["base"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"template": "alpacca"}, "finetune.template: 'alpacca' is neither a template .* did you mean 'alpaca'"),
        ({"template": "chat"}, "models.tiny: the template is chat, but a base that the study builds has no"),
        ({"template": "own.yaml"}, r"finetune.template: own.yaml: text is not a text with \$\{instruction\}"),
        ({"too_long": "cut"}, "finetune.too_long"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_used_is_one_line(tmp_path, monkeypatch, changes, told):
    from mothertongue.errors import InputError
    from mothertongue.study import read_study

    monkeypatch.chdir(ROOT)
    if changes.get("template") == "own.yaml":
        (tmp_path / "own.yaml").write_text("text: Answer this.\n")
        changes = {"template": str(tmp_path / "own.yaml")}
        told = told.replace("own.yaml", ".*own.yaml")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config["finetune"] |= changes
    with pytest.raises(InputError, match=told):
        read_study(config, ROOT)


def test_a_template_of_the_study_has_words_per_language(tmp_path):
    from mothertongue.inference.templates import TextPrompting
    from mothertongue.prompts.template import read_template, template_of_file

    path = tmp_path / "own.yaml"
    path.write_text(
        "text: 'Task: ${instruction}\n\n\n\n  Answer: '\n"
        "languages:\n  sw: {text: 'Kazi: ${instruction} Jibu: '}\n"
    )
    template = read_template(template_of_file(path).params())
    prompting = TextPrompting(template, "</s>")
    assert prompting.prompt(["Habari?"], language="sw") == "Kazi: Habari? Jibu: "
    assert prompting.prompt(["How?"], language="en").startswith("Task: How?")
