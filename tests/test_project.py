"""The project's own papers: environments in step with pyproject, the README's tree and commands."""

import re
import shlex
import subprocess
import tomllib

import pytest
import yaml


def requirements(lines: list[str]) -> dict[str, str]:
    """Package name (normalised) -> version range."""
    found = {}
    for line in lines:
        name, range_ = re.fullmatch(r"([A-Za-z0-9_.\-]+(?:\[[a-z,]+\])?)(.*)", line).groups()
        found[name.lower().replace("_", "-")] = range_.replace(" ", "")
    return found


def declared(root) -> dict[str, str]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return requirements(project["dependencies"])


def environments(root) -> dict[str, dict[str, str]]:
    found = {}
    for path in sorted((root / "envs").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        pip = next(entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict))
        found[path.name] = requirements(pip)
    return found


def test_environments_are_in_step_with_pyproject(root):
    project = declared(root)
    union: set[str] = set()
    for name, packages in environments(root).items():
        for package, range_ in packages.items():
            assert project.get(package) == range_, f"{name}: {package}{range_}"
        union |= set(packages)
    assert union == set(project) - {"snakemake"}


@pytest.mark.parametrize("stage", ["sample", "finetune", "evaluate", "judge", "correlate"])
def test_every_rule_names_an_environment_that_exists(root, stage):
    text = (root / "rules" / f"{stage}.smk").read_text(encoding="utf-8")
    rules = len(re.findall(r"^rule |^localrule |^    rule ", text, flags=re.MULTILINE))
    named = re.findall(r'"\.\./envs/(\w+\.yaml)"', text)
    assert rules and len(named) >= 1
    assert set(named) <= set(environments(root))


def test_the_readme_s_tree_is_true(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    tree = re.search(r"^## Where things are\n\n```\n(.*?)```", text, re.DOTALL | re.MULTILINE)[1]
    named = re.findall(r"(?:^|  )(\w[\w./]*?)/? {2,}", tree, re.MULTILINE)
    assert [name for name in named if not (root / name).exists()] == []
    listed = ["git", "ls-files", "--cached"]
    done = subprocess.run(listed, cwd=root, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    folders = {line.split("/")[0] for line in done.stdout.splitlines() if "/" in line}
    assert {f for f in folders if f[0] != "."} <= {name.split("/")[0] for name in named}


def commands(root) -> set[str]:
    """Every snakemake command of the README, the pages and the studies' heads."""
    paths = [root / "README.md", *root.glob("docs/*.md"), *root.glob("studies/*.yaml")]
    found: set[str] = set()
    for path in paths:
        for command in re.findall(
            r"snakemake (?=-|[a-z]+ -)[^`|#;&()\n]*", path.read_text(encoding="utf-8")
        ):
            found.add(command.strip())
    return {command for command in found if "--cores" in command or "-n" in command}


def test_no_option_of_a_documented_command_swallows_its_target(root):
    """`--quiet all progress` is two kinds of quiet and the target `all`, not the target progress."""
    from snakemake.cli import parse_args

    rules = "\n".join(p.read_text(encoding="utf-8") for p in root.glob("rules/*.smk"))
    known = set(re.findall(r"^rule (\w+):", rules, re.MULTILINE))
    seen = set()
    for command in commands(root):
        words = shlex.split(command.replace("…", "studies/paper.yaml"))[1:]
        _, parsed = parse_args(words)
        after = words.index("--forcerun") + 1 if "--forcerun" in words else len(words)
        meant = {w for w in words[:after] if w in known}
        assert meant <= set(parsed.targets), command
        seen |= meant
    assert {"estimate", "prefetch", "published", "progress", "export_replies", "tasks"} <= seen
