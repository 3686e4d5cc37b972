"""Write docs/configuration.md, every key of a study, from config.schema.yaml.

python docs/write_configuration.py
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Configuration

Every key of a study, with the values that it may have and its default. This page is made from `config.schema.yaml`
(`python docs/write_configuration.py`). `*` stands for a name of your choice, `[]` for an entry of a list. An editor
that reads `resources/config.schema.json` completes and checks these keys while you type.
"""
Schema = dict[str, Any]


def resolved(part: Schema, whole: Schema) -> Schema:
    """A part of the schema with what it refers to; its own words come first."""
    while "$ref" in part:
        found: Schema = whole
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = {**found, **{key: value for key, value in part.items() if key != "$ref"}}
    return part


def code(value: object) -> str:
    """A value as YAML has it."""
    return (
        f"`{json.dumps(value, ensure_ascii=False)}`" if not isinstance(value, str) else f"`{value}`"
    )


def values(part: Schema, whole: Schema) -> str:
    """What a key may hold, in words."""
    part = resolved(part, whole)
    if "const" in part:
        return code(part["const"])
    if "enum" in part:
        return ", ".join(code(value) for value in part["enum"])
    if "anyOf" in part or "oneOf" in part:
        return " or ".join(
            dict.fromkeys(values(one, whole) for one in part.get("anyOf", part.get("oneOf")))
        )
    kinds = part.get("type", "object")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    words = []
    for kind in kinds:
        if kind == "array":
            words.append(f"list of {values(part.get('items', {'type': 'text'}), whole)}")
        else:
            words.append({"string": "text", "null": "`null`", "object": "section"}.get(kind, kind))
    low, high = part.get("minimum"), part.get("maximum")
    above, below = part.get("exclusiveMinimum"), part.get("exclusiveMaximum")
    bounds = [
        *([f"≥ {low:g}"] if low is not None else []),
        *([f"> {above:g}"] if above is not None else []),
        *([f"≤ {high:g}"] if high is not None else []),
        *([f"< {below:g}"] if below is not None else []),
    ]
    return " or ".join(words) + (f" ({', '.join(bounds)})" if bounds else "")


def keys(part: Schema, whole: Schema, path: str = "") -> Iterator[tuple[str, Schema, bool]]:
    """(key, its schema, whether it must be given) of all that lies below a part."""
    part = resolved(part, whole)
    options = [part, *part.get("anyOf", ()), *part.get("oneOf", ())]
    for option in (resolved(one, whole) for one in options):
        for name, inner in option.get("properties", {}).items():
            inner = resolved(inner, whole)
            key = f"{path}.{name}" if path else name
            yield key, inner, name in option.get("required", ())
            yield from keys(inner, whole, key)
        others = option.get("additionalProperties")
        if isinstance(others, dict) and _holds_keys(resolved(others, whole)):
            yield from keys(others, whole, f"{path}.*")
        if isinstance(option.get("items"), dict) and _holds_keys(resolved(option["items"], whole)):
            yield from keys(option["items"], whole, f"{path}[]")


def _holds_keys(part: Schema) -> bool:
    return bool({"properties", "additionalProperties", "anyOf", "oneOf"} & set(part))


def cell(text: object) -> str:
    """Text within a cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def page(text: str) -> str:
    """The whole page from the schema's YAML text."""
    whole = yaml.safe_load(text)
    lines = [HEAD]
    for name, part in whole["properties"].items():
        part = resolved(part, whole)
        inner = list(dict((key, (one, must)) for key, one, must in keys(part, whole)).items())
        lines.append(f"\n## {name}\n")
        if part.get("description"):
            lines.append(cell(part["description"]) + "\n")
        rows = inner or [("", (part, name in whole["required"]))]
        lines += ["| key | values | default | meaning |", "|---|---|---|---|"]
        for key, (one, must) in rows:
            default = code(one["default"]) if "default" in one else "needed" if must else ""
            shown = f"`{name}{'.' if key and key[0] not in '.[' else ''}{key}`"
            told = cell(one.get("description", ""))
            lines.append(f"| {shown} | {cell(values(one, whole))} | {cell(default)} | {told} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    schema = (ROOT / "config.schema.yaml").read_text(encoding="utf-8")
    (ROOT / "docs" / "configuration.md").write_text(page(schema), encoding="utf-8")
