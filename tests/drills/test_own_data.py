"""studies/own-data.yaml runs to its report from a folder of the user's own, which holds no clone."""

import csv
import shutil

import pytest
import yaml
from conftest import ROOT, run_snakemake
from mothertongue.files import read_json, read_jsonl
from mothertongue.sample.rows import read_rows

pytestmark = pytest.mark.slow
FILES = ROOT / "resources" / "own-data"


def test_the_files_are_what_the_study_says():
    with (FILES / "preguntas.csv").open(encoding="utf-8-sig", newline="") as handle:
        native = list(csv.DictReader(handle, delimiter=";"))
    assert len({row["pregunta"] for row in native}) == 60
    english, ours = (read_jsonl(FILES / f"chats.{code}.jsonl") for code in ("en", "es"))
    assert [row["id"] for row in english] == [row["id"] for row in ours]
    assert [len(row["messages"]) for row in english] == [len(row["messages"]) for row in ours]
    assert len(english) >= 60
    assert sum(len(row["messages"]) > 3 for row in english) >= 3


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A user's folder with a Snakefile-less copy of the study, run to its report."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(FILES, folder / "data")
    text = (ROOT / "studies/own-data.yaml").read_text(encoding="utf-8")
    text = text.replace("resources/own-data/", "data/")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    # the order of the short file decides nothing: the rows with a system message and more turns are drawn
    here = ("-s", ROOT / "Snakefile", "--configfile", "study.yaml")
    done = run_snakemake(*here, "--cores", "all", cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-5000:]
    done = run_snakemake(*here, "--report", "results/report.html", cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_results_land_in_the_users_folder_and_the_report_names_the_data(own):
    assert (own / "results/report.html").stat().st_size > 1_000_000
    claims = read_json(own / "results/correlate/study/claims.json")
    assert claims
    findings = read_json(own / "results/report/study/findings/findings.json")
    assert any("our translators" in one["sentence"] for one in findings)
    provenance = (own / "results/report/study/provenance/provenance.html").read_text("utf-8")
    assert "data/chats.es.jsonl (sha256:" in provenance
    assert "have the id of an English row" in provenance


def test_translations_and_english_rows_are_the_same_conversations(own):
    english = {row.id: row for row in read_rows(own / "results/sample/english/es.jsonl")}
    ours = {row.id: row for row in read_rows(own / "results/translate/ours/es.jsonl")}
    assert english.keys() == ours.keys()
    assert all(len(row.turns) == len(english[name].turns) for name, row in ours.items())
    assert any(not row.is_pair for row in ours.values())
    assert {row.language for row in ours.values()} == {"es"}


def test_another_workflow_uses_the_whole_study_as_a_module(own, tmp_path):
    config = yaml.safe_load((own / "study.yaml").read_text(encoding="utf-8"))
    for name in ("data",):
        (tmp_path / name).symlink_to(own / name)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (tmp_path / "Snakefile").write_text(
        f'''
configfile: "study.yaml"

module mothertongue:
    snakefile: "{ROOT}/Snakefile"
    config: config

use rule * from mothertongue as mt_*

rule everything:
    default_target: True
    input: rules.mt_all.input
'''
    )
    done = run_snakemake("-n", "--quiet", "rules", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-5000:]
    assert "mt_take_translations" in done.stdout + done.stderr
