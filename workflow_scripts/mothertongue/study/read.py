"""Read a study: complete its YAML, list every mistake at once, and make the `Study`."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import load_yaml
from .benchmark_checks import benchmark_mistakes, task_names_of
from .comparison import comparison_mistakes
from .condition_checks import condition_mistakes
from .engines import engine_mistakes
from .exchange_checks import exchange_mistakes
from .grid import Study
from .groups import group_of
from .mix_checks import mix_mistakes
from .question_checks import question_mistakes
from .records import NO_DATASET, languages_of
from .references import reference_mistakes
from .schema import Json, Schema, complete, repeated_keys, structural_mistakes
from .suite import suite_mistakes, with_suites
from .tasks import read_task
from .translated import translated_mistakes
from .validation import grid_mistakes, listed, mapping
from .windows import window_mistakes


def tasks_of(config: Json, folder: Path) -> dict[str, dict[str, Any] | InputError]:
    """Every task that a benchmark of the study names -> its content, or what is wrong with it."""
    evaluate = mapping(mapping(config).get("evaluate"))
    places: list[str | Path] = [
        folder,
        *(one for one in listed(evaluate.get("tasks")) if isinstance(one, str)),
    ]
    found: dict[str, dict[str, Any] | InputError] = {}
    for spec in mapping(evaluate.get("benchmarks")).values():
        for name in task_names_of(mapping(spec)).values():
            try:
                found[name] = read_task(name, places)
            except InputError as error:
                found[name] = error
    return found


@cache
def _laid_down(root: Path) -> tuple[Schema, dict[str, Any]]:
    """The schema and the table of languages."""
    return load_yaml(root / "config.schema.yaml"), load_yaml(root / "resources" / "languages.yaml")


# What stands for the sections that the configuration of a module leaves out.
NOTHING: dict[str, Any] = {
    "study": "module",
    "languages": {},
    "sample": {},
    "models": {},
    "conditions": [],
    "evaluate": {"benchmarks": {}},
}


def refuse(mistakes: list[str]) -> None:
    """Raise one error that lists every mistake; do nothing without any."""
    if mistakes:
        raise InputError(
            f"{len(mistakes)} mistake{'s' * (len(mistakes) > 1)} in the study configuration:\n"
            + "\n".join(f"  - {' '.join(line.split())}" for line in mistakes)
        )


def read_study(
    raw: Json, root: Path, files: Iterable[str | Path] = (), *, module: bool = False
) -> Study:
    """Complete and check a configuration; raise one `InputError` that lists every mistake.

    `root` is the folder of config.schema.yaml, resources/ and tasks/; `files` are the YAML files
    that `raw` was read from, whose repeated keys no longer show in it. The configuration of a
    `module` (another workflow's use of some rules) may leave out the sections it does not need.
    """
    schema, known_languages = _laid_down(root)
    given = mapping(raw)
    if isinstance(raw, Mapping) and "study" not in given and not module:
        where = f" in {', '.join(map(str, files))}" if files else ""
        raise InputError(
            "1 mistake in the study configuration:\n"
            f"  - study: missing{where}; give the study a name (study: my-study). The demo runs"
            " without --configfile, and with changes as --configfile config.yaml yours.yaml"
        )
    whole = with_suites({**NOTHING, **given} if module else raw)
    config = complete(whole, schema, schema)
    mistakes = structural_mistakes(config, schema)
    mistakes += [line for file in files for line in repeated_keys(file)]
    mistakes += grid_mistakes(config, known_languages)
    mistakes += condition_mistakes(config)
    mistakes += question_mistakes(config)
    mistakes += benchmark_mistakes(config, tasks_of(config, root / "tasks"))
    mistakes += suite_mistakes(config)
    mistakes += engine_mistakes(mapping(config))
    mistakes += translated_mistakes(config)
    mistakes += comparison_mistakes(config)
    mistakes += mix_mistakes(config)
    mistakes += exchange_mistakes(config)
    if module:  # nobody made a mistake in a section that nobody wrote
        mistakes = [line for line in mistakes if re.split(r"[.:\[]", line)[0] in given]
    refuse(mistakes)
    config["sample"].setdefault("dataset", NO_DATASET)
    for code, entry in config["languages"].items():
        known = known_languages.get(code, {})
        entry.setdefault("name", known.get("name", code))
        entry["aya"] = {
            "code": known.get("aya"),
            "language": None,
            "annotation_type": None,
            **entry.get("aya", {}),
        }
    for entry in config.get("data", {}).values():
        entry.update(
            {code: {"path": path} for code, path in languages_of(entry) if isinstance(path, str)}
        )
    for section in (
        config["models"],
        config.get("data", {}),
        config["evaluate"]["benchmarks"],
        config["translate"]["translators"],
        config["answer"]["questions"],
        config["judge"]["judges"],
        config["judge"]["juries"],
    ):
        for name, entry in section.items():
            entry.setdefault("label", name)
    for entry in config["evaluate"]["benchmarks"].values():
        if "group" not in entry:
            entry["group"] = group_of(entry)
    for entry in config["models"].values():
        entry.setdefault("family", entry["label"])
    study = Study(config)
    if not module:
        refuse([*reference_mistakes(study), *window_mistakes(study)])
    return study
