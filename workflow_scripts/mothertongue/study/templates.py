"""Check the templates that a study names, before anything is planned."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..prompts import templates
from ..prompts.template import CHAT, template_of_file
from .schema import suggestion


def has_chat_template(folder: Path) -> bool:
    """Whether a model's folder brings a chat template."""
    if any((folder / name).is_file() for name in ("chat_template.jinja", "chat_template.json")):
        return True
    try:
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(config.get("chat_template"))


def template_mistakes(template: object, models: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with `finetune.template` and with the templates of models."""
    yield from _wrong("finetune.template", template)
    for name, model in models.items():
        if not isinstance(model, Mapping):
            continue
        own = model.get("template")
        if own is not None:
            yield from _wrong(f"models.{name}.template", own)
        base = model.get("base")
        folder = Path(base) if isinstance(base, str) else None
        known = folder is not None and folder.is_dir()
        lacking = (
            "a base that the study builds"
            if model.get("build")
            else str(base)
            if known and folder is not None and not has_chat_template(folder)
            else None
        )
        if (own or template) == CHAT and lacking:
            yield (
                f"models.{name}: the template is chat, but {lacking} has no chat template; set"
                f" models.{name}.template to alpaca, plain or a file of your own"
            )


def _wrong(where: str, given: object) -> Iterator[str]:
    known = (*templates(), CHAT)
    if not isinstance(given, str) or given in known:
        return
    if not Path(given).is_file():
        yield (
            f"{where}: '{given}' is neither a template ({', '.join(known)}) nor the path of a YAML"
            f" file{suggestion(given, list(known))}"
        )
        return
    try:
        template_of_file(given)
    except InputError as error:
        yield f"{where}: {error}"
