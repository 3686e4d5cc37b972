"""The task pack: its tasks, real benchmark files through lm-eval, and bad input."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT
from mothertongue.errors import InputError
from mothertongue.evaluate import metrics
from mothertongue.evaluate.items import make_items
from mothertongue.evaluate.pack import load_task
from mothertongue.evaluate.read import read_rows
from mothertongue.files import read_jsonl, text_hash, write_jsonl
from mothertongue.study.tasks import read_task, task_digest

TASKS = ROOT / "tasks"
NAMES = sorted(p.stem for p in TASKS.glob("*.yaml") if not p.name.startswith("_"))


def load(name: str, language: str, **options):
    made = load_task(name, language, folder=options.pop("folder", TASKS), **options)
    return made["tasks"][name]


def prompt(task, item: int = 0) -> str:
    return task.fewshot_context(task.eval_docs[item], task.config.num_fewshot)


# ---- the pack


def test_the_pack_holds_the_paper_s_benchmarks():
    assert set(NAMES) == {
        "tydiqa", "cmmlu", "ceval", "xquad", "mgsm", "mt-mmlu", "ht-mmlu", "native-perplexity",
        "multiple-choice", "arithmetic", "extractive-qa", "include-base-44",
        "cloze",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_task_says_where_it_comes_from(name):
    task = read_task(name, TASKS)
    metadata = task["metadata"]
    for key in ("paper", "source", "licence"):
        assert isinstance(metadata[key], str) and len(metadata[key]) > 2, key
    assert isinstance(metadata["version"], int)
    assert isinstance(task["num_fewshot"], int)
    assert metadata["metrics"]
    chance = {"choice": 25.0, "cloze": None, "number": 0.0, "short-answer": 0.0, "text": None}
    assert metadata["chance"] == chance[metadata["family"]]
    sources = [*metadata.get("hub", {}).values(), *filter(None, [metadata.get("archive")])]
    for source in sources:  # pinned, or left to the manifest of `prefetch`
        pinned = re.fullmatch("[0-9a-f]{40}", source["revision"] or "")
        assert pinned or source["path"] in ("alexandrainst/m_mmlu", "CohereLabs/include-base-44")
    if metadata["paper"].startswith("section"):
        assert sources


SHOTS = {"tydiqa": 1, "cmmlu": 5, "ceval": 5, "xquad": 0, "mgsm": 5, "mt-mmlu": 5, "ht-mmlu": 5}
MAIN = {"tydiqa": "f1", "xquad": "em", "mgsm": "em", "cmmlu": "acc", "ceval": "acc"}


@pytest.mark.parametrize("name", SHOTS)
def test_shots_metrics_and_splits_are_the_paper_s(name):
    task = read_task(name, TASKS)
    assert task["num_fewshot"] == SHOTS[name]
    assert task["metadata"]["metrics"][0] == MAIN.get(name, "acc")
    assert len(task["metadata"].get("subjects", {})) == {"cmmlu": 67, "ceval": 52}.get(name, 0)
    split = task["metadata"].get("hub", {}).get("test", {}).get("split")
    known = {"tydiqa": "validation", "ceval": "val", "xquad": "validation", "mgsm": "test"}
    assert split == known.get(name)


def test_every_key_of_metadata_is_documented(root):
    text = (root / "docs" / "add-a-benchmark.md").read_text(encoding="utf-8")
    section = text.partition("## Keys of `metadata`")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    documented = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    used = set().union(*(read_task(name, TASKS)["metadata"] for name in NAMES))
    assert used == documented


def test_a_comment_changes_no_digest_but_a_word_does(tmp_path):
    for path in TASKS.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    before = task_digest("mgsm", tmp_path)
    shared = tmp_path / "_number.yaml"
    shared.write_text("# another comment\n" + shared.read_text(encoding="utf-8"), encoding="utf-8")
    assert task_digest("mgsm", tmp_path) == before
    text = shared.read_text(encoding="utf-8").replace("Pregunta: ", "Problema: ")
    shared.write_text(text, encoding="utf-8")
    assert task_digest("mgsm", tmp_path) != before


# ---- real files through the real lm-eval


@pytest.mark.data
@pytest.mark.parametrize("language", ["es", "ru", "zh"])
def test_real_xquad(shared, language):
    file = str(shared / "data" / "xquad" / f"xquad.{language}.json")
    task = load("xquad", language, files=[file])
    assert len(task.eval_docs) == 1190
    doc, text = task.eval_docs[0], prompt(task)
    words = doc["words"]
    shape = "{}: {}\n\n{}: {}\n\n{}:"
    assert text == shape.format(
        words["context"], doc["context"], words["question"], doc["question"], words["answer"]
    )
    assert task.config.generation_kwargs["until"] == ["\n"]
    assert len({doc["id"] for doc in task.eval_docs}) == 1190


@pytest.mark.data
@pytest.mark.parametrize("language", ["es", "ru", "zh"])
def test_real_mgsm(shared, language):
    file = str(shared / "data" / "mgsm" / f"mgsm_{language}.tsv")
    shots = str(ROOT / "tests/support" / f"arithmetic_{language}.demonstrations.jsonl")
    task = load("mgsm", language, files=[file], demonstrations=[shots])
    assert len(task.eval_docs) == 250
    text, words = prompt(task), task.eval_docs[0]["words"]
    blocks = text.split("\n\n")
    assert len(blocks) == 6
    for block, demonstration in zip(blocks, read_jsonl(shots), strict=False):
        head, solution = block.split("\n", 1)
        assert head.startswith(words["question"])
        assert solution.startswith(words["solution"] + " ")
        assert demonstration["answer"].rstrip().endswith(solution.rstrip()[-20:])
        first = solution.removeprefix(words["solution"]).strip()[0]
        assert first in demonstration["answer"][:40]  # no character is cut off
    assert blocks[-1] == f"{words['question']}{task.eval_docs[0]['question']}\n{words['solution']}"
    assert prompt(task, 1).startswith("\n\n".join(blocks[:5]))  # the same for every item
    golds = [doc["answer_number"] for doc in task.eval_docs]
    for doc, gold in zip(task.eval_docs, golds, strict=True):
        assert metrics.score_number(doc, [f"… {gold}."])["em"] == 1.0


@pytest.mark.slow
@pytest.mark.data
def test_real_cmmlu(shared):
    data = shared / "data" / "cmmlu"
    test, dev = str(data / "test.parquet"), str(data / "dev.parquet")
    task = load("cmmlu", "zh", files=[test], demonstrations=[dev])
    assert len(task.eval_docs) == read_task("cmmlu", TASKS)["metadata"]["items"] == 11582
    subjects = Counter(doc["subject"] for doc in task.eval_docs)
    assert set(subjects) == set(read_task("cmmlu", TASKS)["metadata"]["subjects"])
    names = read_task("cmmlu", TASKS)["metadata"]["subjects"]
    shown = {}
    for number in range(0, 11582, 157):
        doc, text = task.eval_docs[number], prompt(task, number)
        preamble, _, rest = text.partition("\n\n")
        assert names[doc["subject"]] in preamble
        blocks = rest.split("\n\n")[-6:] if rest.count("答案：") == 6 else None
        assert blocks is None or blocks[-1].endswith("答案：")
        assert len(re.findall(r"^答案： [ABCD]$", text, flags=re.MULTILINE)) == 5
        assert text.endswith("答案：")
        shots = text.rpartition(doc["question"].strip())[0]
        assert shown.setdefault(doc["subject"], shots) == shots
    assert len({text_hash(shots) for shots in shown.values()}) == len(shown)
    assert task.doc_to_choice(task.eval_docs[0]) == ["A", "B", "C", "D"]


def test_limits_take_from_every_subject_in_turn():
    rows = [
        {
            "question": f"q{n}",
            "A": 1,
            "B": 2,
            "C": 3,
            "D": 4,
            "answer": "A",
            "subject": "xyz"[n // 4],
        }
        for n in range(12)
    ]
    from mothertongue.evaluate.data import take

    chosen = take(make_items(rows, "choice", "here"), 5)
    assert [item["question"] for item in chosen] == ["q0", "q1", "q4", "q5", "q8"]


# ---- MT- and HT-MMLU


def option_columns(form: str) -> dict[str, str]:
    return {form.format(letter): f"{letter}?" for letter in ("A", "B", "C", "D")}


def mmlu_files(folder: Path) -> dict[str, list[str]]:
    """Two subjects of twenty items, of which the machine set lacks two; one letter differs."""
    letters = "ABCDABCDAB" * 2
    human, machine = [], []
    for subject in ("anatomy", "virology"):
        for n, letter in enumerate(letters):
            text = f"{subject} {n}"
            human.append(
                {"": n, "Question": f"people: {text}", **option_columns("{}"), "Answer": letter}
                | {"Subject": subject}
            )
            if n not in (2, 7):
                options = {f"option_{k.lower()}": v for k, v in option_columns("{}").items()}
                row = {"instruction": f"machine: {text}", **options, "answer": letter}
                machine.append({"id": f"{subject}/test/{n}", **row})
    machine[3]["answer"] = "C"  # one corrected letter: not the same item any more
    shots = [
        {**machine[0], "id": f"{subject}/train/{n}", "instruction": f"shot {subject} {n}"}
        for subject in ("virology", "anatomy")
        for n in range(5 if subject == "anatomy" else 4)
    ]
    shots[0]["instruction"] = "people: virology 5"  # an item of the human test
    shots[0] |= {f"option_{k.lower()}": v for k, v in option_columns("{}").items()}
    with (folder / "human.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, human[0])
        writer.writeheader()
        writer.writerows(human)
    write_jsonl(folder / "machine.jsonl", machine)
    write_jsonl(folder / "shots.jsonl", shots)
    return {
        "files": [str(folder / "machine.jsonl"), str(folder / "human.csv")],
        "demonstrations": [str(folder / "shots.jsonl")],
    }


def test_both_mmlu_have_the_same_items_template_and_demonstrations(tmp_path):
    files = mmlu_files(tmp_path)
    machine, human = load("mt-mmlu", "es", **files), load("ht-mmlu", "es", **files)
    assert [d["id"] for d in machine.eval_docs] == [d["id"] for d in human.eval_docs]
    assert len(machine.eval_docs) == 35  # of 36 machine ones, one letter differs
    for number in range(35):
        a, b = prompt(machine, number), prompt(human, number)
        assert a.rpartition("machine: ")[0] == b.rpartition("people: ")[0]
        assert a.rpartition("machine: ")[2] == b.rpartition("people: ")[2]
        assert a.count("\nAnswer: ") == (5 if "anatomy" in machine.eval_docs[number]["id"] else 3)
    assert machine.report["dropped"] == human.report["dropped"] == {
        "items whose answer letters differ": 1,
        "human-translated items without a machine-translated partner": 4,
    }  # fmt: skip
    assert machine.report["notes"] == human.report["notes"] == [
        "1 demonstrations left out: items of the test",
        "fewer than 5 demonstrations: virology 3",
    ]  # fmt: skip


def test_mmlu_in_another_order_is_refused(tmp_path):
    files = mmlu_files(tmp_path)
    rows = list(csv.DictReader((tmp_path / "human.csv").open(encoding="utf-8")))
    for row, other in zip(rows, [*rows[1:], rows[0]], strict=True):
        row["Answer"] = other["Answer"]
    write_jsonl(tmp_path / "human.jsonl", rows)
    files["files"][1] = str(tmp_path / "human.jsonl")
    with pytest.raises(InputError, match="do not match"):
        load("ht-mmlu", "es", **files)


# ---- demonstrations and bad input


def choice_rows(count: int, **columns) -> list[dict]:
    row = {"A": "1", "B": "2", "C": "3", "D": "4", "answer": "B"}
    return [{"question": f"q{n}", **row, **columns} for n in range(count)]


def choice_files(folder: Path, items: list[dict], shots: list[dict] | None = None) -> dict:
    write_jsonl(folder / "items.jsonl", items)
    write_jsonl(folder / "shots.jsonl", shots or [])
    return {"files": [str(folder / "items.jsonl")], "demonstrations": [str(folder / "shots.jsonl")]}


def test_an_evaluated_item_is_never_a_demonstration(tmp_path):
    files = choice_files(tmp_path, choice_rows(4)[2:], choice_rows(4))
    task = load("multiple-choice", "es", shots=2, **files)
    assert prompt(task).startswith("q0\n") and "\n\nq1\n" in prompt(task)
    assert task.report["notes"] == ["2 demonstrations left out: items of the test"]
    with pytest.raises(InputError, match=r"shots.jsonl: 3 shots asked for, but .* only 2"):
        load("multiple-choice", "es", shots=3, **files)


def test_a_subject_without_demonstrations_is_named(tmp_path):
    items = [*choice_rows(2, subject="law"), *choice_rows(1, subject="logic")]
    files = choice_files(tmp_path, items, [{**r, "question": "s"} for r in items[:1]])
    with pytest.raises(InputError, match="no demonstrations for logic"):
        load("cmmlu", "zh", **files)


def without(row: dict, column: str) -> dict:
    return {k: v for k, v in row.items() if k != column}


@pytest.mark.parametrize(
    ("task", "language", "rows", "expected"),
    [
        (
            "multiple-choise",
            "es",
            [],
            r"unknown task 'multiple-choise'; did .* 'multiple-choice'\?",
        ),
        ("multiple-choice", "ka", [], "no words for language 'ka' .it has en, es"),
        ("multiple-choice", "es", [], "items.jsonl: no items .the file or split is empty"),
        (
            "multiple-choice",
            "es",
            [without(choice_rows(1)[0], "C")],
            r"items.jsonl, row 1: no column 'C' .found: question, A, B, D, answer",
        ),
        (
            "multiple-choice",
            "es",
            [{**choice_rows(1)[0], "C": None}],
            "items.jsonl, row 1: 'C' is empty",
        ),
        (
            "multiple-choice",
            "es",
            choice_rows(1, answer="E"),
            "row 1: the answer is 'E', not one of A, B, C, D",
        ),
        (
            "multiple-choice",
            "es",
            choice_rows(2, id="x"),
            "row 2: id 'x' already stands in .*items.jsonl, row 1",
        ),
        ("arithmetic", "es", [{"question": "q"}], "row 1: no column 'answer_number'"),
        ("arithmetic", "es", [{"question": "q", "answer": "two"}], "'two' is not a number"),
        ("extractive-qa", "es", [{"context": "c", "question": "q"}], "no column 'answers'"),
        (
            "extractive-qa",
            "es",
            [{"context": "c", "question": "q", "answers": [" "]}],
            "'answers' holds no text",
        ),
        ("mt-mmlu", "es", choice_rows(1), "no machine-translated MMLU"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path, task, language, rows, expected):
    write_jsonl(tmp_path / "items.jsonl", rows)
    with pytest.raises(InputError, match=expected) as caught:
        load(task, language, files=[str(tmp_path / "items.jsonl")], shots=0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "x.csv",
            "question,A,B\nq,1,2\n",
            "x.csv, row 1: no column 'C' .found: question, A, B.; wanted: question, A, B, C, D",
        ),
        ("x.csv", "question,A,B,C,D,answer\n", "x.csv: no items"),
        ("x.tsv", "one column\n", "x.tsv, line 1: expected question TAB answer"),
        ("x.json", '{"version": 1}', "x.json: neither a list of objects nor SQuAD JSON"),
        ("x.json", '{"data": [{"title": "t"}]}', "x.json: not SQuAD JSON .no key 'paragraphs'"),
        ("x.parquet", "no", "x.parquet: not a parquet file"),
        ("x.txt", "", "x.txt: cannot read '.txt' files"),
        ("x.jsonl", "{", "x.jsonl, line 1: not valid JSON"),
    ],
)
def test_odd_files_are_named(tmp_path, name, content, expected):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=expected):
        make_items(read_rows(tmp_path / name), "choice", str(tmp_path / name))


def test_missing_files_and_datasets_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none.jsonl: no such benchmark file"):
        load("multiple-choice", "es", files=[str(tmp_path / "none.jsonl")])
    with pytest.raises(InputError, match="has no dataset of its own"):
        load("multiple-choice", "es")
    with pytest.raises(InputError, match="pairs two datasets"):
        load("mt-mmlu", "es", hub={"hub": "a/b"})
