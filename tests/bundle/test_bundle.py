"""A study's bundle: what is in it, that its check finds one changed number, citations and metadata."""

import csv
import json
import shutil
import subprocess
import zipfile

import polars as pl
import pytest
from conftest import ROOT, SMALL, checkout, copy_study, run_snakemake
from mothertongue.bundle.checksums import write_checksums, wrong_files
from mothertongue.bundle.citations import cite, of_lm_eval, read_citations, used_by
from mothertongue.bundle.contents import copy_origins, copy_without_text, movable
from mothertongue.bundle.differences import differences
from mothertongue.bundle.verify import Verdict, lay_out, write_study
from mothertongue.errors import InputError
from mothertongue.files import load_yaml, read_json, read_jsonl, write_json, write_jsonl
from mothertongue.rules.bundle import is_free
from mothertongue.study import read_study

CITATIONS = ROOT / "resources/citations.bib"


@pytest.fixture(scope="module")
def bundled(finished_demo, tmp_path_factory):
    """A clean checkout that holds nothing but the demo's bundle, unpacked."""
    study = copy_study(finished_demo, tmp_path_factory.mktemp("bundled") / "study")
    done = run_snakemake("bundle", "--cores", "all", "--quiet", "all", cwd=study)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    clean = checkout(tmp_path_factory.mktemp("clean") / "clone")
    with zipfile.ZipFile(study / "results/bundle.zip") as archive:
        archive.extractall(clean)
    return clean


def without_network():
    """A prefix that runs a command without any network, where this user may."""
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True)
    return ["unshare", "-n"] if probe.returncode == 0 else []


@pytest.mark.slow
def test_the_check_of_the_demo_s_bundle_names_the_one_number_that_was_changed(bundled, tmp_path):
    import sys

    clone = copy_study(bundled, tmp_path / "clone")
    scores = clone / "bundle/results/scores.csv"
    rows = list(csv.reader(scores.open(encoding="utf-8")))
    column = rows[0].index("score")
    before, rows[4][column] = rows[4][column], "77.5"
    with scores.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)
    command = [sys.executable, "-m", "snakemake", "--configfile", "bundle/study.yaml", "--cores"]
    done = subprocess.run(
        [*without_network(), *command, "all", "verify", "--quiet", "all"],
        cwd=clone, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0
    told = [line.partition(": ")[2] for line in done.stdout.splitlines() if "bundle: " in line]
    assert told[:2] == [
        "differs: results/scores.csv: not the file that was bundled (its SHA-256 differs)",
        f"differs: results/scores.csv, row 4, column score: 77.5 in the bundle, {before} recomputed",
    ]
    assert told[2].startswith("not identical: 1 values of 1 tables differ (")  # all others agree
    assert told[2].endswith("1 files are not as bundled")
    assert not (clone / "results").exists()


def texts_of(results):
    """What training sets, questions and answers say, in texts that are long enough to be told apart."""
    keys = ("instruction", "output", "prompt", "answer", "reference")
    for name in ("sample/native/*.jsonl", "translate/*/es.jsonl", "answer/**/es.jsonl"):
        for row in (row for path in results.glob(name) for row in read_jsonl(path)):
            yield from (row[key] for key in keys if len(row.get(key) or "") >= 16)


@pytest.mark.slow
def test_a_bundle_holds_what_its_readers_need_and_no_text(bundled, finished_demo):
    folder = bundled / "bundle"
    assert wrong_files(folder) == []
    for name in ("study.yaml", "departures.yaml", "CITATION.bib", "environment/packages.txt",
                 "environment/analyse.yaml", "environment/lock.txt", "prompts/alpaca.yaml",
                 "prompts/own/xquad.yaml", "results/correlate/study/claims.json", "results/report/study/tables"):  # fmt: skip
        assert (folder / name).exists(), name
    study = read_study(load_yaml(folder / "study.yaml"), ROOT)
    assert study.config == read_study(load_yaml(SMALL / "config.yaml"), ROOT).config
    answers = [path.name for path in folder.glob("results/answer/*")]
    assert answers == ["fidelity"]  # no licence is stated for the demo's data
    assert "no licence that lets anyone hand texts on" in (folder / "README.md").read_text("utf-8")
    for path in folder.glob("results/*/**/*.items.parquet"):
        assert not {"target", "prediction"} & set(pl.read_parquet(path).columns)
    for path in folder.glob("results/judge/**/*.jsonl"):
        assert {reply["text"] for row in read_jsonl(path) for reply in row["replies"]} <= {""}
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    written = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
    texts = set(texts_of(finished_demo / "results"))
    assert len(texts) > 100 and not [text for text in texts if text in written]


@pytest.mark.slow
def test_the_metadata_pass_croissant_s_validator(bundled):
    croissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    found = croissant.Dataset(jsonld=str(bundled / "bundle/croissant.json"))
    assert found.metadata.issues.report() == ""
    row = next(iter(found.records("scores")))
    assert row["scores/source"] == b"study" and isinstance(row["scores/score"], float)


@pytest.mark.slow
def test_verify_without_a_bundle_is_told_in_one_line(tmp_path):
    done = run_snakemake("verify", "--cores", "1", cwd=checkout(tmp_path / "clone"))
    assert done.returncode != 0
    assert "verify: no bundle's study.yaml among the configuration files" in done.stderr


def test_files_that_are_missing_changed_or_added_are_named(tmp_path):
    for name in ("kept", "changed", "lost"):
        (tmp_path / name).write_text(name)
    write_checksums(tmp_path)
    (tmp_path / ".snakemake_timestamp").touch()  # as in every folder that a rule has made
    assert wrong_files(tmp_path) == []
    (tmp_path / "changed").write_text("x")
    (tmp_path / "lost").unlink()
    (tmp_path / "added").write_text("y")
    assert [line.partition(":")[0] for line in wrong_files(tmp_path)] == [
        *("changed", "lost", "added"),
    ]
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    with pytest.raises(InputError, match=r"is no bundle"):
        wrong_files(tmp_path)


def test_differences_are_found_in_every_form_of_table(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.mkdir()
    b.mkdir()
    (a / "t.csv").write_text("name,score\nx,1.0\ny,2.0\n")
    (b / "t.csv").write_text("name,score\nx,1.0000000000001\ny,2.5\n")
    (one,) = differences("t.csv", a / "t.csv", b / "t.csv")
    assert str(one) == "t.csv, row 2, column score: 2.0 in the bundle, 2.5 recomputed"
    write_json(a / "c.json", [{"p": {"low": 1.0}}, {"p": None}])
    write_json(b / "c.json", [{"p": {"low": 1.5}}, {"p": None}])
    (one,) = differences("c.json", a / "c.json", b / "c.json")
    assert one.place == "row 1, column p.low"
    pl.DataFrame({"v": [1, None]}).write_parquet(a / "i.parquet")
    pl.DataFrame({"v": [1, 3]}).write_parquet(b / "i.parquet")
    (one,) = differences("i.parquet", a / "i.parquet", b / "i.parquet")
    assert one[1:] == ("row 2, column v", "nothing", "3")
    (one,) = differences("new.csv", a / "new.csv", b / "t.csv")
    assert one[1:] == ("file", "is missing", "is there")
    assert Verdict(3, (), ()).lines()[0].startswith("identical: 3 tables")


def test_scores_by_item_and_ratings_lose_their_texts_and_keep_their_numbers(tmp_path):
    items = tmp_path / "es.items.parquet"
    frame = {"item": ["1"], "target": ["A"], "acc": [100.0], "options": [[-1.0]], "tied": [False]}
    pl.DataFrame(frame).write_parquet(items)
    copy_without_text(items, tmp_path / "out.items.parquet")
    assert pl.read_parquet(tmp_path / "out.items.parquet").columns == ["item", "acc", "tied"]
    write_jsonl(tmp_path / "r.jsonl", [{"id": "1", "rating": 4, "replies": [{"text": "long"}]}])
    copy_without_text(tmp_path / "r.jsonl", tmp_path / "out.jsonl")
    assert read_jsonl(tmp_path / "out.jsonl")[0]["replies"] == [{"text": ""}]
    write_json(tmp_path / "es.json", {"n": 1})
    copy_without_text(tmp_path / "es.json", tmp_path / "copy.json")
    assert read_json(tmp_path / "copy.json") == {"n": 1}


def test_of_a_training_set_a_bundle_has_only_what_is_counted(tmp_path):
    rows = [{"instruction": "a", "output": "b", "origin": {"part": "native", "id": "x"}}]
    write_jsonl(tmp_path / "train.jsonl", [*rows, {"instruction": "a", "origin": {}}])
    copy_origins(tmp_path / "train.jsonl", tmp_path / "out.jsonl")
    assert read_jsonl(tmp_path / "out.jsonl") == [{"origin": {"part": "native"}}, {"origin": {}}]
    write_jsonl(tmp_path / "labels.jsonl", [{"item": "1", "value": 4}])
    copy_without_text(tmp_path / "labels.jsonl", tmp_path / "copy.jsonl")
    assert read_jsonl(tmp_path / "copy.jsonl") == [{"item": "1", "value": 4}]


def test_a_check_has_the_study_s_own_tasks_and_asks_for_no_file_that_it_does_not_read(tmp_path):
    bundle, folder = tmp_path / "bundle", tmp_path / "work"
    for name in ("prompts/own/my/tasks/one.yaml", "results/judge/j/m/es.jsonl"):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text("{}\n")
    config = {
        "evaluate": {"tasks": ["my/tasks", "/far/tasks"]},
        "compare": {"pair": {"runs": ["a=nowhere"]}},
        "models": {"tiny": {"build": {"corpus": "nowhere.jsonl"}}, "other": {}},
    }
    assert movable(config)["evaluate"]["tasks"] == ["my/tasks", "tasks"]
    (bundle / "study.yaml").write_text(json.dumps(config))
    folder.mkdir()
    lay_out(bundle, folder, ["judge/*/**/*.jsonl"])
    assert (folder / "my/tasks/one.yaml").is_file()
    assert (folder / "results/judge/j/m/es.jsonl").is_file()
    own = load_yaml(write_study(bundle, folder))
    assert "compare" not in own and (folder / own["models"]["tiny"]["build"]["corpus"]).is_file()


@pytest.mark.parametrize(
    ("licence", "free"),
    [("Apache-2.0", True), ("CC BY-SA 4.0", True), ("CC BY-ND 4.0", False), (None, False),
     ("cc-by-nc-nd-4.0", False), ("proprietary", False)],
)  # fmt: skip
def test_texts_are_handed_on_only_under_a_licence_that_allows_it(licence, free):
    assert is_free(licence) is free


# -- citations -----------------------------------------------------------------------------------


def test_every_entry_says_what_it_is_for_and_is_whole():
    known = read_citations(CITATIONS)
    assert len(known) == CITATIONS.read_text(encoding="utf-8").count("\n@")
    for one in known:
        assert one.used_for and "used-for" not in one.text
        assert "title = {" in one.text and "author = {" in one.text
        assert "year = {" in one.text or "howpublished = {" in one.text  # a service has no year
        assert one.text.count("{") == one.text.count("}")


def test_a_study_s_models_data_and_tests_are_cited_and_what_has_no_entry_is_named():
    study = read_study(load_yaml(ROOT / "studies/paper-2026.yaml"), ROOT)
    text, missing = cite(used_by(study), read_citations(CITATIONS))
    for key in ("chen2024good", "molder2021snakemake", "singh2024aya", "yang2025qwen3", "hu2021lora",
                "martins2024eurollm", "kudugunta2023madlad400", "openai2025gptoss"):  # fmt: skip
        assert f"{{{key}," in text, key
    assert "XQuAD" in text or "Artetxe" in text  # from lm-eval's own page
    assert not missing and "touvron2023llama2" not in text
    assert cite(["model:owner/unknown"], read_citations(CITATIONS))[1] == ["model:owner/unknown"]


def test_lm_eval_s_tasks_bring_their_own_entries():
    assert "@" in (of_lm_eval("belebele_spa_Latn") or "")
    assert of_lm_eval("no_such_task") is None


def test_an_entry_without_a_purpose_or_twice_is_refused(tmp_path):
    path = tmp_path / "c.bib"
    path.write_text("@misc{a,\n  title = {x},\n}\n")
    with pytest.raises(InputError, match="a: no field used-for"):
        read_citations(path)
    path.write_text("@misc{a,\n  used-for = {study},\n}\n\n" * 2)
    with pytest.raises(InputError, match="two entries have the key a"):
        read_citations(path)
