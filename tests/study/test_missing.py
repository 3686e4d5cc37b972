"""What a study names and is not there: all told at once by -n, estimate and prefetch."""

import json

import pytest
from conftest import ROOT, checkout, run_snakemake
from far_studies import STUDY, aya, far_run, far_study, model, xquad
from mothertongue import hub, urls
from mothertongue.errors import InputError
from mothertongue.files import load_yaml, matching_files
from mothertongue.study import read_study
from mothertongue.study import requirements as needs
from standin_hub import Hub, Repository

COMMIT = "0053b15119a5a16c177a0d17fbff9a4960944734"


def questions(language: str = "es") -> Repository:
    rows = [{"id": f"q{n}", "prompt": f"¿Qué es {n}?"} for n in range(3)]
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    return Repository("dataset", "acme/asked", {f"test_{language}.jsonl": content})


def asking(study: dict, url: str, **more) -> dict:
    path = f"{url}/datasets/acme/asked/resolve/main/test_{{language}}.jsonl"
    answers = {
        "max_new_tokens": 2,
        "questions": {"translated": {"origin": "human-translated", "path": path}, **more},
    }
    judge = {"judges": {"overlap": {"backend": "overlap"}}}
    return {**json.loads(json.dumps(study)), "answer": answers, "judge": judge}


@pytest.mark.slow
def test_the_papers_translated_questions_are_pinned(root):
    study = read_study(load_yaml(root / "studies" / "paper.yaml"), root)
    named = [n for n in needs.study_needs(study, root / "tasks") if n.kind == "url"]
    assert {n.where for n in named} == {"answer.questions.translated.path"}
    assert {n.name.rsplit("/", 1)[1] for n in named} == {
        f"test_{c}.jsonl" for c in ("es", "ru", "zh")
    }
    for need in named:
        assert f"/{COMMIT}/" in need.name and need.name.startswith("https://")
    text = (root / "studies" / "paper.yaml").read_text(encoding="utf-8")
    assert "CC BY-NC" in text
    files = [n for n in needs.study_needs(study, root / "tasks") if n.kind == "file"]
    assert files == []  # a clean clone has everything


@pytest.mark.slow
def test_all_that_is_missing_is_told_at_once_before_anything_is_planned(tmp_path):
    with Hub([questions("ru")]) as far:
        study = asking(
            STUDY, far.url, native={"origin": "native", "path": "nowhere_{language}.jsonl"}
        )
        study["evaluate"]["benchmarks"]["own"] = {
            **study["evaluate"]["benchmarks"]["xquad"],
            "task": "extractive-qa",
            "dataset": {"path": "reading_{language}.json"},
        }
        study["languages"]["es"] = {"english_rows": "english.jsonl"}
        study["translate"] = {"translators": {"t": {"backend": "google"}}}
        study["conditions"] = [{"data": ["native", "t"], "scope": ["es"]}]
        folder = far_study(tmp_path / "study", study)
        lines = (
            "nowhere_es.jsonl: no such file (answer.questions.native.path)",
            "reading_es.json: no such file (evaluate.benchmarks.own.dataset.path)",
            "english.jsonl: no such file (languages.es.english_rows)",
            "test_es.jsonl: not there (HTTP 404) (answer.questions.translated.path)",
        )
        for arguments in (["-n"], ["-np"], ["--dry-run"], ["estimate"], ["prefetch"]):
            done = far_run(folder, *arguments, HF_ENDPOINT=far.url)
            assert done.returncode != 0
            told = done.stdout + done.stderr  # a dry run prints its errors on stdout
            for line in lines:
                assert line in told, (arguments, line, told)
            assert "Traceback" not in done.stderr
            if arguments != ["prefetch"]:  # it plans one job, which looks
                assert "Job stats" not in told
                assert "4 things that the study names are missing" in told
            else:
                assert "repositories cannot be fetched" in told
        assert not (folder / "results").exists()


@pytest.mark.slow
def test_prefetch_keeps_a_copy_of_an_address_for_a_machine_without_network(tmp_path):
    target = "results/answer/questions/translated/es.jsonl"
    with Hub([model(tmp_path / "model"), xquad(), aya(), questions()]) as far:
        folder = far_study(tmp_path / "study", asking(STUDY, far.url))
        done = far_run(folder, "prefetch", HF_ENDPOINT=far.url)
        assert done.returncode == 0, done.stderr
    manifest = json.loads((folder / "results/prefetch/manifest.json").read_text())
    (entry,) = manifest["urls"]
    assert entry["url"].endswith("test_es.jsonl") and (folder / entry["path"]).is_file()
    done = far_run(folder, target, HF_HUB_OFFLINE="1")  # the server is gone
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (folder / target).read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["q0", "q1", "q2"]


def test_a_relative_path_is_told_with_the_folder_that_was_looked_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    relative = needs.Need("file", "maswali.csv", "languages.sw.native.path")
    absolute = needs.Need("file", "/nowhere/a.csv", "data.ours.sw.path")
    told = f" in {tmp_path}; paths are relative to the folder in which you run"
    lines, _ = needs.absent([relative, absolute], {})
    assert lines == [
        f"maswali.csv: no such file (languages.sw.native.path){told}",
        "/nowhere/a.csv: no such file (data.ours.sw.path)",
    ]
    (line,) = needs.missing([relative], {})
    assert line == f"no such file: maswali.csv (languages.sw.native.path){told}"
    with pytest.raises(InputError) as caught:
        matching_files("maswali.csv", "languages.sw.native.path")
    assert str(caught.value).endswith(f"(configured as languages.sw.native.path){told}")


def test_an_address_that_changes_is_refused(tmp_path):
    from mothertongue.study import prefetch

    with Hub([questions()]) as far:
        url = f"{far.url}/datasets/acme/asked/resolve/main/test_es.jsonl"
        entry = prefetch.bring_url(url, {}, tmp_path)
        assert hub.url_copy({"urls": [entry]}, url).read_bytes()
        far.repositories[0].files["test_es.jsonl"] += b"\n"
        assert prefetch.bring_url(url, {"urls": [entry]}, tmp_path) == entry  # not asked again
        hub.url_copy({"urls": [entry]}, url).unlink()
        with pytest.raises(InputError, match="not the content that the manifest holds"):
            prefetch.bring_url(url, {"urls": [entry]}, tmp_path)


def test_what_an_address_answers():
    with Hub([questions()]) as far:
        there = f"{far.url}/datasets/acme/asked/resolve/main/test_es.jsonl"
        found = urls.probe([there, there.replace("_es", "_fi"), "http://far.example/x"])
    assert [answer.there for answer in found.values()] == [True, False, False]
    assert "only https" in found["http://far.example/x"].why
    gone = urls.probe([there])[there]
    assert gone.there is None and "cannot be reached" in gone.why


@pytest.mark.parametrize(
    ("arguments", "looks"),
    [
        ("-n", True),
        ("-np --configfile x.yaml", True),
        ("--dry-run", True),
        ("--cores 1 estimate", True),
        ("--cores 1", False),
        ("--nolock --cores 1", False),
        ("-n published", False),
        ("-n tasks", False),
    ],
)
def test_when_the_whole_study_is_looked_at(arguments, looks):
    assert needs.looks_ahead(arguments.split()) == looks


@pytest.mark.slow
def test_the_papers_study_is_planned_from_a_clean_clone(tmp_path):
    folder = checkout(tmp_path / "clone")
    done = run_snakemake("-n", "--quiet", "rules", "--configfile", "studies/paper.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "1376" in done.stdout + done.stderr and ROOT.is_dir()
