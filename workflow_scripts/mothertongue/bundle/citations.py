"""CITATION.bib of a study: the entries of resources/citations.bib that it uses, and names without one.

Every entry has a field `used-for`: what it is cited for, separated by blanks. `study` stands for every
study; `model:`, `dataset:`, `service:`, `task:`, `method:` are followed by a pattern of a name
(`model:Qwen/Qwen3-*`). Entries of lm-eval's tasks are read from the README files of the installed
lm-eval where we have none.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..study import Study
from ..study.recipes import recipe_of

ENTRY = re.compile(r"^@(\w+)\{([^,\s]+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
USED_FOR = re.compile(r"^\s*used-for\s*=\s*\{([^}]*)\},?\n", re.MULTILINE)
FENCED = re.compile(r"^\s*(@\w+\{.*?^\s*\})\s*$", re.MULTILINE | re.DOTALL)
ALWAYS = "study"
OWN_TEXT = "native-perplexity"  # the study's own held-out rows
SERVICES = {"google": "service:google-translate", "cohere": "service:cohere"}


@dataclass(frozen=True, slots=True)
class Citation:
    """One entry: its BibTeX without the field `used-for`, and that field's patterns."""

    key: str
    text: str
    used_for: tuple[str, ...]

    def is_for(self, name: str) -> bool:
        """Whether it is cited for a name, such as model:Qwen/Qwen3-4B-Base."""
        return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in self.used_for)


def read_citations(path: Path) -> list[Citation]:
    """The entries of our file; one without `used-for` is an `InputError`."""
    found = []
    for match in ENTRY.finditer(path.read_text(encoding="utf-8")):
        used = USED_FOR.search(match[3])
        if used is None:
            raise InputError(f"{path}: {match[2]}: no field used-for")
        text = match[0].replace(used[0], "")
        found.append(Citation(match[2], text, tuple(used[1].split())))
    keys = [one.key for one in found]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise InputError(f"{path}: two entries have the key {twice}")
    return found


def used_by(study: Study) -> list[str]:
    """Names of every model, dataset, service, task and method of a study, each once."""
    config = study.config

    def names() -> Iterator[str]:
        yield ALWAYS
        for name, model in study.models.items():
            if base := model.get("base"):
                yield f"model:{base}"
            yield from _methods(recipe_of(config, name))
        for entry in [
            *config["translate"]["translators"].values(),
            *config["judge"]["judges"].values(),
        ]:
            if service := SERVICES.get(entry["backend"]):
                yield service
            if entry.get("model"):
                yield f"model:{entry['model']}"
        if any(trip.endswith("-rtt") for trip in {one.data for one in study.conditions}):
            yield "method:chrf"
        if any(entry["backend"] == "overlap" for entry in config["judge"]["judges"].values()):
            yield "method:chrf"
        for test in study.benchmarks.values():
            if test.task != OWN_TEXT and not (test.dataset and test.dataset.paths):
                yield from (f"task:{test.task_in(language)}" for language in test.languages)
        for hub in _hubs(
            [config["sample"], config["languages"], config.get("data"), config["answer"]]
        ):
            yield f"dataset:{hub}"

    return list(dict.fromkeys(names()))


def _methods(recipe: dict[str, Any]) -> Iterator[str]:
    lora = recipe.get("lora", {})
    if recipe.get("method", "lora") == "lora":
        yield "method:lora"
    if lora.get("dora"):
        yield "method:dora"
    if lora.get("rank_stabilised"):
        yield "method:rslora"
    if recipe.get("quantisation") in ("int8", "nf4"):
        yield f"method:{recipe['quantisation']}"
    if recipe.get("template") == "alpaca":
        yield "method:alpaca"


def _hubs(content: Any) -> Iterator[str]:
    """Every `hub` of a part of the configuration."""
    if isinstance(content, dict):
        if isinstance(content.get("hub"), str):
            yield content["hub"]
        for value in content.values():
            yield from _hubs(value)
    elif isinstance(content, list):
        for value in content:
            yield from _hubs(value)


def of_lm_eval(task: str) -> str | None:
    """BibTeX that the installed lm-eval gives for one of its tasks, if it is there and gives any."""
    spec = find_spec("lm_eval")
    if spec is None or spec.origin is None:
        return None
    tasks = Path(spec.origin).parent / "tasks"
    parts = re.split(r"[_-]", task)
    for length in range(len(parts), 0, -1):  # belebele_spa_Latn stands in belebele/
        page = tasks / "_".join(parts[:length]) / "README.md"
        if page.is_file():
            found = FENCED.findall(page.read_text(encoding="utf-8"))
            return "\n\n".join(map(str.strip, found)) or None
    return None


def cite(names: Sequence[str], known: Iterable[Citation]) -> tuple[str, list[str]]:
    """The BibTeX of everything named, and the names for which there is none."""
    known = list(known)
    entries: dict[str, str] = {}
    missing = []
    for name in names:
        found = [one for one in known if one.is_for(name)]
        entries |= {one.key: one.text for one in found}
        if found:
            continue
        kind, _, own = name.partition(":")
        theirs = of_lm_eval(own) if kind == "task" else None
        if theirs is not None:
            entries[name] = theirs
        else:
            missing.append(name)
    return "\n\n".join(entries.values()) + "\n", missing
