"""The project's own papers: environments in step with pyproject, the README's tree and commands."""

import re
import shlex
import subprocess
import sys
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
    # rules/base.smk unpacks a GGUF file in an environment that has the extra smollm
    return requirements(project["dependencies"] + project["optional-dependencies"]["smollm"])


def environments(root) -> dict[str, dict[str, str]]:
    found = {}
    for path in sorted((root / "envs").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        pip = next(entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict))
        found[path.name] = requirements(pip)
    return found


APART = ("quality.yaml", "vllm.yaml")  # whose versions do not go with those of the others


def test_environments_are_in_step_with_pyproject(root):
    project = declared(root)
    union: set[str] = set()
    for name, packages in environments(root).items():
        if name in APART:
            continue
        for package, range_ in packages.items():
            assert project.get(package) == range_, f"{name}: {package}{range_}"
        union |= set(packages)
    assert union == set(project) - {"snakemake", "rich"}  # of the process that plans


def test_every_environment_that_a_rule_names_exists(root):
    for path in (root / "rules").glob("*.smk"):
        named = re.findall(r"envs/(\w+\.yaml)", path.read_text(encoding="utf-8"))
        assert set(named) <= set(environments(root)), path.name


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
    wanted = {"estimate", "prefetch", "published", "progress", "export_replies", "tasks"}
    assert wanted | {"benchmarks"} <= seen


# -- pages for people who change the code ---------------------------------------------------------


def test_the_architecture_s_packages_and_names_exist(root):
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    package = root / "workflow_scripts/mothertongue"
    table = set(re.findall(r"^\| `(\w+)/` \|", page, re.MULTILINE))
    assert table == {path.parent.name for path in package.glob("*/__init__.py")}
    modules = re.search(r"Modules beside the packages:(.*?)\n\n", page, re.DOTALL)[1]
    named = set(re.findall(r"`(\w+\.py)`", modules))
    assert named == {path.name for path in package.glob("*.py")} - {"__init__.py"}
    walks = re.findall(r"^\| `([\w/.]+)` \| `([\w.]+)` \|$", page, re.MULTILINE)
    assert len(walks) > 10
    for path, name in walks:
        text = (root / path).read_text(encoding="utf-8")
        last = name.rpartition(".")[2]
        made = rf"(?:def|class|rule) {last}\b|^ +{last}:|^ *{last} = "
        assert re.search(made, text, re.MULTILINE), (path, name)
    files = [path for path, _ in walks]
    assert len(files) == len(set(files))  # a walk goes forward: no file is left and entered again


def test_a_learning_rate_walks_to_the_optimiser_through_ten_files(root):
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    table = page.split("`finetune.learning_rates`, from the YAML")[1].split("A benchmark item")[0]
    walk = re.findall(r"^\| `([\w/.]+)` \| `([\w.]+)` \|$", table, re.MULTILINE)
    assert len(walk) <= 10
    assert "torch.optim" in (root / walk[-1][0]).read_text(encoding="utf-8")
    package = root / "workflow_scripts/mothertongue"
    makers = [p for p in package.glob("finetune/*.py") if "lr=recipe." in p.read_text("utf-8")]
    assert makers == [root / walk[-1][0]]
    readers = [p for p in package.rglob("*.py") if "Recipe(" in p.read_text("utf-8")]
    assert readers == []  # the record is made by from_params alone


def test_what_contributing_and_decisions_name_exists(root):
    page = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    make = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):.*##", make, re.MULTILINE))
    assert set(re.findall(r"`make (\w+)`", page)) <= targets
    inside = root / "workflow_scripts" / "mothertongue"
    for name in re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:yaml|md))`", page):
        if name in ("results/report.html", "workflow_scripts/verb_noun.py"):  # made, and a pattern
            continue
        assert any((top / name).exists() for top in (root, inside, inside.parent)), name
    index = (root / "docs/decisions/README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\((\S+\.md)\)", index))
    assert linked == {p.name for p in (root / "docs/decisions").glob("[0-9]*.md")}


def test_editors_complete_studies_by_the_schema_that_checks_them(root):
    sys.path.insert(0, str(root / "docs"))
    from write_configuration import page
    from write_schema import as_json

    text = (root / "config.schema.yaml").read_text(encoding="utf-8")
    made = (root / "resources/config.schema.json").read_text(encoding="utf-8")
    assert made == as_json(text), "run: python docs/write_schema.py"
    made = (root / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert made == page(text), "run: python docs/write_configuration.py"
    for path in (root / "config.yaml", *root.glob("studies/*.yaml")):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        target = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)[1]
        assert (path.parent / target).resolve() == (root / "resources/config.schema.json").resolve()


def test_the_site_shows_every_page(root):
    site = yaml.safe_load((root / "mkdocs.yml").read_text(encoding="utf-8"))

    def pages(entry):
        if isinstance(entry, str):
            yield entry
        for inner in (
            entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ()
        ):
            yield from pages(inner)

    listed = list(pages(site["nav"]))
    assert len(listed) == len(set(listed))
    found = {path.relative_to(root / "docs").as_posix() for path in (root / "docs").rglob("*.md")}
    assert set(listed) == found


def test_a_script_holds_its_main_alone(root):
    """What a rule's script computes is in the package: a docstring, main, the lines Snakemake runs."""
    import ast

    for path in sorted((root / "workflow_scripts").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        made = [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        assert made == ["main"], path.name
        assert ast.get_docstring(tree), path.name
