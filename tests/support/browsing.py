"""A made-up study of rated answers, and a browser to look at it."""

import shutil

import pytest
from chromium import Browser
from mothertongue.files import write_jsonl

LABELS = {
    "study": "test",
    "languages": {"es": "Spanish", "zh": "Chinese", "ar": "Arabic"},
    "questions": {"native": "native questions", "translated": "translated questions"},
    "models": {"tiny": "Tiny-1M", "small": "Small-2M"},
    "judges": {"gpt": "GPT judge", "overlap": "overlap (chrF baseline)"},
    "data": {"native": "native", "google": "Google Translate", "google-rtt": "Google round trip"},
}


PROMPTS = {
    "es": ["¿Qué es una <b>tortilla</b>?", "Escribe un poema sobre el mar."],
    "zh": ["北京的秋天怎么样？", "请写一封信。"],
    "ar": ["ما هي عاصمة المغرب؟ (The capital)", "اكتب رسالة قصيرة."],
}


NASTY = [
    "<script>document.body.dataset.hacked = 'yes'</script>",
    "<img src=x onerror=\"document.body.dataset.hacked='yes'\"> & </script><h1>big</h1>",
]


REPLY = "Short but right. Rating: [[4.5]]"


def study(folder, texts=NASTY):
    answers, ratings, questions = [], [], []
    for language, prompts in PROMPTS.items():
        for name in ("native", "translated"):
            path = folder / "answer" / "questions" / name / f"{language}.jsonl"
            rows = [{"id": f"{name}-{i}", "prompt": text} for i, text in enumerate(prompts)]
            rows[0]["reference"] = f"reference in {language}"
            write_jsonl(path, rows)
            questions.append(path)
            for model in ("tiny", "small"):
                for data in ("native", "google", "google-rtt"):
                    cell = f"{model}/{data}/{language}/high/seed1/{name}/{language}.jsonl"
                    said = [f"{text} {model} {data} {language}" for text in texts]
                    write_jsonl(
                        folder / "answer" / cell,
                        [row | {"answer": text, "stop": "length"} for row, text in zip(rows, said)],
                    )
                    answers.append(folder / "answer" / cell)
                    for judge in ("gpt", "overlap"):
                        unscored = judge == "overlap"
                        reply = {"text": REPLY, "rating": 4.5, "problem": None}
                        rated = {"rating": None if unscored else 4.5, "characters": 3}
                        rated |= {"unscored": "no reference" if unscored else None}
                        rated |= {"replies": [{"text": ""} if unscored else reply]}
                        rated |= {"flags": ["rating"] if data == "google" else []}
                        write_jsonl(folder / judge / cell, [rated | {"id": r["id"]} for r in rows])
                        ratings.append(folder / judge / cell)
    return {"answers": answers, "ratings": ratings, "questions": questions, "labels": LABELS}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()
