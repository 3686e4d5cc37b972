"""The answers browser in a real browser: it finds, shows and escapes, and touches no network."""

import json
import os
import time

import browse_answers
import pytest
from browsing import LABELS, NASTY, chromium, study  # noqa: F401
from mothertongue.errors import InputError


def test_page_is_self_contained_and_plain(tmp_path):
    browse_answers.main(**study(tmp_path), browser=tmp_path / "answers.html")
    text = (tmp_path / "answers.html").read_text(encoding="utf-8")
    assert "hacked" not in text  # no answer stands in the page as markup
    for word in ("http://", "https://", "src=", "href=", "innerHTML", "@DATA@"):
        assert word not in text
    first = text
    browse_answers.main(**study(tmp_path), browser=tmp_path / "answers.html")
    assert (tmp_path / "answers.html").read_text(encoding="utf-8") == first


def test_no_answers_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no answers"):
        browse_answers.main(
            answers=[], ratings=[], questions=[], browser=tmp_path / "a.html", labels=LABELS
        )


CHOOSE = """
const pick = (id, value) => {{
  const box = document.getElementById(id);
  box.value = value;
  box.dispatchEvent(new Event("change"));
}};
pick("language", "{language}"); pick("questions", "{questions}"); pick("model", "{model}");
"""
SEARCH = """
const box = document.getElementById("search");
box.value = {needle}; box.dispatchEvent(new Event("input"));
"""


@pytest.mark.slow
@pytest.mark.browser
def test_in_chromium(tmp_path, chromium):
    browse_answers.main(**study(tmp_path), browser=tmp_path / "answers.html")
    chromium.open(f"file://{tmp_path}/answers.html")
    chromium.wait("document.body.dataset.ready")
    chromium.run(CHOOSE.format(language="zh", questions="translated", model="small"))
    seen = chromium.run("return document.getElementById('list').innerText")
    assert "北京的秋天怎么样" in seen
    assert NASTY[0] + " small native zh" in seen  # as text, not as markup
    assert "GPT judge: 4.5" in seen
    assert "unscored (no reference)" in seen
    assert "addresses the judge: rating" in seen
    assert chromium.run("return document.querySelectorAll('.answer').length") == 6
    assert (
        chromium.run("return document.querySelectorAll('main script, main img, main h1').length")
        == 0
    )
    assert chromium.run("return document.body.dataset.hacked ?? null") is None
    # side by side: the cards of one question stand in one row
    tops = chromium.run(
        "return [...document.querySelector('.answers').children]"
        ".map(node => node.getBoundingClientRect().top)"
    )
    assert len(set(tops)) == 1
    # right-to-left text runs and aligns by its own direction
    chromium.run(CHOOSE.format(language="ar", questions="native", model="tiny"))
    style = "getComputedStyle(document.querySelector('.prompt .text'))"
    assert chromium.run(
        f"return [{style}.direction, document.querySelector('.prompt .text').lang]"
    ) == [
        "rtl",
        "ar",
    ]
    # conditions can be hidden
    chromium.run("document.querySelector('#conditions input').click()")
    assert chromium.run("return document.querySelectorAll('.answer').length") == 4
    chromium.run("document.querySelector('#conditions input').click()")
    # search marks what it finds, also in explanations, and leaves out the rest
    chromium.run(CHOOSE.format(language="es", questions="native", model="tiny"))
    chromium.run(SEARCH.format(needle=json.dumps("TORTILLA")))
    chromium.wait("document.querySelectorAll('.question').length === 1")
    assert chromium.run("return document.querySelector('mark').textContent") == "tortilla"
    chromium.run(SEARCH.format(needle=json.dumps("short but right")))
    chromium.wait("document.querySelectorAll('.question').length === 2")
    assert (
        chromium.run("return document.querySelector('details[open] mark').textContent")
        == "Short but right"
    )
    chromium.run(SEARCH.format(needle=json.dumps("no such words")))
    chromium.wait("document.querySelectorAll('.question').length === 0")
    if os.environ.get("SCREENSHOT"):
        import base64

        chromium.run(SEARCH.format(needle='""'))
        chromium.run(CHOOSE.format(language="ar", questions="native", model="tiny"))
        time.sleep(0.5)
        picture = base64.b64decode(chromium.call("GET", "/screenshot"))
        with open(os.environ["SCREENSHOT"], "wb") as handle:
            handle.write(picture)


REPORT = """
rule all:
    default_target: True
    input:
        "answers.html",


rule browse_answers:
    output:
        report("answers.html", category="Judges", labels={"what": "answers browser"}),
    shell:
        "cp page.html answers.html"
"""
CLICK = """
const wanted = {words};
const link = [...document.querySelectorAll("a")].filter(a => a.textContent.includes(wanted)).pop();
if (link) link.click();
return Boolean(link);
"""


@pytest.mark.browser
@pytest.mark.slow
def test_in_the_single_file_report(tmp_path, chromium):
    """Opened from Snakemake's report.html, without any other file."""
    from conftest import run_snakemake

    browse_answers.main(**study(tmp_path / "data"), browser=tmp_path / "page.html")
    (tmp_path / "Snakefile").write_text(REPORT, encoding="utf-8")
    for arguments in (["--cores", "1"], ["--report", "report.html"]):
        done = run_snakemake(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    for name in ("answers.html", "page.html"):
        (tmp_path / name).unlink()
    chromium.open(f"file://{tmp_path}/report.html")
    for words in ("Results", "Judges"):
        until = time.monotonic() + 20
        while not chromium.run(CLICK.format(words=json.dumps(words))):
            assert time.monotonic() < until, words
            time.sleep(0.1)
    chromium.wait("document.querySelector('table a') !== null")
    chromium.run("document.querySelector('table a').click()")
    chromium.wait("document.querySelector('iframe') !== null")
    chromium.call("POST", "/frame", {"id": 0})
    chromium.wait("document.body.dataset.ready")
    assert "2 of 2 questions" in chromium.run("return document.getElementById('status').innerText")
    chromium.call("POST", "/frame/parent", {})
