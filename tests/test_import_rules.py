"""Which package may import which: data flows one way, and nothing heavy is imported where it is not needed."""

import ast
from collections import defaultdict

import pytest

BESIDE = "(beside the packages)"  # files.py, errors.py and so on, which every package may use
MAY = {
    BESIDE: {"inference"},  # models.py, the public name of inference/models.py
    "process": set(),
    "prompts": set(),
    "study": {"process", "prompts"},
    "sample": set(),
    "plant": set(),
    "api": {"prompts"},  # the line that tells a model what was wrong with its reply
    "preload": {"process"},
    "inference": {"process", "prompts", "preload", "study"},
    "finetune": {"process", "inference", "sample", "translate"},
    "evaluate": {"study", "inference", "process", "prompts", "sample"},
    "answer": {"inference", "process", "sample", "study", "translate"},
    "translate": {"api", "process", "prompts", "sample", "inference"},
    "correlate": {"study"},
    "judge": {"api", "prompts", "study", "correlate", "translate"},
    "people": {"judge"},
    "collect": {"judge", "study"},
    "report": {"correlate", "prompts", "judge", "people", "sample", "translate"},
    "compare": {"correlate", "report"},
    "estimate": {
        "sample",
        "api",
        "study",
        "evaluate",
        "translate",
        "judge",
        "correlate",
        "people",
        "prompts",
    },
    "new": {"api", "sample", "study", "translate", "estimate"},
    "bundle": {"study"},
    "merge": {"bundle", "correlate", "report"},
    "rules": {
        *("process", "study", "prompts", "answer", "evaluate", "finetune", "translate"),
        *("judge", "correlate", "report", "estimate", "bundle"),
    },
}
WITHOUT = {  # package -> libraries that it never imports
    "study": ("torch", "transformers", "polars", "lm_eval"),
    "correlate": ("torch", "transformers", "lm_eval"),
    "report": ("torch", "transformers", "lm_eval"),
    "collect": ("torch", "transformers", "lm_eval"),
    "api": ("torch", "transformers", "lm_eval"),
    "new": ("torch", "transformers", "lm_eval"),
    "compare": ("torch", "transformers", "lm_eval"),
    "bundle": ("torch", "transformers", "lm_eval"),
    "merge": ("torch", "transformers", "lm_eval"),
    "plant": ("torch", "transformers", "polars", "lm_eval"),
    "rules": ("torch", "transformers", "polars", "lm_eval"),
}


def imported(path, package):
    """Dotted names that a file imports, its own package's written in full."""
    inside = path.relative_to(package.parent).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.fixture(scope="module")
def imports(root):
    """Package -> what its files import."""
    package = root / "workflow_scripts" / "mothertongue"
    found = defaultdict(set)
    for path in package.rglob("*.py"):
        parts = path.relative_to(package).parts
        found[parts[0] if len(parts) > 1 else BESIDE] |= set(imported(path, package))
    return found


def test_every_package_has_a_rule(imports):
    assert set(imports) == set(MAY)


@pytest.mark.parametrize("package", MAY)
def test_a_package_imports_only_those_it_may(imports, package):
    known = set(MAY) - {BESIDE}
    rooms = {name.split(".")[1] for name in imports[package] if name.startswith("mothertongue.")}
    assert (rooms & known) - {package} <= MAY[package]


def test_no_two_packages_import_each_other():
    def reached(package, seen=()):
        assert package not in seen, f"a circle: {' -> '.join((*seen, package))}"
        for other in MAY[package]:
            reached(other, (*seen, package))

    for package in MAY:
        reached(package)


@pytest.mark.parametrize("package", WITHOUT)
def test_a_package_does_without_heavy_libraries(imports, package):
    assert not {name.split(".")[0] for name in imports[package]} & set(WITHOUT[package])
