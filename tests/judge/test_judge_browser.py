"""The answers browser in a real browser: it finds, shows and escapes, and touches no network."""

import json
import os
import time

import browse_answers
import polars as pl
import pytest
from browsing import LABELS, NASTY, chromium, study  # noqa: F401
from mothertongue.errors import InputError
from mothertongue.files import write_jsonl


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


def verdict(name, word, first, second):
    replies = [{"own_shown": "first", "text": f"[[{word}]]"}]
    row = {"id": name, "verdict": word, "unscored": None, "first": first, "second": second}
    return row | {"replies": replies, "characters": [3, 4], "flags": []}


ONLY = """
const box = document.getElementById("only");
box.value = "{key}"; box.dispatchEvent(new Event("change"));
return [...document.querySelectorAll(".number")].map(node => node.textContent.split(" · ")[1]);
"""


@pytest.mark.slow
@pytest.mark.browser
def test_verdicts_people_and_what_they_disagree_on_in_chromium(tmp_path, chromium):
    """Two judges in pairs and people say of native against google: win, loss; signs of one answer."""
    cell = "tiny/{data}/es/high/seed1/native/es"
    paths = []
    for judge, words in {"duel": ("win", "win"), "gpt": ("win", "loss")}.items():
        paths.append(tmp_path / judge / f"{cell.format(data='native')}.against-google.jsonl")
        scores = [float(word == "win") for word in words]
        write_jsonl(
            paths[-1],
            [verdict(f"native-{n}", w, s, s) for n, (w, s) in enumerate(zip(words, scores))],
        )
    unit = {"language": "es", "questions": "native", "question": "native-0", "model": "tiny"}
    unit |= {"scope": "es", "lr": "high", "seed": 1}
    label = {"item": "x", "annotator": "ana", "choice": "B", "value": 0.0, "unit": unit}
    write_jsonl(tmp_path / "labels.jsonl", [label | {"a": "native", "b": "google", "order": 0}])
    checks = tmp_path / f"fidelity/{cell.format(data='google').replace('/native/', '/fidelity-native/')}.items.parquet"  # fmt: skip
    checks.parent.mkdir(parents=True)
    signs = {"item": ["native-0", "native-1"], "wrong_language": [0.0, 100.0]}
    pl.DataFrame(signs).write_parquet(checks)
    given = study(tmp_path)
    given["labels"] = LABELS | {"judges": LABELS["judges"] | {"duel": "Duellist"}}
    browse_answers.main(
        **given, browser=tmp_path / "answers.html", verdicts=paths, checks=[checks],
        labelled=[tmp_path / "labels.jsonl"],
    )  # fmt: skip
    chromium.open(f"file://{tmp_path}/answers.html")
    chromium.wait("document.body.dataset.ready")
    chromium.run(CHOOSE.format(language="es", questions="native", model="tiny"))
    seen = chromium.run("return document.querySelector('.question').innerText")
    assert "native against Google Translate" in seen
    assert "Duellist: win" in seen and "GPT judge: win" in seen and "people: loss" in seen
    assert chromium.run(ONLY.format(key="judges")) == ["native-1"]
    assert chromium.run(ONLY.format(key="people")) == ["native-0"]
    assert chromium.run(ONLY.format(key="language")) == ["native-1"]
    assert "looks like another language" in chromium.run("return document.body.innerText")
    chromium.run(ONLY.format(key="all"))
    chromium.run(
        "const box = document.getElementById('two'); box.selectedIndex = 2;"
        "box.dispatchEvent(new Event('change'))"
    )
    two = chromium.run(
        "return [...document.querySelector('.answers').children].map(node => node.querySelector('h3').textContent)"
    )
    assert len(two) == 2 and "native" in two[0] and "round trip" in two[1]
    chromium.call(
        "POST",
        "/goog/cdp/execute",
        {
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False},
        },
    )
    assert chromium.run("return document.documentElement.scrollWidth <= innerWidth")
    chromium.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.clearDeviceMetricsOverride", "params": {}})  # fmt: skip
