"""Every key of the schema is read outside validation, and changing it changes something.

A study with every feature is planned twice: as it is, and with another value for every key. A key
of the default kind must show its new value in what decides a result: a parameter, an input or an
output of a job. Keys that only say how a thing is shown or done are listed as such. So that nobody
passes a key on without using it (as 1.0.0 did with `finetune.limit`), its name must stand in the
code that its section belongs to. The lists are in config_keys.yaml.
"""

import ast
import copy
import fnmatch
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from configured_keys import LEAVES
from conftest import ROOT, checkout
from mothertongue.judge import rating_settings
from mothertongue.study import read_study

KEYS = yaml.safe_load((ROOT / "tests/support/config_keys.yaml").read_text(encoding="utf-8"))
STUDY = KEYS["before"]
GRID: dict[str, tuple[str, object]] = KEYS["grid"]
PRESENTATION, OPERATION = set(KEYS["presentation"]), set(KEYS["operation"])
SHOWN = tuple(KEYS["shown"])
Leaf = str  # a key that holds a value: `*` stands for a name, `[]` for an entry


def leaf_of(path: str) -> Leaf | None:
    """The schema's key at a place in a study; None where further keys stand."""
    return next((leaf for leaf in LEAVES if fits(path, leaf)), None)


def fits(path: str, leaf: Leaf) -> bool:
    pattern = re.escape(leaf).replace(r"\*", r"[^.]+")
    return re.fullmatch(pattern, path) is not None


def said(node: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[Leaf, tuple[str, object]]]:
    """(key, (place in the study, value)) of all that a part of a study says."""
    for name, inner in node.items():
        place = ".".join((*path, name))
        leaf = leaf_of(place)
        if leaf:
            yield leaf, (place, inner)
        else:
            assert isinstance(inner, dict), f"{place}: not a key of the schema"
            yield from said(inner, (*path, name))


CHANGES = dict(said(KEYS["after"]))


def changed(config: dict, *changes: tuple[str, object]) -> dict:
    config = copy.deepcopy(config)
    for path, value in changes:
        *parts, last = path.split(".")
        place = config
        for part in parts:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        place[last] = copy.deepcopy(value)
    return config


def matches(leaf: str, patterns: set[str]) -> bool:
    return any(fnmatch.fnmatchcase(leaf, pattern) for pattern in patterns)


PLAN = """
import json, sys
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import *

def flat(value, path):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, [*path, str(key)])
    elif isinstance(value, (list, tuple, set)):
        for inner in value:
            yield from flat(inner, path)
    else:
        yield [*path], value if isinstance(value, (bool, int, float, type(None))) else str(value)

found = set()
with SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, dryrun=True)) as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(cores=1),
        config_settings=ConfigSettings(configfiles=[Path(sys.argv[1])]),
        snakefile=Path("Snakefile"), workdir=Path("."),
    )
    dag = workflow.dag(DAGSettings(targets={"all", "estimate"}))
    dag.execute_workflow(executor="dryrun")
    for job in workflow._workflow.dag.jobs:
        parts = {
            "params": dict(job.params.items()), "resources": dict(job.resources.items()),
            "input": list(job.input), "output": list(job.output),
        }
        for kind, value in parts.items():
            for path, leaf in flat(value, []):
                found.add((job.rule.name, kind, json.dumps([path, leaf])))
print("PLAN" + json.dumps(sorted(found)))
"""


def plan(folder: Path, config: dict) -> set[tuple[str, str, str]]:
    """What a study's jobs are made of: (rule, params | resources | input | output, [path, value])."""
    (folder / "study.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    done = subprocess.run(
        [sys.executable, "-c", PLAN, "study.yaml"], cwd=folder, capture_output=True, text=True
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("PLAN")]
    assert lines, done.stdout[-2000:] + done.stderr[-4000:]
    return {tuple(entry) for entry in json.loads(lines[0][4:])}


@pytest.fixture(scope="module")
def news(tmp_path_factory) -> list[tuple[str, str, list[str], object]]:
    """What the plan of the changed study holds and that of the first does not."""
    folder = checkout(tmp_path_factory.mktemp("keys") / "study")
    for name in KEYS["files"]:
        (folder / name).touch()
    new = plan(folder, changed(STUDY, *CHANGES.values(), *KEYS["needed"].items())) - plan(
        folder, STUDY
    )
    return [(rule, kind, *json.loads(text)) for rule, kind, text in sorted(new)]


def test_every_key_is_listed_here_once():
    listed = [*(leaf for leaf, _ in said(KEYS["after"])), *GRID, *KEYS["single"]]
    assert len(listed) == len(set(listed))
    assert sorted(listed) == LEAVES
    for pattern in PRESENTATION | OPERATION:
        assert any(matches(leaf, {pattern}) for leaf in CHANGES), pattern


def places(leaf: str, news: list) -> set[tuple[str, str]]:
    """Rules, and what of them, in which a key's new value stands."""
    path, value = CHANGES[leaf]
    name, values = path.split(".")[-1], value if isinstance(value, list) else [value]
    if isinstance(value, dict):
        values = list(value.values())
    found = set()
    for rule, kind, inner, seen in news:
        for wanted in values:
            words = isinstance(wanted, str) and ("zq" in wanted.lower() or len(wanted) > 12)
            if words:
                hit = any(part in str(seen) for part in [wanted, *wanted.split("{language}")[:1]])
            elif isinstance(wanted, str | bool):
                hit = seen == wanted and (name in inner or kind == "resources")
            else:
                hit = not isinstance(seen, bool | str) and seen is not None and (
                    float(seen) == float(wanted)
                )  # fmt: skip
                hit = hit or str(seen) == str(wanted)
            if hit:
                found.add((rule, kind))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "leaf", [leaf for leaf in CHANGES if not matches(leaf, PRESENTATION | OPERATION)]
)
def test_a_changed_key_changes_what_decides_a_result(leaf, news):
    assert {kind for _, kind in places(leaf, news)} & {"params", "input", "output"}


@pytest.mark.slow
def test_a_changed_default_prompt_changes_what_decides_a_result(tmp_path):
    """The text itself is a parameter: nobody has to raise a version for a changed word."""
    folder = checkout(tmp_path / "study")
    (folder / "workflow_scripts").unlink()
    subprocess.run(["cp", "-r", ROOT / "workflow_scripts", folder], check=True)
    study = changed(STUDY, ("translate.translators.chat.prompt", None))
    before = plan(folder, study)
    prompts = folder / "workflow_scripts" / "mothertongue" / "prompts"
    for path in prompts.glob("[jt]*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("Please ", "Kindly "), encoding="utf-8")
    new = {rule for rule, kind, _ in plan(folder, study) - before if kind == "params"}
    assert new >= {"judge_answers", "ask_in_batches", "translate_texts"}


@pytest.mark.slow
@pytest.mark.parametrize("leaf", [leaf for leaf in CHANGES if matches(leaf, PRESENTATION)])
def test_what_is_only_shown_decides_no_result(leaf, news):
    assert {rule for rule, _ in places(leaf, news) if not rule.startswith(SHOWN)} == set()


def grid(config: dict) -> list:
    study = read_study(config, ROOT)
    sets = study.data_and_scope()
    return [
        study.conditions, study.evaluations, study.answers, study.checked_answers, study.judgements, study.pairs,
        study.pot, sets, [rating_settings(*judge) for judge in study.judges.items()],
        [(jury.members, jury["by"]) for jury in study.juries.values()],
        [study.common_with(*pair) for pair in sets],
        [study.budget_of(c.model, c.data, c.scope, c.lr) for c in study.conditions],
        [spec["backend"] for spec in [*study.translators.values(), *study.judges.values()]],
        [entry.get("build", {}).get("languages") for entry in study.models.values()],
        study.config["sample"]["dataset"], study.config["evaluate"]["limit"],
        [own.control for own in study.translated.values()],
        study.english, [language.native for language in study.languages.values()],
    ]  # fmt: skip


@pytest.mark.parametrize("leaf", GRID)
def test_a_changed_key_changes_the_grid(leaf):
    assert grid(changed(STUDY, GRID[leaf])) != grid(STUDY)


@cache
def names_in(path: Path) -> frozenset[str]:
    """Texts, attributes and names of arguments that stand in a Python file, or words of a rule file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".smk":
        return frozenset(re.findall(r"""["'](\w+)["']""", text))
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            found.add(node.arg)
    return frozenset(found)


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if leaf.split(".")[0] in KEYS["readers"]])
def test_a_key_is_read_where_its_section_belongs(leaf):
    parts = [part for part in leaf.split(".") if part not in ("*", "[]")]
    name = parts[-1]
    patterns = list(KEYS["readers"][parts[0]])
    if parts[-1] in ("languages", "seeds", "base", "learning_rates"):  # of the grid
        patterns.append("workflow_scripts/mothertongue/study/grid.py")
    files = [path for pattern in patterns for path in ROOT.glob(pattern)]
    assert any(name in names_in(path) for path in files), f"nothing reads {leaf}"
