"""Every key of the configuration's schema."""

from collections.abc import Iterator

import yaml
from conftest import ROOT

SCHEMA = yaml.safe_load((ROOT / "config.schema.yaml").read_text(encoding="utf-8"))


def resolved(node: dict) -> dict:
    while "$ref" in node:
        found = SCHEMA
        for part in node["$ref"].split("/")[1:]:
            found = found[part]
        node = {**found, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def leaves(node: dict, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The schema's keys that hold a value, not further keys."""
    node = resolved(node)
    if node.get("partial"):  # other values of keys that stand elsewhere
        yield ".".join(path)
        return
    deeper = False
    for part in [node, *map(resolved, [*node.get("anyOf", []), *node.get("oneOf", [])])]:
        for key, value in part.get("properties", {}).items():
            deeper = True
            yield from leaves(value, (*path, key))
        more = part.get("additionalProperties")
        if isinstance(more, dict):
            deeper = True
            yield from leaves(more, (*path, "*"))
        items = part.get("items")
        if isinstance(items, dict) and "properties" in resolved(items):
            deeper = True
            yield from leaves(items, (*path, "[]"))
    if not deeper:
        yield ".".join(path)


LEAVES = sorted(set(leaves(SCHEMA)))
