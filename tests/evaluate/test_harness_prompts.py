"""Prompts of the paper's benchmarks, by lm-eval's own task and by ours, compared character by character.

Each task file says under `harness` whether they are the same; three items of each decide.
"""

import json
from itertools import pairwise
from pathlib import Path

import lm_eval
import polars as pl
import pytest
import yaml
from conftest import ROOT
from datasets import Dataset
from mothertongue.errors import InputError
from mothertongue.evaluate.pack import load_task
from mothertongue.files import load_yaml, write_jsonl
from mothertongue.study import read_study
from mothertongue.study.requirements import study_needs
from mothertongue.study.tasks import read_task

TASKS = ROOT / "tasks"
THEIRS = Path(lm_eval.__file__).parent / "tasks"
ITEMS = 3


class Functions(yaml.SafeLoader):
    """lm-eval's YAML, `!function` left out: the columns of these rows are those of its docs."""


Functions.add_constructor("!function", lambda loader, node: None)


def their_config(path: Path) -> dict:
    config = yaml.load(path.read_text(encoding="utf-8"), Loader=Functions)
    if "include" in config:
        config = {**their_config(path.parent / config.pop("include")), **config}
    return {key: value for key, value in config.items() if value is not None}


def by_lm_eval(path: Path, test: list[dict], shots: list[dict], count: int) -> list[str]:
    """Prompts of lm-eval's own task; only where its rows lie is changed, and no demonstration drawn."""
    from lm_eval.api.task import ConfigurableTask

    config = their_config(path)
    rows = {"test": test, "shots": shots or test}
    config = {key: value for key, value in config.items() if not key.endswith("_split")}
    config |= {
        "custom_dataset": lambda **_: {k: Dataset.from_list(v) for k, v in rows.items()},
        "test_split": "test",
        "fewshot_split": "shots",
        "fewshot_config": {"sampler": "first_n"},
        "num_fewshot": count,
    }
    task = ConfigurableTask(
        config={k: v for k, v in config.items() if k not in ("tag", "task_alias")}
    )
    task.set_fewshot_seed(1)
    return [task.fewshot_context(doc, count) for doc in list(task.eval_docs)[:ITEMS]]


def by_us(
    name: str, language: str, folder: Path, test, shots, count: int, *, harness=False, human=None
):
    """Prompts of our task on the same rows."""
    files = [folder / "ours-test.jsonl"]
    write_jsonl(files[0], test)
    if human:
        files.append(folder / "ours-human.jsonl")
        write_jsonl(files[1], human)
    demonstrations = [folder / "ours-shots.jsonl"] if shots else None
    if shots:
        write_jsonl(demonstrations[0], shots)
    loaded = load_task(
        name,
        language,
        folder=TASKS,
        files=[str(file) for file in files],
        demonstrations=demonstrations and [str(demonstrations[0])],
        shots=count,
        harness=harness,
    )
    task = loaded["tasks"][name]
    return [task.fewshot_context(doc, count) for doc in list(task.eval_docs)[:ITEMS]]


def says(name: str) -> dict:
    return read_task(name, TASKS)["metadata"]["harness"]


def squad_rows(shared: Path, language: str, count: int) -> list[dict]:
    file = shared / "data" / "xquad" / f"xquad.{language}.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    rows = [
        {"id": qa["id"], "title": article.get("title", ""), "context": paragraph["context"]}
        | {"question": qa["question"], "answers": [answer["text"] for answer in qa["answers"]]}
        for article in content["data"]
        for paragraph in article["paragraphs"]
        for qa in paragraph["qas"]
    ]
    return rows[:count]


@pytest.mark.data
@pytest.mark.parametrize("language", ["es", "ru", "zh"])
def test_xquad(shared, tmp_path, language):
    rows = squad_rows(shared, language, ITEMS)
    theirs = [{**row, "answers": {"text": row["answers"]}} for row in rows]
    path = THEIRS / "xquad" / f"xquad_{language}.yaml"
    assert by_lm_eval(path, theirs, [], 0) == by_us("xquad", language, tmp_path, rows, [], 0)
    assert says("xquad")["prompt"] == "same"


@pytest.mark.data
def test_tydiqa(shared, tmp_path):
    rows = squad_rows(shared, "ru", ITEMS + 1)
    rows = [{**row, "id": f"russian-{n}"} for n, row in enumerate(rows)]
    test, shots = rows[1:], rows[:1]
    path = THEIRS / "tydiqa" / "tydiqa_goldp_ru.yaml"
    theirs = by_lm_eval(path, test, shots, 1)
    assert theirs == by_us("tydiqa", "ru", tmp_path, test, shots, 1)
    assert theirs[0].count("Ответ:") == 2 and says("tydiqa")["prompt"] == "same"


@pytest.mark.data
def test_cmmlu(shared, tmp_path):
    data = shared / "data" / "cmmlu"
    test = pl.read_parquet(data / "test.parquet").filter(pl.col("subject") == "agronomy").to_dicts()
    shots = pl.read_parquet(data / "dev.parquet").filter(pl.col("subject") == "agronomy").to_dicts()
    path = THEIRS / "cmmlu" / "cmmlu_agronomy.yaml"
    theirs = by_lm_eval(path, test, shots, 5)
    assert theirs == by_us("cmmlu", "zh", tmp_path, test, shots, 5)
    assert theirs[0].count("答案：") == 6 and says("cmmlu")["prompt"] == "same"


def choice_rows(count: int, subject: str, name: str, **columns) -> list[dict]:
    options = {letter: f"选项 {letter}{count}" for letter in "ABCD"}
    return [
        {"id": f"{n}", "question": f" {name} {n}？ ", **options, "answer": "ABCD"[n % 4]}
        | {"subject": subject, **columns}
        for n in range(count)
    ]


def test_ceval(tmp_path):
    test = choice_rows(ITEMS, "law", "问题")
    shots = choice_rows(5, "law", "例题")
    path = THEIRS / "ceval" / "ceval-valid_law.yaml"
    theirs = by_lm_eval(path, test, shots, 5)
    assert theirs == by_us("ceval", "zh", tmp_path, test, shots, 5)
    assert "法学" in theirs[0] and says("ceval")["prompt"] == "same"


WORKED = {  # as the dataset writes them: heads in question and answer, answers' heads as below
    "es": ("Pregunta: ", "Respuesta paso a paso: "),
    "ru": ("Задача: ", "Пошаговоерешение: "),
    "zh": ("问题：", "逐步解答："),
}


def mgsm_rows(shared: Path, language: str) -> tuple[list[dict], list[dict]]:
    lines = (shared / "data" / "mgsm" / f"mgsm_{language}.tsv").read_text(encoding="utf-8")
    cells = [line.split("\t") for line in lines.splitlines()[:ITEMS]]
    test = [
        {"question": q, "answer": None, "answer_number": int(a.replace(",", ""))} for q, a in cells
    ]
    question, answer = WORKED[language]
    written = ROOT / "tests/support" / f"arithmetic_{language}.demonstrations.jsonl"
    shots = [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()][:5]
    shots = [
        {"question": question + r["question"], "answer": answer + r["answer"]}
        | {"answer_number": r["answer_number"]}
        for r in shots
    ]
    return test, shots


@pytest.mark.data
@pytest.mark.parametrize("language", ["es", "ru", "zh"])
def test_mgsm(shared, tmp_path, language):
    test, shots = mgsm_rows(shared, language)
    path = THEIRS / "mgsm" / "native_cot" / f"mgsm_native_cot_{language}.yaml"
    theirs = by_lm_eval(path, test, shots, 5)
    assert by_us("mgsm", language, tmp_path, test, shots, 5, harness=True) == theirs
    ours = by_us("mgsm", language, tmp_path, test, shots, 5)
    assert says("mgsm")["prompt"] == "differs"
    if language != "zh":
        assert ours == theirs
        return
    for prompt, other in zip(ours, theirs, strict=True):  # the items themselves are the same
        assert prompt != other and prompt.split("\n\n")[-1] == other.split("\n\n")[-1]
    first = shots[0]["answer"].removeprefix("逐步解答：")
    assert f"逐步解答: {first[:8]}" in ours[0] and f"逐步解答: {first[1:8]}" in theirs[0]


def mmlu_rows() -> tuple[list[dict], list[dict], list[dict]]:
    """m_mmlu's test and train rows of two subjects, and MMMLU's test rows."""
    options = {f"option_{letter}": f"opción {letter}" for letter in "abcd"}
    subjects = ("anatomy", "virology")
    test = [
        {"id": f"{s}/test/{n}", "instruction": f"{s} {n}? ", **options, "answer": "ABCD"[n % 4]}
        for s in subjects
        for n in range(ITEMS)
    ]
    train = [
        {**row, "id": f"{s}/val/{n}", "instruction": f"shot {s} {n}"}
        for s in reversed(subjects)
        for n, row in enumerate(test[:ITEMS] * 2)
    ]
    human = [
        {"Question": f"gente: {row['instruction']}", "Answer": row["answer"]}
        | {letter.upper(): f"opción {letter}" for letter in "abcd"}
        | {"Subject": row["id"].split("/")[0]}
        for row in test
    ]
    return test, train, human


def test_mt_mmlu(tmp_path):
    test, train, human = mmlu_rows()
    path = THEIRS / "okapi" / "mmlu_multilingual" / "m_mmlu_es.yaml"
    theirs = by_lm_eval(path, test, train, 5)
    same = by_us("mt-mmlu", "es", tmp_path, test, train, 5, harness=True, human=human)
    assert same == theirs
    ours = by_us("mt-mmlu", "es", tmp_path, test, train, 5, human=human)
    assert says("mt-mmlu")["prompt"] == "differs"
    for prompt, other in zip(ours, theirs, strict=True):
        assert "shot anatomy" in prompt and "shot virology" in other
        assert prompt.split("\n\n")[-1] == other.split("\n\n")[-1]  # the item is the same


def test_ht_mmlu(tmp_path):
    test, train, human = mmlu_rows()
    own = [{**row, "Question": row["Question"]} for row in human if row["Subject"] == "anatomy"]
    path = THEIRS / "openai-mmmlu" / "default" / "mmmlu_es_la_anatomy.yaml"
    theirs = by_lm_eval(path, own, [*own, *own][:5], 5)
    ours = by_us("ht-mmlu", "es", tmp_path, test, train, 5, human=human)
    assert says("ht-mmlu")["prompt"] == "differs"
    for prompt, other in zip(ours, theirs, strict=True):
        assert other.startswith("The following are multiple choice questions")
        assert prompt.startswith("shot anatomy")
        assert prompt.split("\n\n")[-1] == other.split("\n\n")[-1]
    harness = by_us("ht-mmlu", "es", tmp_path, test, train, 5, human=human, harness=True)
    for prompt, other in pairwise(harness):
        assert prompt.split("\n\n")[:5] == other.split("\n\n")[:5]
        assert prompt.startswith("shot virology")
    machine = by_us("mt-mmlu", "es", tmp_path, test, train, 5, human=human, harness=True)
    assert machine[0].split("\n\n")[:5] == harness[0].split("\n\n")[:5]


@pytest.mark.parametrize(
    "name", ["tydiqa", "cmmlu", "ceval", "xquad", "mgsm", "mt-mmlu", "ht-mmlu"]
)
def test_every_benchmark_of_the_paper_lists_its_differences(name):
    harness = says(name)
    assert harness["task"] and harness["differences"]
    assert harness["prompt"] in ("same", "differs")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "refused"), [("mgsm", False), ("mt-mmlu", False), ("xquad", True)]
)
def test_lm_evals_demonstrations_are_asked_for_where_there_are_some(root, task, refused):
    config = load_yaml(root / "studies" / "paper.yaml")
    config["evaluate"]["benchmarks"][task] |= {"demonstrations": "harness", "shots": 5}
    if not refused:
        study = read_study(config, root)
        assert not any(n.name == "harness" for n in study_needs(study, root / "tasks"))
        return
    with pytest.raises(
        InputError, match=f"{task}.demonstrations: task '{task}' has none of lm-eval"
    ):
        read_study(config, root)
