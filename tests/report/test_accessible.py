"""Our pages in Chromium: no serious finding of axe-core, no cut or overprinted text, no sideways page."""

from importlib.util import find_spec
from pathlib import Path

import browse_answers
import plot_gaps
import plot_scores
import pytest
import write_findings
from browsing import chromium, study  # noqa: F401
from made_claims import one_of_each
from made_up import Adapter, analyse, write_study
from mothertongue.correlate.claims import write_claims

AXE = find_spec("axe_core_python")
RUN = (
    "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(found =>"
    " done(found.violations.map(v => [v.impact, v.id, v.nodes[0].html.slice(0, 160)])))"
)

TEXTS = """
const problems = [];
for (const svg of document.querySelectorAll("svg")) {
  const whole = svg.getBoundingClientRect();
  const boxes = [...svg.querySelectorAll("text")].map(t => [t.textContent, t.getBoundingClientRect()]);
  boxes.forEach(([words, a], i) => {
    if (a.left < whole.left - 1 || a.right > whole.right + 1 || a.bottom > whole.bottom + 1)
      problems.push("cut: " + words);
    for (const [others, b] of boxes.slice(i + 1))
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > a.height / 3)
        problems.push("overprinted: " + words + " and " + others);
  });
}
if (document.documentElement.scrollWidth > innerWidth) problems.push("the page scrolls sideways");
return problems;
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Pages of every kind that are our own: findings, tables, charts, answers."""
    folder = tmp_path_factory.mktemp("accessible")
    write_study(
        folder,
        {
            Adapter(f"m{m}", data, language=code): {
                f"q{i}": 100.0 * ((i * (m + 2) + (data == "native")) % 3 == 0) for i in range(30)
            }
            for m in range(3)
            for data in ("native", "google")
            for code in ("es", "zh")
        },
    )
    analyse(folder)
    write_claims(folder / "claims.json", one_of_each())
    source = {"scores": folder / "scores.csv", "about": folder / "about.json"}
    write_findings.main(**source, claims=folder / "claims.json", folder=folder / "findings")
    plot_scores.main(**source, folder=folder / "scores")
    gaps = {name: folder / f"{name}.csv" for name in ("gaps", "correlations")}
    plot_gaps.main(**source, **gaps, folder=folder / "drawn")
    browse_answers.main(**study(folder / "rated"), browser=folder / "answers.html")
    kinds = {page.parent: page for page in sorted(folder.rglob("*.html"))}  # one of a kind of table
    return sorted({*kinds.values(), *(folder / "findings").glob("*.html")})


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(AXE is None, reason="axe-core-python is not installed")
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_serious_finding(pages, chromium, colours):
    code = (Path(AXE.origin).parent / "axe.min.js").read_text(encoding="utf-8")
    media = {"features": [{"name": "prefers-color-scheme", "value": colours}]}
    chromium.call(
        "POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": media}
    )
    found = {}
    for page in pages:
        chromium.open(f"file://{page}")
        chromium.run(code)
        said = chromium.call("POST", "/execute/async", {"script": RUN, "args": []})
        serious = [one for one in said if one[0] in ("serious", "critical")]
        if serious:
            found[page.name] = serious
    assert len(pages) > 10 and found == {}


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("width", [1400, 390])
def test_no_text_is_cut_or_overprinted(pages, chromium, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    metrics = "Emulation.setDeviceMetricsOverride"
    chromium.call("POST", "/goog/cdp/execute", {"cmd": metrics, "params": size})
    found = {}
    for page in pages:
        chromium.open(f"file://{page}")
        if problems := chromium.run(TEXTS):
            found[page.name] = problems[:5]
    assert found == {}
