"""The re-reading of the paper quotes today's sentences about its scores."""

import json
import runpy

import pytest
import state_claims
import write_findings
import yaml
from conftest import SMALL
from mothertongue.study import read_study


@pytest.mark.slow
def test_every_quoted_sentence_is_the_published_pages(root, tmp_path):
    config = read_study(yaml.safe_load((SMALL / "config.yaml").read_text("utf-8")), root).config
    published = root / "resources" / "published"
    source = {"scores": published / "scores.csv", "about": published / "about.json"}
    state_claims.main(
        **source,
        item_table=None,
        claims=tmp_path / "claims.json",
        estimates=tmp_path / "estimates.csv",
        **{name: config["correlate"][name] for name in ("resamples", "confidence", "seed")},
        margin=config["report"]["margin"],
    )
    write_findings.main(**source, claims=tmp_path / "claims.json", folder=tmp_path / "made")
    findings = json.loads((tmp_path / "made" / "findings.json").read_text(encoding="utf-8"))
    page = (root / "docs" / "rereading.md").read_text(encoding="utf-8")
    quoted = runpy.run_path(str(root / "docs" / "quote_findings.py"))["quoted"](page, findings)
    assert page == quoted, "run docs/quote_findings.py and read the page's verdicts again"
    assert f"{len(findings)} comparisons share one page" in page
