"""The annotation page in a real browser: twelve items by keyboard, a reload in between, nothing lost."""

import json
import time

import draw_people
import import_people
import pytest
from browsing import chromium  # noqa: F401
from labelling import answer_files, arguments
from mothertongue.files import read_jsonl
from mothertongue.people.records import read_labels

PRESS = "document.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}}))"


def page(tmp_path, mode):
    settings = arguments(tmp_path, mode=mode, items=36 if mode == "rating" else 24, overlap=0.4)
    words = "<img src=x onerror=\"document.body.dataset.hacked='yes'\"></script>"
    draw_people.main(answers=answer_files(tmp_path, words=words), **settings)
    return settings, settings["folder"] / "ana.html"


def test_the_page_is_self_contained(tmp_path):
    _, path = page(tmp_path, "rating")
    text = path.read_text("utf-8")
    assert "@DATA@" not in text and '<html lang="es">' in text
    for word in ("http://", "https://", " src=", 'href="', "innerHTML", "<img"):
        assert word not in text.replace("\\u003cimg src=x", "")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("mode", ["rating", "pairwise"])
def test_twelve_items_by_keyboard(tmp_path, chromium, mode):
    settings, path = page(tmp_path, mode)
    rows = read_jsonl(settings["folder"] / "ana.jsonl")
    assert len(rows) >= 12
    saved = tmp_path / "saved"
    saved.mkdir()
    chromium.call(
        "POST",
        "/chromium/send_command",
        {
            "cmd": "Page.setDownloadBehavior",
            "params": {"behavior": "allow", "downloadPath": str(saved)},
        },
    )

    def press(key):
        chromium.run(PRESS.format(key=key))

    def shown():
        return chromium.run("return document.getElementById('question').textContent")

    keys = [str(1 + n % (5 if mode == "rating" else 3)) for n in range(12)]
    chromium.open(f"file://{path}")
    chromium.wait("document.body.dataset.ready")
    for n, key in enumerate(keys[:7]):
        assert shown() == rows[n]["question"]
        press(key)
    chromium.open("about:blank")
    chromium.open(f"file://{path}")  # the reader comes back the next day
    chromium.wait("document.body.dataset.ready")
    chromium.wait("document.getElementById('place').textContent.startsWith('8 / ')")
    for key in keys[7:]:
        press(key)
    press("ArrowLeft")
    press(keys[11])
    press("s")
    name = saved / "ana.es.labels.jsonl"
    until = time.monotonic() + 10
    while not name.is_file() and time.monotonic() < until:
        time.sleep(0.1)
    said = [json.loads(line) for line in name.read_text("utf-8").splitlines()]
    wanted = keys if mode == "rating" else [("A", "tie", "B")[int(key) - 1] for key in keys]
    assert [row["item"] for row in said] == [row["item"] for row in rows[:12]]
    assert [row["label"] for row in said] == wanted
    assert chromium.run("return document.body.dataset.hacked || ''") == ""
    import_people.main(keys=[settings["key"]], files=[name], labels=tmp_path / "labels.jsonl")
    back = read_labels(tmp_path / "labels.jsonl")
    assert {(one.item, one.choice, one.annotator) for one in back} == {
        (row["item"], choice, "ana") for row, choice in zip(rows[:12], wanted)
    }
    store = "mothertongue:ana:" + "".join(row["item"] for row in rows)
    elsewhere = json.dumps(json.dumps({rows[-1]["item"]: wanted[0]}))  # what another tab keeps
    chromium.run(f"localStorage.setItem({store!r}, {elsewhere})")
    press("1")
    now = json.loads(chromium.run(f"return localStorage.getItem({store!r})"))
    assert len(now) == 12 + 1 + 1 and now[rows[-1]["item"]] == wanted[0]
    assert chromium.complaints() == []
