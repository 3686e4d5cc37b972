"""Rows that are left out, common rows and equal budgets, through the rules of a study.

Real clients talk to a server that faults the same texts every time: hard faults (a refusal, an echo,
an error page, 400, 500) and a soft one (cut short).
"""

import csv

import pytest
import yaml
from conftest import checkout, copy_study, planned, run_snakemake
from mothertongue.files import read_json, read_jsonl, write_jsonl
from mothertongue.report.provenance import translation_table
from standin import StandIn, invented
from translating import back_to_english, english_rows

API = {"concurrency": 8, "timeout": 10, "retries": 2, "check_retries": 1, "backoff": 0.01}
HARD = {"en-1": "refusal", "en-2": "echo", "en-3": "error-page", "en-4": "400", "en-5": "500"}
NUMBER = 24


class TwoWay(StandIn):
    """Translates both ways, and faults the instructions of chosen rows every time."""

    def __init__(self, kinds: dict[str, str]):
        super().__init__()
        self.by_text = kinds

    def asked_for(self, text: str, instruction: str) -> str:
        self.translate = self.both
        return ("en:" if "to English" in instruction else "es:") + text

    @staticmethod
    def both(text: str) -> str:
        return back_to_english(text[3:]) if text.startswith("en:") else invented(text[3:])

    def fault(self, text: str) -> str | None:
        kind = self.by_text.get(text[3:])
        if kind:
            with self.lock:
                self.given[kind] += 1
        return kind


def lay_out(folder, one, two, **conditions):
    """A study of native rows, two translators and their round trips; returns its command."""
    checkout(folder)
    english = english_rows(NUMBER)
    spanish = [
        {k: invented(row[k]) for k in ("instruction", "output")} for row in english_rows(NUMBER + 7)
    ]
    for code, rows in (("eng", english), ("spa", spanish[:NUMBER])):
        write_jsonl(
            folder / f"{code}.jsonl",
            [
                {
                    "inputs": row["instruction"],
                    "targets": row["output"],
                    "language": code,
                    "language_code": code,
                    "annotation_type": "original-annotations",
                    "user_id": "us",
                }
                for row in rows
            ],
        )
    translator = {"backend": "openai", "model": "m", "api": API}
    study = {
        "study": "rows",
        "languages": {"es": {}},
        "sample": {"dataset": {"path": ["eng.jsonl", "spa.jsonl"]}, "heldout": 2},
        "translate": {
            "max_quarantined": 0.4,
            "translators": {
                "one": {**translator, "base_url": one.base_url("openai")},
                "two": {**translator, "model": "n", "base_url": two.base_url("openai")},
            },
        },
        "models": {"tiny": {"base": "models/tiny", "parameters": 1.0e5}},
        "finetune": {"quantisation": "none", "dtype": "float32", "epochs": 2, "effective_batch": 4,
                     "learning_rates": {"high": 1.0e-3}, "seeds": [1], "validation": 0.2},
        "conditions": [{"data": ["native", "one", "two", "one-rtt"], "scope": ["es"], **conditions}],
        "evaluate": {"base": False, "benchmarks": {"own": {
            "task": "native-perplexity", "languages": ["es"], "origin": "native", "kind": "structured"}}},
    }  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return ["--configfile", "study.yaml", "--cores", "1"]


def make(folder, command, *targets):
    done = run_snakemake(*command, *targets, cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    return done.stdout + done.stderr


def sets(folder, data):
    """The training and validation rows of a training set."""
    where = folder / "results/finetune/sets" / data / "es"
    return [read_jsonl(where / f"{half}.jsonl") for half in ("train", "validation")]


SETS = [
    f"results/finetune/sets/{data}/es/train.jsonl" for data in ("native", "one", "two", "one-rtt")
]


@pytest.fixture(scope="module")
def servers():
    """Service `one` has hard faults, `two` soft ones; both out of English."""
    english = {row["id"]: row["instruction"] for row in english_rows(NUMBER)}
    native = [invented(row["instruction"]) for row in english_rows(NUMBER + 7)]
    with (
        TwoWay(
            {english[name]: kind for name, kind in HARD.items()} | {native[4]: "refusal"}
        ) as one,
        TwoWay({english["en-6"]: "length", english["en-7"]: "length"}) as two,
    ):
        yield one, two


@pytest.fixture(scope="module")
def made(servers, tmp_path_factory):
    """A study whose training sets are made, each with its own rows, and its command. Copy it."""
    folder = tmp_path_factory.mktemp("rows") / "study"
    command = lay_out(folder, *servers)
    make(folder, command, *SETS)
    return folder, command


@pytest.fixture
def study(made, tmp_path):
    """A copy of the study to change, and its command."""
    return copy_study(made[0], tmp_path / "study"), made[1]


def configure(folder, change):
    """Change the study's file."""
    content = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    change(content)
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def names_of(folder, kind):
    """Source text of an instruction -> the row's id."""
    rows = read_jsonl(folder / f"results/sample/{kind}/es.jsonl")
    return {row["instruction"]: row["id"] for row in rows}


@pytest.mark.slow
def test_hard_faults_are_never_rows_and_everything_goes_on_without_them(study, servers):
    one, _ = servers
    folder, command = study
    make(folder, command, "results/translate/quality.csv")
    english = names_of(folder, "english")
    texts = {row["id"]: row["instruction"] for row in english_rows(NUMBER)}
    faulty = {english[texts[name]]: kind for name, kind in HARD.items() if texts[name] in english}
    assert len(faulty) >= 3
    report = read_json(folder / "results/translate/one/es.report.json")
    rows = read_jsonl(folder / "results/translate/one/es.jsonl")
    ids = [row["id"] for row in read_jsonl(folder / "results/sample/english/es.jsonl")]
    assert [row["id"] for row in rows] == [name for name in ids if name not in faulty]
    assert (report["asked"], report["rows"]) == (len(ids), len(rows))
    assert report["left_out_rows"] == len(faulty) == sum(report["left_out"].values())
    kinds = {"refusal": "refusal", "echo": "untranslated", "error-page": "error-page",
             "400": "declined", "500": "no-reply"}  # fmt: skip
    named = {row["id"]: (row["field"], row["kind"]) for row in report["missing"]}
    assert named == {name: ("instruction", kinds[kind]) for name, kind in faulty.items()}
    kept = read_jsonl(folder / "results/translate/one/es.quarantine.jsonl")
    assert {row["id"] for row in kept if row["left_out"]} == set(faulty)
    log = (folder / "logs/translate/one_es.log").read_text(encoding="utf-8")
    assert f"{len(faulty)} of {len(ids)} rows are missing" in log
    for row in report["missing"]:  # a status where the service gave one
        if row["kind"] in ("declined", "no-reply"):
            assert {"declined": "400", "no-reply": "500"}[row["kind"]] in row["detail"]
    soft = read_json(folder / "results/translate/two/es.report.json")
    assert (soft["left_out_rows"], soft["flagged_rows"]) == (0, soft["flagged"]["truncated"])
    assert soft["flagged_rows"] > 0
    flagged = [
        r for r in read_jsonl(folder / "results/translate/two/es.jsonl") if "flags" in r["origin"]
    ]
    assert {field for row in flagged for field in row["origin"]["flags"]} == {"instruction"}
    assert len(flagged) == soft["flagged_rows"]

    # the report's provenance says the same, by kind
    reports = sorted((folder / "results").glob("*/*/es*.report.json"))
    table = translation_table(reports, {"one": "First"})
    names = [column.label for column in table.columns]
    told = {tuple(row[:2]): dict(zip(names, row, strict=True)) for row in table.rows}
    assert set(told) == {("First", "es"), ("two", "es"), ("First", "es, way out"),
                         ("First", "es, round trip")}  # fmt: skip
    line = told["First", "es"]
    assert (line["asked"], line["written"], line["left out"]) == (len(ids), len(rows), len(faulty))
    assert "refusal 1" in line["left out by kind"] and "no-reply 1" in line["left out by kind"]
    line = told["two", "es"]
    assert (line["flagged"], line["mended"], line["left out"]) == (soft["flagged_rows"], 0, 0)
    assert f"truncated {soft['flagged_rows']}" in line["flagged by kind"]

    # a round trip that lost a row on its way out has a measured quality, and trains without it
    native = names_of(folder, "native")
    trip = read_json(folder / "results/roundtrip/one/es.pivot.report.json")
    assert [row["kind"] for row in trip["missing"]] == ["refusal"]
    back = {row["id"] for row in read_jsonl(folder / "results/roundtrip/one/es.jsonl")}
    assert back == set(native.values()) - {trip["missing"][0]["id"]}
    with (folder / "results/translate/quality.csv").open(encoding="utf-8") as handle:
        quality = [row for row in csv.DictReader(handle) if row["kind"] == "roundtrip"]
    assert {row["rows"] for row in quality} == {str(len(back))}

    # rows keep their side of the split, and a set made again asks for nothing that it has
    for first, second in (("native", "one-rtt"), ("two", "one")):
        (a, b), (c, d) = (
            ({r["id"] for r in half} for half in sets(folder, x)) for x in (first, second)
        )
        assert c <= a and d <= b
        assert c | d < a | b
    arrived = one.arrived.total()
    make(folder, command, "results/translate/one/es.jsonl", "--forcerun", "translate_texts")
    again = one.arrived.total() - arrived
    assert again <= (API["retries"] + 1) * len(faulty)
    assert read_jsonl(folder / "results/translate/one/es.jsonl") == rows


@pytest.mark.slow
def test_common_rows_and_dropped_flags_are_planned_and_made_by_the_rules(study):
    folder, command = study
    own = {data: sets(folder, data) for data in ("native", "one", "two", "one-rtt")}
    configure(folder, lambda it: it["conditions"][0].update(rows="own", budget=None))
    configure(folder, lambda it: it["translate"].update(flagged="keep"))
    assert planned(folder, *command, *SETS) == {}  # said or not, a default makes nothing anew
    configure(folder, lambda it: it["conditions"][0].update(rows="common"))
    assert planned(folder, *command, *SETS)["mix_training_set"] == 4
    make(folder, command, *SETS)
    common = {data: sets(folder, data) for data in own}
    for first, second in (("native", "one-rtt"), ("one", "two")):
        for half in (0, 1):
            ids = [[row["id"] for row in common[data][half]] for data in (first, second)]
            assert ids[0] == ids[1]
    assert len(common["two"][0]) < len(own["two"][0])
    assert common["one"] == own["one"]  # the smaller of the two
    configure(folder, lambda it: it["translate"].update(flagged="drop"))
    make(folder, command, *SETS)
    rows = read_jsonl(folder / "results/translate/two/es.jsonl")
    flagged = {row["id"] for row in rows if "flags" in row["origin"]}
    assert flagged
    for data in ("one", "two"):  # dropped in one set, hence in the rows that both share
        ids = {row["id"] for half in sets(folder, data) for row in half}
        assert ids == {row["id"] for half in common[data] for row in half} - flagged


@pytest.mark.slow
def test_budgets_are_held_equal_between_adapters(study):
    """Three learning rates, each with a budget of its own kind."""
    from tiny_models import save_model

    folder, command = study
    kinds = {"rows": "a", "tokens": "b", "steps": "c"}
    entries = [
        {"data": ["native", "one"], "scope": ["es"], "lr": [lr], "budget": kind}
        for kind, lr in kinds.items()
    ]
    rates = dict.fromkeys(kinds.values(), 1.0e-3)
    configure(folder, lambda it: it.update(conditions=entries))
    configure(folder, lambda it: it["finetune"].update(learning_rates=rates))
    save_model(folder / "models" / "tiny")
    table = "results/correlate/study/differences.csv"
    make(folder, command, table)
    with (folder / table).open(encoding="utf-8") as handle:
        found = list(csv.DictReader(handle))
    assert len(found) == 6
    for kind, lr in kinds.items():
        rows = {row["data"]: row for row in found if row["lr"] == lr}
        assert {row["equal"] for row in rows.values()} == {kind}
        where = folder / "results/finetune/tiny"
        told = [read_json(where / f"{d}/es/{lr}/seed1/provenance.json")["equal"] for d in rows]
        limit = min(record["own"] for record in told)
        assert {record["limit"] for record in told} == {limit}
        assert len({record["own"] for record in told}) == 2  # there was something to hold
        column = {"rows": "trained_rows", "tokens": "answer_tokens", "steps": "steps"}[kind]
        held = sorted(int(row[column]) for row in rows.values())
        assert held[-1] == limit
        assert held[0] > 0.9 * limit if kind == "tokens" else held[0] == limit
        for data, row in rows.items():
            assert int(row["rows"]) == len(sets(folder, data)[0])
            lost = int(row["dropped_rows"]) + int(row["cut_rows"])
            assert int(row["trained_rows"]) + lost == int(row["rows"])
            assert kind != "steps" or lost == 0  # none is cut; the longer training stops early
    assert "Nothing to be done" in make(folder, command, table)
    configure(folder, lambda it: it["conditions"][0].update(budget="tokens"))
    assert planned(folder, *command, table)["finetune_lora"] == 2  # of that learning rate alone


def test_a_budget_keeps_the_same_rows_and_comes_as_near_as_rows_let_it():
    from mothertongue.finetune.encode import Example
    from mothertongue.finetune.equal import cut

    examples = [Example(f"r{i}", list(range(10 + i % 7)), 5) for i in range(60)]
    few, more = cut(examples, "rows", 12), cut(examples, "rows", 30)
    assert [len(few), len(more)] == [12, 30]
    assert {e.id for e in few} < {e.id for e in more}
    assert [e.id for e in more] == [e.id for e in examples if e in more]  # in the given order
    for limit in (11, 40, 200, 321):
        left = limit - sum(e.supervised for e in cut(examples, "tokens", limit))
        assert 0 <= left < 5  # less than the shortest answer
    assert cut(examples, "steps", 3) == examples
    assert len(cut(examples, "tokens", 1)) == 1


@pytest.mark.slow
def test_two_wishes_for_one_set_are_refused(tmp_path, servers):
    folder = tmp_path / "study"
    command = lay_out(folder, *servers, rows="common")
    two = [
        {"data": ["one"], "scope": ["es"], "rows": "own", "budget": "rows"},
        {"data": ["two"], "scope": ["es"], "rows": "comon"},
    ]
    configure(folder, lambda it: it["conditions"].extend(two))
    done = run_snakemake(*command, "-n", cwd=folder)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "conditions[1].rows: own, but conditions[0] has common for the same one in 'es'" in told
    assert "conditions[1].budget: rows, but conditions[0] has none for the same one in 'es'" in told
    assert "conditions[2].rows: 'comon' is none of: own, common" in told
    assert "did you mean 'common'?" in told
