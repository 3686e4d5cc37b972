"""Take the pictures of docs/read-the-report.md from the published report (needs Chromium).

snakemake --cores 2 published && snakemake --report published.html published
python docs/take_screenshots.py published.html
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests")]

STUDY = "9 The published study"
PICTURES = {
    "report-notice.png": ("2 Would this benchmark notice?", "tables/notice/benchmarks.html"),
    "report-scores.png": ("1 Is there a gap?", "scores/scores-translated.html"),
    "report-gaps.png": ("3 When is the gap obvious?", "gaps/gaps.html"),
}


def shrink(path: Path) -> None:
    """Keep 256 colours, evenly spread so that the marks stay apart."""
    from PIL import Image

    picture = Image.open(path).convert("RGB")
    picture.quantize(256, method=Image.Quantize.FASTOCTREE).save(path, optimize=True)


def main(report: Path, folder: Path) -> None:
    """Save one picture of the first page and one per entry of PICTURES."""
    from chromium import Browser, Report

    folder.mkdir(parents=True, exist_ok=True)
    browser = Browser(tempfile.mkdtemp())
    try:
        shown = Report(browser, report.resolve())
        browser.wait("document.querySelector('.prose') !== null")
        time.sleep(1.5)  # the graph is drawn
        browser.screenshot(folder / "report-first.png")
        items = [item for _, _, item, _ in shown.items()]
        for name, (topic, end) in PICTURES.items():
            browser.run("app.setState({hideNavbar: false})")
            shown.show_list(STUDY, topic)
            path = next(item for item in items if item.endswith(end) and "/published/" in item)
            view = "{content: 'html', contentPath: results[p].data_uri, resultPath: p}"
            browser.run(
                f"const p = {path!r}; app.setView({view}); app.setState({{hideNavbar: true}})"
            )
            browser.wait("document.querySelector('iframe') !== null")
            time.sleep(0.8)
            browser.screenshot(folder / name)
    finally:
        browser.close()
    for name in ("report-first.png", *PICTURES):
        shrink(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), ROOT / "docs" / "images")
