"""Put the sentences of the published page into docs/rereading.md, each below the mark of its claim.

snakemake --cores 2 published
python docs/quote_findings.py results/report/published/findings/findings.json
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rereading.md"
MARK = re.compile(r"(?P<mark><!-- (?P<keys>[^>]*?) -->\n)(?P<number>\d+\. )[^\n]*")


def sentence_of(findings: list[dict], keys: str) -> str:
    """The sentence of the one claim that has these values; `-` stands for none."""
    wanted = dict(pair.split("=", 1) for pair in keys.split(", "))
    found = [
        one["sentence"]
        for one in findings
        if all(str(one["claim"][k] if one["claim"][k] is not None else "-") == v
               for k, v in wanted.items())
    ]  # fmt: skip
    if len(found) != 1:
        raise SystemExit(f"docs/rereading.md: {len(found)} claims have {keys}; name one")
    return found[0]


def quoted(page: str, findings: list[dict]) -> str:
    """The page with today's sentences."""
    return MARK.sub(lambda m: m["mark"] + m["number"] + sentence_of(findings, m["keys"]), page)


if __name__ == "__main__":
    findings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    PAGE.write_text(quoted(PAGE.read_text(encoding="utf-8"), findings), encoding="utf-8")
