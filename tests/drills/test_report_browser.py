"""The demo's and the published report in a real browser: every category, item, table and plot."""

import base64
import re
import runpy
import shutil

import pytest
from chromium import Browser, Report
from conftest import checkout, run_snakemake

LIMIT = 25_000_000  # bytes of a report
QUESTIONS = [
    "1 Is there a gap?",
    "2 Would this benchmark notice?",
    "3 When is the gap obvious?",
    "4 What causes the gap?",
    "5 Can the gap be closed?",
]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def published_report(tmp_path_factory):
    """The report of the target `published` alone, made in a fresh checkout within a minute."""
    folder = checkout(tmp_path_factory.mktemp("published") / "study")
    path = folder / "report.html"
    done = run_snakemake("--cores", "1", "published", cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    done = run_snakemake("--report", path, "published", cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "WARNING/2" not in done.stderr, done.stderr[-3000:]
    return path


def sort_works(browser):
    """Click the last column twice: its numbers come in one order, then in the other."""
    orders = []
    for _ in range(2):
        browser.run("[...document.querySelectorAll('thead .leaves th button')].pop().click()")
        orders.append(
            browser.run(
                "const t = document.querySelectorAll('table.sortable'); return"
                " [...[...t].pop().querySelectorAll('tbody tr')]"
                ".map(r => parseFloat(r.lastElementChild.dataset.sort)).filter(v => !isNaN(v))"
            )
        )
    if len(set(orders[0])) > 1:
        assert orders[0] == sorted(orders[0], reverse=orders[0][0] > orders[0][-1])
        assert orders[0][0] != orders[1][0]
    return bool(orders[0])


def visit(browser, path):
    """Open every list and every item; gives the kinds of pages seen."""
    assert path.stat().st_size < LIMIT
    report = Report(browser, path)
    browser.complaints()  # of the browser's own start
    seen = {"img": 0, "chart": 0, "table": 0, "sorted": 0, "answers": 0}
    listed = set()
    captions = browser.run(
        "return Object.fromEntries(Object.entries(results).map(([k, v]) => [k, v.caption]))"
    )
    for category, topic, item, labels in report.items():
        assert labels["item"], item
        for part in ("n: ", "Metric|metric", "Seeds"):
            assert re.search(part, captions[item]), f"{item}: no {part} in its caption"
        if (category, topic) not in listed:
            listed.add((category, topic))
            assert labels["item"] in report.show_list(category, topic)
        if item.endswith(".csv"):
            continue
        kind = report.show(item)
        if kind == "img":
            seen["img"] += 1
            continue
        browser.wait("document.querySelector('iframe').contentDocument !== undefined")
        browser.frame(0)
        browser.wait("document.readyState === 'complete' && document.body.innerText.length > 40")
        if browser.run("return document.getElementById('chart') !== null"):
            assert browser.run("return document.querySelectorAll('.panel svg').length"), item
            seen["chart"] += 1
        elif browser.run("return document.querySelector('table.sortable') !== null"):
            seen["table"] += 1
            seen["sorted"] += sort_works(browser)
        elif browser.run("return document.getElementById('search') !== null"):
            browser.wait("document.querySelectorAll('.answer').length > 0")
            seen["answers"] += 1
        browser.frame()
    assert browser.complaints() == []
    return report, seen


WORDS = (
    "native better",
    "no worse with translated",
    "translated better",
    "undecided",
    "sees nothing: at chance",
    "languages differ",
)


def screen_one_shows_everything(browser, path, folder):
    """At 1400 x 900 the table, the plot and its axis are seen without scrolling, on paper too."""
    browser.call("POST", "/window/rect", {"width": 1400, "height": 900})
    browser.open(f"file://{path}")
    browser.wait("document.querySelector('.screen-one table.verdicts') !== null")
    places = browser.run(
        "return [...document.querySelectorAll('.screen-one table, .screen-one figure svg')]"
        ".map(e => e.getBoundingClientRect()).map(r => [r.left, r.top, r.right, r.bottom])"
    )
    wide, tall = browser.run("return [innerWidth, innerHeight]")
    assert tall <= 900 and len(places) == 2
    for left, top, right, bottom in places:
        assert 0 <= left < right <= wide and 0 <= top < bottom <= tall, places
    assert places[0][2] <= places[1][0], "the plot stands beside the table"
    verdicts = browser.run(
        "return [...document.querySelectorAll('.screen-one td b')].map(e => e.innerText.slice(2))"
    )
    assert verdicts and set(verdicts) <= set(WORDS)
    assert browser.run("return document.querySelectorAll('.screen-one li').length") in range(1, 9)
    size = "getComputedStyle(document.querySelector('.screen-one td')).fontSize"
    assert float(browser.run(f"return {size}").removesuffix("px")) >= 11
    pdf = base64.b64decode(browser.call("POST", "/print", {"background": True}))
    (folder / "first.pdf").write_bytes(pdf)
    text = pdf_text(folder / "first.pdf")
    for word in {*verdicts, "points of 100"}:
        assert " ".join(word.split()) in text, word
    for paragraph in browser.run(
        "return [...document.querySelectorAll('.screen-one li')].map(e => e.innerText)"
    ):
        assert " ".join(paragraph.split())[:40] in text, paragraph


def pdf_text(path):
    """Text of a PDF, white space made even."""
    from pypdf import PdfReader

    pages = PdfReader(path).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.browser
@pytest.mark.slow
def test_the_demos_report(finished_demo, chromium, tmp_path):
    report, seen = visit(chromium, finished_demo / "results" / "report.html")
    names = sorted(report.categories)
    assert [name[0] for name in names] == list("0123456789")
    assert names[1:6] == QUESTIONS
    assert set(QUESTIONS) <= set(report.categories["9 The published study"])
    assert seen["img"] >= 8 and seen["chart"] >= 8 and seen["table"] > 40
    assert seen["sorted"] > 20 and seen["answers"] == 1
    chromium.open(f"file://{finished_demo}/results/report.html")
    chromium.wait("document.querySelector('.prose') !== null")
    first = chromium.run("return document.querySelector('.prose').innerText")
    assert "This is the demo" in first and "category 9" in first
    screen_one_shows_everything(chromium, finished_demo / "results" / "report.html", tmp_path)


@pytest.mark.browser
@pytest.mark.slow
def test_the_published_report(published_report, chromium, tmp_path):
    report, seen = visit(chromium, published_report)
    assert list(report.categories) == ["9 The published study"]
    assert set(QUESTIONS) <= set(report.categories["9 The published study"])
    assert seen["img"] == 5 and seen["chart"] == 4
    chromium.open(f"file://{published_report}")
    chromium.wait("document.querySelector('.prose') !== null")
    first = chromium.run("return document.querySelector('.prose').innerText")
    assert "embedded demo" not in first
    screen_one_shows_everything(chromium, published_report, tmp_path)


@pytest.mark.browser
@pytest.mark.slow
def test_the_pictures_of_the_documentation_can_be_taken(root, published_report, tmp_path):
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    script = root / "docs" / "take_screenshots.py"
    pictures = runpy.run_path(str(script))
    pictures["main"](published_report, tmp_path)
    page = (root / "docs" / "read-the-report.md").read_text(encoding="utf-8")
    for path in [
        tmp_path / "report-first.png",
        *(tmp_path / name for name in pictures["PICTURES"]),
    ]:
        assert 10_000 < path.stat().st_size < 150_000
        assert f"images/{path.name}" in page
        assert (root / "docs" / "images" / path.name).stat().st_size < 150_000
