"""Check the templates that a study names, before anything is planned."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..prompts import templates
from ..prompts.template import CHAT, chat_template_of, frame_warning, template_of_file
from .schema import suggestion


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
            if known and folder is not None and not chat_template_of(folder)
            else None
        )
        if (own or template) == CHAT and lacking:
            yield (
                f"models.{name}: the template is chat, but {lacking} has no chat template; set"
                f" models.{name}.template to alpaca, plain or a file of your own"
            )


def frame_warnings(config: Mapping[str, Any], trained: Iterable[str]) -> Iterator[str]:
    """A line for each model to be trained whose local folder has a chat template that is not used."""
    for name in dict.fromkeys(trained):
        model = config["models"][name]
        given = model.get("template") or config["finetune"]["template"]
        if given != CHAT and model.get("base") and chat_template_of(Path(model["base"])):
            yield f"models.{name}: {frame_warning(given)}"


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
