"""Judges on trial: ours and given probes, both modes, over real HTTP, paid once, and marked when they fail."""

import json
import re

import polars as pl
import probe_judge
import pytest
import tabulate_probes
from conftest import ROOT
from judging import arguments
from mothertongue.errors import InputError
from mothertongue.files import read_jsonl, write_jsonl
from mothertongue.judge.labels import with_warnings
from mothertongue.judge.probes import (
    KINDS,
    PASSING,
    Probe,
    Result,
    asked,
    our_probes,
    read_probes,
    results,
    trials,
    warnings,
)
from mothertongue.judge.records import Rated, Reply
from mothertongue.report.probes import probes_page
from mothertongue.rules.probe import Probing
from mothertongue.study import read_study
from mothertongue.translate.checks.rows import other_language
from standin_batch import JudgeServer

NAMES = {"judges": {"judge": "The judge"}, "languages": {"es": "Spanish"}}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "resources/probes").glob("*.yaml")), ids=lambda p: p.stem
)
def test_our_probes_are_what_they_say(path):
    probes = our_probes(path)
    by_kind = {kind: [one for one in probes if one.kind == kind] for kind in KINDS}
    assert len({one.id for one in probes}) == len(probes) == 5 * len(by_kind["wrong"]) >= 30
    for one in probes:
        assert one.chosen != one.rejected
        assert other_language(one.chosen, path.stem) is None
    for one in by_kind["cut"]:
        assert one.chosen.startswith(one.rejected) and len(one.rejected) < 0.6 * len(one.chosen)
    for one in by_kind["padding"]:
        assert one.rejected.startswith(one.chosen) and len(one.rejected) > 1.6 * len(one.chosen)
    told = [other_language(one.rejected, path.stem) for one in by_kind["other"]]
    assert sum(name is not None for name in told) >= len(told) - 1  # a short one is not told
    for one in by_kind["wrong"]:
        assert 0.6 < len(one.rejected) / len(one.chosen) < 1.6


def test_every_language_of_the_demo_and_english_have_probes():
    assert {p.stem for p in (ROOT / "resources/probes").glob("*.yaml")} >= {"en", "es", "zh"}


def probe(number, chosen="good", rejected="bad, and longer"):
    return Probe(f"p{number}", "es", "wrong", f"q{number}", f"¿{number}?", chosen, rejected)


def replies(values):
    return [Rated(str(n), [] if v is None else [Reply("", v)]) for n, v in enumerate(values)]


def test_a_rating_judge_is_asked_about_each_answer_once():
    probes = [probe(1), probe(1, rejected="worse"), probe(2)]
    items = asked(probes, pairwise=False)
    assert [item.answer for item in items] == [
        "good",
        "bad, and longer",
        "worse",
        "good",
        "bad, and longer",
    ]
    found = results(probes, items, replies([5, 3, 5, 2, None]), pairwise=False)
    assert [(one.right, one.first) for one in found] == [(1.0, None), (0.5, None), (None, None)]
    assert [one.longer for one in found] == [0.0, 0.5, None]


def test_a_pairwise_judge_is_asked_in_both_orders():
    probes = [probe(1), probe(2)]
    items = asked(probes, pairwise=True)
    assert [(item.answer, item.answer_b) for item in items[:2]] == [
        ("good", "bad, and longer"),
        ("bad, and longer", "good"),
    ]
    always_first, right = replies([1, 1]), replies([1, 0])
    found = results(probes, items, [*always_first, *right], pairwise=True)
    assert [(one.right, one.first, one.longer) for one in found] == [
        (0.5, 1.0, 0.5),
        (1.0, 0.5, 0.0),
    ]


def test_planted_leanings_are_recovered():
    """A judge that knows 80 %, prefers what is shown first in 15 % more, of any length."""
    import numpy as np

    rng = np.random.default_rng(4)
    probes = [probe(n) for n in range(800)]
    said = []
    for _ in probes:
        knows = rng.random() < 0.7
        for chosen_first in (True, False):
            first = chosen_first if knows else rng.random() < 0.75
            said.append(float(first))
    found = results(probes, asked(probes, pairwise=True), replies(said), pairwise=True)
    row = trials("judge", found, 0.95)[0]
    assert row.low < 0.85 < row.high
    assert row.position == pytest.approx(0.3 * 0.25, abs=0.03)
    assert row.length == pytest.approx(0.15, abs=0.03)  # the wrong ones are the longer


def test_a_judge_that_fails_in_a_language_is_marked_wherever_it_is_shown(tmp_path):
    own = [Result(f"p{n}", language, "wrong", f"q{n}", right, None, None, None) for language, rights in (("es", [1, 1, 0, 0]), ("zh", [1, 1, 1, 0])) for n, right in enumerate(rights)]  # fmt: skip
    rows = trials("judge", own, 0.95)
    assert [(row.language, row.accuracy, row.passes) for row in rows if row.kind is None] == [
        (None, 0.625, False),
        ("es", 0.5, False),
        ("zh", 0.75, True),
    ]
    told = warnings(rows)
    assert told == {"judge": " (fails probes: es 50 %)"} and PASSING == 0.7
    (tmp_path / "warnings.json").write_text(json.dumps(told), encoding="utf-8")
    labels = {"judges": {"judge": "GPT", "other": "Other"}}
    assert with_warnings(labels, [tmp_path / "warnings.json"])["judges"] == {
        "judge": "GPT (fails probes: es 50 %)",
        "other": "Other",
    }


def settings(tmp_path, server, **changes):
    own = arguments(tmp_path, server, **changes)
    return {"judge": "judge", "spec": own["spec"], "operating": own["operating"]}


def test_over_http_each_reply_is_paid_once(tmp_path):
    """A stand-in that likes long answers: it knows what breaks off and fails the padded ones."""

    def reply(prompt, nth):
        answer = re.split(r"\[Response\]", prompt)[-1]
        return f"Rating: [[{min(5, 1 + len(answer) // 60)}]]"

    path = ROOT / "resources/probes/es.yaml"
    with JudgeServer(reply=reply) as server:
        for _ in range(2):
            probe_judge.main(
                probes=[path],
                language="es",
                found=tmp_path / "judge/es.jsonl",
                **settings(tmp_path, server),
            )
        assert server.requests == 6 * 6  # a right answer and five others; nothing is asked twice
    tabulate_probes.main(
        found=[tmp_path / "judge/es.jsonl"],
        table=tmp_path / "probes.csv",
        page=tmp_path / "page.html",
        warned=tmp_path / "warnings.json",
        names=NAMES,
        confidence=0.95,
    )
    table = {
        (row["language"], row["kind"]): row
        for row in pl.read_csv(tmp_path / "probes.csv").to_dicts()
    }
    assert table["es", "padding"]["accuracy"] < 0.2 < 0.8 < table["es", "cut"]["accuracy"]
    assert table["es", None]["length"] > 0.1 and not table["es", None]["passes"]
    assert "The judge" in (tmp_path / "page.html").read_text("utf-8")
    assert "es" in json.loads((tmp_path / "warnings.json").read_text("utf-8"))["judge"]
    assert len(read_jsonl(tmp_path / "judge/es.jsonl")) == 30


def trial_in(*languages):
    judge = {"backend": "openai", "model": "m"}
    study = {"languages": {code: {} for code in languages}}
    study["judge"] = {"judges": {"j": judge}, "probe": {}}
    return Probing(read_study(study, ROOT, module=True))


def test_a_language_without_probes_is_named(tmp_path):
    assert trial_in("es", "zh").untried == {}
    untried = trial_in("es", "ga").untried
    assert untried == {"untried": ["ga"]}
    page = probes_page([], NAMES, 0.95, **untried)
    assert page.notes == ["No probes in ga: what a judge is worth there is not known."]
    with pytest.raises(
        InputError, match=r"judge\.probe: our probes are in en, es, zh, and the study"
    ):
        trial_in("ga")


def test_a_file_of_m_reward_bench(tmp_path):
    rows = [
        {"id": 7, "prompt": "¿Qué?", "chosen": "Bien", "chosen_model": "a", "rejected": "Mal", "rejected_model": "b", "subset": "alpacaeval-easy", "language": "spa_Latn"},
        {"id": 8, "prompt": "什么？", "chosen": "好", "rejected": "坏", "subset": "donotanswer", "language": "zho_Hans"},
    ]  # fmt: skip
    write_jsonl(tmp_path / "m.jsonl", rows)
    pl.DataFrame(rows).write_parquet(tmp_path / "m.parquet")
    for name in ("m.jsonl", "m.parquet"):
        (one,) = read_probes([tmp_path / name], "es")
        assert (one.kind, one.prompt, one.chosen, one.rejected) == (
            "alpacaeval-easy",
            "¿Qué?",
            "Bien",
            "Mal",
        )
        assert read_probes([tmp_path / name], "zh")[0].chosen == "好"
    with pytest.raises(InputError, match=r"m\.jsonl: no probe in 'fi' \(judge\.probe\.path\)"):
        read_probes([tmp_path / "m.jsonl"], "fi")
    write_jsonl(tmp_path / "bad.jsonl", [{"prompt": "a", "chosen": "b", "language": "es"}])
    with pytest.raises(InputError, match=r"bad\.jsonl, row 1: needs prompt, chosen, rejected"):
        read_probes([tmp_path / "bad.jsonl"], "es")
    (tmp_path / "es.yaml").write_text("- {id: a, question: b}", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"es\.yaml, entry 1: right, wrong, other, padding, order missing"
    ):
        read_probes([tmp_path / "es.yaml"], "es")
