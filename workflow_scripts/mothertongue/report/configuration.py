"""The complete configuration as a page, and the prompts that a study used."""

import hashlib
import html
from pathlib import Path
from typing import Any

from ..correlate.facts import Facts
from ..prompts import read_prompt, templates
from ..prompts.judging import brought_name, prompts_of
from ..prompts.template import CHAT as CHAT_TEMPLATE
from ..prompts.template import chat_template_of
from ..report import provenance as made_of
from ..report.page import document, introduction

CHAT = ("openai", "cohere")  # back ends that are asked with a prompt


CHOICES = "Which choices were made?"


DEFAULTS = "Everything the study file says, and the default of everything it does not say."


def config_page(config: dict[str, Any], facts: str) -> str:
    """The complete configuration, defaults included."""
    import yaml

    text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False, width=100)
    head = introduction("The configuration, complete", CHOICES, DEFAULTS, facts)
    return document("The configuration, complete", f"{head}\n<pre>{html.escape(text)}</pre>")


def prompts_used(config: dict[str, Any]) -> list[made_of.Wording]:
    """Templates and prompts of a study: the package's by name and source, or the study's own."""

    def wording(used_by: str, name: str, own: str | None = None) -> made_of.Wording:
        prompt = read_prompt(name)
        if own is None or own == prompt.text:
            return made_of.Wording(used_by, name, prompt.source, prompt.sha256)
        sha256 = hashlib.sha256(own.encode("utf-8")).hexdigest()
        return made_of.Wording(used_by, "of the study", "the study", sha256)

    def template_wording(used_by: str, given: str, base: str | None = None) -> made_of.Wording:
        if given == CHAT_TEMPLATE:
            own = chat_template_of(Path(base)) if base else None
            sha256 = hashlib.sha256(own.encode("utf-8")).hexdigest() if own else ""
            return made_of.Wording(used_by, given, "each tokenizer's own chat template", sha256)
        if given in templates():
            return wording(used_by, given)
        sha256 = hashlib.sha256(Path(given).read_bytes()).hexdigest()
        return made_of.Wording(used_by, given, "the study", sha256)

    found = [
        template_wording("fine-tuning, evaluation and answers", config["finetune"]["template"])
    ]
    for entry in config.get("models", {}).values():
        given = entry.get("template") or config["finetune"]["template"]
        if entry.get("template") or given == CHAT_TEMPLATE:
            found.append(template_wording(f"model {entry['label']}", given, entry.get("base")))
    for entry in config["translate"]["translators"].values():
        if entry["backend"] in CHAT:
            found.append(wording(f"translator {entry['label']}", "translate", entry.get("prompt")))
    for entry in config["judge"]["judges"].values():
        if entry["backend"] in CHAT:
            found += [
                wording(f"judge {entry['label']} ({form})", brought_name(text), text)
                for form, text in prompts_of(entry).items()
            ]
    return found


def departing(facts: Facts) -> list[str]:
    """Benchmarks of a study as the register names them: by task, question sets by their name."""
    return [entry.task or name for name, entry in facts.benchmarks.items()]
