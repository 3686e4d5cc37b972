"""Check and complete a study's configuration: all mistakes at once, each naming its key.

The schema (config.schema.yaml) holds every default and description. Nothing here imports
Snakemake or any model library.
"""

import copy
import difflib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

Json = Any
Schema = dict[str, Any]


def suggestion(word: object, known: list[str]) -> str:
    """Return a ' (did you mean x?)' or the list of what is allowed."""
    near = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known: {', '.join(known)}" if known else "; none is configured"


def _resolve(schema: Schema, root: Schema) -> Schema:
    """Follow a `$ref` into `$defs`; keywords beside it win."""
    if "$ref" not in schema:
        return schema
    target = root
    for part in schema["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return {**_resolve(target, root), **{k: v for k, v in schema.items() if k != "$ref"}}


def _types(schema: Schema, root: Schema) -> set[str]:
    """The JSON types that a schema admits (through $ref, anyOf, const and enum)."""
    schema = _resolve(schema, root)
    if "anyOf" in schema:
        return set().union(*(_types(option, root) for option in schema["anyOf"]))
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    if "const" in schema:
        return {names[type(schema["const"])]}
    if "enum" in schema:
        return {names[type(value)] for value in schema["enum"]}
    declared = schema.get("type", [])
    return {declared} if isinstance(declared, str) else set(declared)


def _number(text: str, types: set[str]) -> Json:
    """Turn text into the number or boolean that the schema asks for, if that is what it is."""
    word = text.strip()
    if "boolean" in types and word.lower() in ("true", "false"):
        return word.lower() == "true"
    if "null" in types and word.lower() in ("null", "none"):
        return None
    try:
        if "integer" in types and float(word).is_integer():
            return int(float(word))
        if "number" in types:
            return float(word)
    except (ValueError, OverflowError):
        pass
    return text


def complete(value: Json, schema: Schema, root: Schema, *, fill: bool = True) -> Json:
    """Return `value` with defaults filled in, numbers made of their type, and keys sorted.

    No default is filled into what the schema calls `partial`: it says what differs from another part.

    Sorted keys and one type per number keep Snakemake's comparison of parameters stable: the
    order of a config file, `1` for `1.0` or a quoted `1e-4` re-run nothing.
    """
    schema = _resolve(schema, root)
    fill = fill and not schema.get("partial")
    if "anyOf" in schema:
        for option in schema["anyOf"]:
            kind = "object" if isinstance(value, Mapping) else "array"
            if isinstance(value, Mapping | list) and kind in _types(option, root):
                return complete(value, option, root, fill=fill)
    types = _types(schema, root)
    if isinstance(value, str) and "string" not in types:
        return _number(value, types)
    if isinstance(value, str) and value not in schema.get("enum", [value]):  # false of --config
        return _number(value, types)
    if isinstance(value, str) and types & {"integer", "number"}:  # such as `auto` or a number
        consts = [option.get("const") for option in schema.get("anyOf", [])]
        return value if value in consts else _number(value, types)
    if isinstance(value, int) and not isinstance(value, bool) and "number" in types:
        return float(value) if "integer" not in types else value
    if isinstance(value, float) and "integer" in types and "number" not in types:
        return int(value) if value.is_integer() else value
    if value is None and "object" in types and "default" not in schema and "null" in types:
        value = {}
    if isinstance(value, Mapping) and "object" in types:
        done = dict(value)
        properties = schema.get("properties", {})
        for key, sub in properties.items():
            sub = _resolve(sub, root)
            if fill and key not in done and "default" in sub and not sub.get("partial"):
                done[key] = copy.deepcopy(sub["default"])
        other = schema.get("additionalProperties")
        for key in list(done):
            if key in properties:
                done[key] = complete(done[key], properties[key], root, fill=fill)
            elif isinstance(other, dict):
                done[key] = complete(done[key], other, root, fill=fill)
        return dict(sorted(done.items(), key=lambda item: str(item[0])))
    if isinstance(value, list) and "array" in types and "items" in schema:
        return [complete(item, schema["items"], root, fill=fill) for item in value]
    return value


def _path(parts: Iterator[Json] | list[Json]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "(top level)"


def _described(schema: Schema) -> str:
    description = schema.get("description", "")
    return f" ({description})" if description else ""


def _explain(error: ValidationError, root: Schema) -> Iterator[str]:
    """Say one schema violation in plain words; one line per offending key."""
    where = _path(list(error.absolute_path))
    schema = _resolve(error.schema, root) if isinstance(error.schema, dict) else {}
    match error.validator:
        case "additionalProperties":
            known = sorted(schema.get("properties", {}))
            for key in error.instance:
                if key not in known:
                    yield f"{_path([*error.absolute_path, key])}: unknown key{suggestion(key, known)}"
        case "required":
            for key in error.validator_value:
                if key not in error.instance:
                    about = _resolve(schema.get("properties", {}).get(key, {}), root)
                    yield f"{_path([*error.absolute_path, key])}: missing{_described(about)}"
        case "enum":
            allowed = [str(value) for value in error.validator_value]
            near = difflib.get_close_matches(str(error.instance), allowed, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            yield f"{where}: {error.instance!r} is not one of {', '.join(allowed)}{hint}"
        case "pattern":
            yield f"{where}: {_pattern_words(error.validator_value, error.instance)}"
        case "type" if "propertyNames" in error.absolute_schema_path:
            return  # told by `_unusable`
        case "type":
            yield f"{where}: expected {_kinds(schema)}, found {_shown(error.instance)}{_described(schema)}"
        case "anyOf":
            nested = [e for e in error.context or [] if e.absolute_path != error.absolute_path]
            if nested:
                for sub in nested:
                    yield from _explain(sub, root)
            else:
                options = ", ".join(_option_words(_resolve(o, root)) for o in error.validator_value)
                shown = _shown(error.instance)
                words = [w for o in error.validator_value for w in _words(_resolve(o, root))]
                near = difflib.get_close_matches(str(error.instance), words, n=1)
                hint = f"; did you mean '{near[0]}'?" if near else _described(schema)
                yield f"{where}: {shown} is none of: {options}{hint}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            sign = {
                "minimum": "at least",
                "maximum": "at most",
                "exclusiveMinimum": "greater than",
                "exclusiveMaximum": "less than",
            }[error.validator]
            yield (
                f"{where}: {error.instance!r} must be {sign} {error.validator_value}"
                f"{_described(schema)}"
            )
        case "uniqueItems":
            twice = sorted({str(v) for v in error.instance if error.instance.count(v) > 1})
            yield f"{where}: listed more than once: {', '.join(twice)}"
        case "minItems" | "minProperties":
            yield f"{where}: must not be empty{_described(schema)}"
        case "maxLength":
            yield f"{where}: {_shown(error.instance)} is longer than {error.validator_value} characters"
        case "const":
            yield f"{where}: only {error.validator_value!r} is allowed{_described(schema)}"
        case _:
            yield f"{where}: {error.message}"


KINDS = {
    "object": "a mapping (key: value)",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
PATTERNS = {  # what a pattern of the schema stands for; None: the value is not shown, it may be a key
    "^[a-z]{2,3}$": "is not a language code (two or three small letters, such as es)",
    "^[a-z0-9][a-z0-9-]*$": "is not a short name (small letters, digits and hyphens, starting with"
    " a letter or digit)",
    "^(label|parallel_to|control|[a-z]{2,3})$": "is neither label, parallel_to, control nor a language"
    " code (two or three small letters, such as es)",
    "^https?://[^@]*$": "is not an address that starts with http:// or https:// and holds no password",
    "^[A-Za-z0-9_.]+$": "is not the name of a card as SLURM writes it (letters, digits, _ and .)",
    r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$": "is not a repository of the hub (OWNER/NAME)",
    "^[A-Z][A-Z0-9_]*$": None,
}
LONGEST_SHOWN = 60


def _shown(value: Json) -> str:
    """A value as it stands in a message; long ones cut."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _pattern_words(pattern: str, value: Json) -> str:
    words = PATTERNS[pattern]
    if words is None:
        return "give the name of an environment variable (capital letters), never the key itself"
    if "@" in str(value):  # a password may stand before it
        return words
    return f"{_shown(value)} {words}"


def _kinds(schema: Schema) -> str:
    """The types of a schema in plain words."""
    kinds = schema.get("type", "value")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(KINDS.get(kind, kind) for kind in kinds)


def _words(schema: Schema) -> list[str]:
    """The words that an option admits, if it lists them."""
    return [
        str(value)
        for value in [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    ]


def _option_words(schema: Schema) -> str:
    if _words(schema):
        return ", ".join(_words(schema))
    kind = _kinds(schema)
    return f"{kind} of at least {schema['minimum']}" if "minimum" in schema else kind


def _unusable(value: Json, path: list[Json]) -> Iterator[str]:
    """Keys that are no text (YAML reads an unquoted `no` as false) and numbers that are none."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            if isinstance(key, str):
                yield from _unusable(below, [*path, key])
            else:
                yield (
                    f"{_path(path)}: the key {key!r} is not text; write it in quotes"
                    " (YAML reads an unquoted no, yes, on or off as true or false)"
                )
    elif isinstance(value, list):
        for place, below in enumerate(value):
            yield from _unusable(below, [*path, place])
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{_path(path)}: {value} is not a number that can be used"


def structural_mistakes(config: Json, schema: Schema) -> list[str]:
    """Every breach of the schema, as `key.path: what is wrong and what is allowed`."""
    errors = Draft202012Validator(schema).iter_errors(config)
    ordered = sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])
    lines = [line for error in ordered for line in _explain(error, schema)]
    return list(dict.fromkeys([*lines, *_unusable(config, [])]))


def repeated_keys(path: str | Path) -> list[str]:
    """Keys that stand twice in one mapping of a YAML file: readers keep the last, silently."""
    found = []

    def walk(node: yaml.Node | None) -> None:
        if isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                here = key.start_mark.line + 1
                if key.value in lines and isinstance(key, yaml.ScalarNode):
                    found.append(
                        f"{path}, line {here}: '{key.value}' stands already in line"
                        f" {lines[key.value]}; rename or remove one"
                    )
                elif isinstance(key, yaml.ScalarNode):
                    lines[key.value] = here
                walk(value)
        elif isinstance(node, yaml.SequenceNode):
            for below in node.value:
                walk(below)

    try:
        walk(yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader))
    except (OSError, ValueError, yaml.YAMLError):
        return []  # who loads the file says so
    return found
