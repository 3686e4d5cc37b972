"""Write resources/config.schema.json, by which editors complete and check studies, from config.schema.yaml.

python docs/write_schema.py
"""

import json
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def as_json(schema: str) -> str:
    """The schema's YAML text as JSON."""
    return json.dumps(yaml.safe_load(schema), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    text = (ROOT / "config.schema.yaml").read_text(encoding="utf-8")
    (ROOT / "resources" / "config.schema.json").write_text(as_json(text), encoding="utf-8")
