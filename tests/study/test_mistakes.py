"""Broken configurations: each gives all its mistakes, none else, in plain lines, within seconds."""

import copy
import resource
import time

import pytest
import yaml
from broken_studies import BROKEN, judge
from conftest import ROOT, SMALL, checkout, run_snakemake
from mothertongue.errors import InputError
from mothertongue.study import read_study

LIMIT = 8.0  # processor seconds for all mistakes of a configuration
DEMO = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))


def lines_of(config, **options) -> list[str]:
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        read_study(config, ROOT, **options)
    assert time.process_time() - started < LIMIT
    head, *lines = str(caught.value).splitlines()
    assert head.startswith(f"{len(lines)} mistake")
    return [line.removeprefix("  - ") for line in lines]


def test_there_are_at_least_sixty_broken_configurations():
    assert len(BROKEN) >= 60


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_configuration_gives_all_its_mistakes_and_no_others(name):
    change, expected = BROKEN[name]
    config = copy.deepcopy(DEMO)
    replaced = change(config)
    lines = lines_of(config if replaced is None else replaced)
    assert len(lines) == len(expected), lines
    for line in expected:
        assert any(line in found for found in lines), lines
    assert all(len(line) < 400 and "Error" not in line for line in lines)


def test_a_language_that_a_task_lacks_has_a_way_on_in_one_line_of_every_task():
    config = copy.deepcopy(DEMO)
    config["languages"]["is"] = {}
    names = [path.stem for path in sorted((ROOT / "tasks").glob("[a-z]*.yaml"))]
    config["evaluate"]["benchmarks"] = {
        name: {"task": name, "languages": ["is"], "origin": "native", "kind": "structured"}
        for name in names
    }
    lines = [line for line in lines_of(config) if "'is' (it has" in line]
    assert len(lines) > 10
    for line in lines:
        assert line.endswith("--config language=is lists public tests")
        assert len(line) < 400, (len(line), line)


def test_many_mistakes_are_told_together():
    config = copy.deepcopy(DEMO)
    changes = ["a negative learning rate", "7B", "a typo below", "shots without demonstrations"]
    for name in changes:
        BROKEN[name][0](config)
    assert len(lines_of(config)) == len(changes)


def test_a_key_pasted_into_the_configuration_is_not_repeated():
    key = "sk-canary-0123456789"
    config = copy.deepcopy(DEMO)
    judge(api={"key": key})(config)
    (line,) = lines_of(config)
    assert line.startswith("judge.judges.x.api.key: give the name of an environment variable")
    assert key not in line


def test_a_key_that_stands_twice_in_the_file_is_told_with_both_lines(tmp_path):
    text = (SMALL / "config.yaml").read_text(encoding="utf-8")
    again = "  tiny: {base: x, parameters: 1}\n"
    text = text.replace("models:\n", "models:\n" + again)
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    (line,) = lines_of(yaml.safe_load(text), files=[tmp_path / "study.yaml"])
    assert "'tiny' stands already in line" in line
    assert "study.yaml, line " in line


@pytest.mark.slow
@pytest.mark.parametrize("name", ["round trips of English", "twice"])
def test_snakemake_ends_with_the_same_lines_before_planning(tmp_path, name):
    folder = checkout(tmp_path / "study")
    text = (SMALL / "config.yaml").read_text(encoding="utf-8")
    if name == "twice":
        expected = ["'seed' stands already in line"]
        text = text.replace("  seed: 1\n", "  seed: 1\n  seed: 2\n")
    else:
        change, expected = BROKEN[name]
        config = copy.deepcopy(DEMO)
        change(config)
        text = yaml.safe_dump(config)
    (folder / "broken.yaml").write_text(text, encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run_snakemake("--dry-run", "--configfile", "broken.yaml", cwd=folder)
    assert done.returncode != 0
    for line in expected:
        assert line in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < LIMIT  # its own time: the machine may be busy
    assert not (folder / "results").exists()


def test_a_judge_by_reference_is_refused_where_questions_have_none(tmp_path):
    config = copy.deepcopy(DEMO)
    for code in ("es", "zh"):
        row = '{"id": "1", "prompt": "x"' + (', "reference": "y"}' if code == "es" else "}")
        (tmp_path / f"{code}.jsonl").write_text(row + "\n", encoding="utf-8")
    config["answer"]["questions"]["native"]["path"] = str(tmp_path / "{language}.jsonl")
    config["answer"]["questions"]["drawn"] = {
        "origin": "native",
        "draw": {"dataset": {"path": "oasst.jsonl"}},
    }
    lines = sorted(lines_of(config), key=len, reverse=True)
    assert len(lines) == 2
    assert lines[0].startswith(
        "judge.judges.overlap: compares with a reference answer, but answer.questions.native has"
        " none in zh"
    )
    assert "answer.questions.drawn has none in es, zh (drawn from OASST1)" in lines[1]
