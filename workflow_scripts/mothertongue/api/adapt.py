"""Learns from a refusal which parameters a model declines, and leaves them out or renames them."""

import re
from collections.abc import Mapping
from typing import Any

RENAMED = ("max_completion_tokens", "max_output_tokens", "max_new_tokens")
TOO_MUCH = re.compile(
    r"\b(?:between|less than|at most|no more than|exceeds?|too (?:large|long|high)|maximum|range)\b",
    re.IGNORECASE,
)
DECLINING = re.compile(
    r"\bno\b|\bnot\b|n't\b|support|recogni[sz]ed|unknown|unexpected|extra|permitted|allowed|accept|deprecated|forbidden|"
    r"cannot|can't|must|only|invalid|fixed|default|disabled|available|parameter|argument|field|"
    r"不|无效|未知|参数|只|必须|仅",
    re.IGNORECASE,
)
DROP = "not sent"
FORMAT, OBJECT = "response_format", "json_object"  # llama.cpp's other form of a schema


def declined(told: str, parameter: str | None, sent: Mapping[str, Any]) -> tuple[str, str] | None:
    """The parameter that a refusal is about, and what to do: its new name, or `DROP`.

    `told`: the server's words; `parameter`: its own name of what is wrong, where it gives one. None
    if the refusal is about something else, such as a limit that is too high.
    """
    form = sent.get(FORMAT)
    schema = isinstance(form, Mapping) and form.get("type") == "json_schema"
    if schema and OBJECT in told and FORMAT in told and parameter in (None, FORMAT):
        return FORMAT, OBJECT
    for name in ("max_tokens", "temperature", "seed"):
        if name not in sent or (parameter and name not in parameter.split(".")):
            continue
        named = parameter or re.search(rf"(?<!\w){name}(?!\w)", told, re.I | re.A)
        if not named or not (parameter or DECLINING.search(told)):
            continue
        if name != "max_tokens":
            return name, DROP
        known = next((other for other in RENAMED if other in told), None)
        if known or not TOO_MUCH.search(told):
            return name, known or RENAMED[0]
    return None


def adapted(request: Mapping[str, Any], learnt: Mapping[str, str]) -> dict[str, Any]:
    """A request as the service takes it."""
    sent = dict(request)
    for name, action in learnt.items():
        if name in sent:
            value = sent.pop(name)
            if action == OBJECT:
                sent[name] = {"type": OBJECT, "schema": value["json_schema"]["schema"]}
            elif action != DROP:
                sent.setdefault(action, value)
    return sent
