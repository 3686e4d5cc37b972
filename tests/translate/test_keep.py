"""The best of a translator's rows as training data: scores, what is kept, and the rules that make it."""

import csv

import pytest
import yaml
from conftest import ROOT, SMALL, run_snakemake
from mothertongue.files import read_json, read_jsonl
from mothertongue.report.provenance import translation_table
from mothertongue.sample.rows import Row
from mothertongue.translate.keep import chrf_scores, keep_best, lid_scores
from standin import StandIn, invented
from test_rows import NUMBER, lay_out, make
from translating import back_to_english, english_rows

SPANISH = "Las casas del pueblo tienen una puerta grande por donde pasan los vecinos cada tarde."
ENGLISH = "The houses of the village have a large door through which the neighbours pass each day."


def row(name, instruction, output="", language="es"):
    return Row.pair(name, language, instruction, output, {})


def test_a_row_that_comes_back_the_same_scores_100_and_a_changed_one_less():
    english = [row("a", "The old town has seven bridges.", "Yes."), row("b", ENGLISH, "No.")]
    back = [english[0], row("b", "The homes of a hamlet own one big gate.", "No.")]
    scores = chrf_scores(english, back)
    assert scores["a"] == pytest.approx(100)
    assert 5 < scores["b"] < 60
    assert chrf_scores(english, back[:1]).keys() == {"a"}  # b did not come back


def test_the_likelihood_of_the_language_parts_spanish_from_english_and_leaves_the_short_out():
    rows = [row("es", SPANISH, SPANISH), row("en", ENGLISH, ENGLISH), row("short", "7", "42")]
    scores = lid_scores(rows)
    assert scores["es"] > 0.9
    assert scores["en"] < 0.1
    assert "short" not in scores


def test_the_best_share_of_each_language_is_kept_in_order():
    rows = [row(f"{code}{n}", "x", language=code) for n in range(6) for code in ("es", "zh")]
    scores = {f"es{n}": 90.0 - n for n in range(6)} | {f"zh{n}": 10.0 + n for n in range(6)}
    kept, told = keep_best(rows, scores, 0.5, unscored_last=True)
    assert [one.id for one in kept] == ["es0", "es1", "es2", "zh3", "zh4", "zh5"]
    assert (told["es"].threshold, told["zh"].threshold) == (88.0, 13.0)
    assert told["es"].mean_kept == 89.0
    assert told["es"].mean_left == 86.0
    assert told["es"].tied == 0


@pytest.mark.parametrize("last", [True, False])
def test_a_row_without_a_score_is_last_or_in_the_middle(last):
    rows = [row(name, "x") for name in "abcde"]
    scores = {"a": 1.0, "b": 2.0, "c": 4.0, "d": 5.0}  # the median is 3
    kept, told = keep_best(rows, scores, 0.6, unscored_last=last)
    assert {one.id for one in kept} == ({"b", "c", "d"} if last else {"c", "d", "e"})
    assert told["es"].unscored == 1


def test_ties_at_the_threshold_are_counted_and_broken_alike_every_time():
    rows = [row(name, "x") for name in "abcdef"]
    scores = dict.fromkeys("abcde", 1.0) | {"f": 0.0}
    kept, told = keep_best(rows, scores, 0.5, unscored_last=True)
    assert told["es"].tied == 5
    assert len(kept) == 3
    assert keep_best(rows[::-1], scores, 0.5, unscored_last=True)[0] == kept[::-1]


class Remembering(StandIn):
    """Translates, and brings back the very source of texts about an even case; others in other words."""

    def __init__(self):
        super().__init__()
        self.sources = {}

    def asked_for(self, text, instruction):
        self.translate = self.both
        return ("en:" if "to English" in instruction else "es:") + text

    def both(self, text):
        way, text = text[:3], text[3:]
        if way == "es:":
            self.sources[invented(text)] = text
            return invented(text)
        source = self.sources.get(text, text)
        last = source.rstrip(".").rsplit(" ", 1)[-1]
        return source if last.isdigit() and int(last) % 2 == 0 else back_to_english(text)


@pytest.mark.slow
def test_the_best_half_is_planned_made_and_paid_once_by_the_rules(tmp_path):
    with Remembering() as server:
        folder = tmp_path / "study"
        command = lay_out(folder, server, server)
        path = folder / "study.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        translators = content["translate"]["translators"]
        translators.pop("two")
        one = translators["one"]
        translators["best"] = {**one, "keep": {"best": 0.5, "by": "roundtrip-chrf"}}
        translators["sure"] = {**one, "keep": {"best": 0.5, "by": "lid"}}
        content["conditions"] = [
            {"data": ["native", "one", "best", "sure"], "scope": ["es"]},
        ]
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        make(folder, command, "results/translate/one/es.jsonl")
        after_one = server.arrived.total()
        make(folder, command, "estimate")
        with (folder / "results/estimate/cost.csv").open(encoding="utf-8") as handle:
            lines = {(r["stage"], r["who"], r["what"]): r for r in csv.DictReader(handle)}
        assert int(lines["keep", "best", "es out"]["requests"]) == 0  # the replies are there
        assert int(lines["keep", "best", "es back"]["requests"]) > 0
        make(folder, command, "results/translate/quality.csv",
             *(f"results/finetune/sets/{d}/es/train.jsonl" for d in ("one", "best", "sure")))  # fmt: skip
        assert server.arrived.total() - after_one <= 2 * (NUMBER - 2)  # the way back alone
        results = folder / "results"
        every = read_jsonl(results / "translate/one/es.jsonl")
        assert read_jsonl(results / "keep/best/es.all.jsonl") == [
            {**r, "origin": {**r["origin"], "translator": "best"}} if "translator" in r["origin"]
            else r for r in every
        ]  # fmt: skip
        kept = read_jsonl(results / "translate/best/es.jsonl")
        assert len(kept) == round(len(every) / 2)
        even = [r["instruction"] for r in english_rows(NUMBER) if int(r["instruction"].rstrip(".").split()[-1]) % 2 == 0]  # fmt: skip
        sources = {
            r["id"]: r["instruction"] for r in read_jsonl(results / "sample/english/es.jsonl")
        }
        right = [sources[r["id"]] in even for r in every]
        assert sum(sources[r["id"]] in even for r in kept) == min(sum(right), len(kept))
        report = read_json(results / "translate/best/es.report.json")
        assert (report["rows"], report["keep"]["by"]) == (len(kept), "roundtrip-chrf")
        told = [
            results / f"{place}.report.json" for place in ("translate/best/es", "keep/best/es.back")
        ]
        table = translation_table(told, {"best": "Best half"})
        assert [row[:2] for row in table.rows] == [
            ["Best half", "es"],
            ["Best half", "es, back to be rated"],
        ]
        assert any("rows with the highest roundtrip-chrf are kept" in note for note in table.notes)
        scores = read_jsonl(results / "keep/best/es.scores.jsonl")
        assert {s["id"] for s in scores if s["kept"]} == {r["id"] for r in kept}
        assert min(s["score"] for s in scores if s["kept"]) >= max(
            s["score"] for s in scores if not s["kept"]
        )
        again = make(folder, command, "results/translate/quality.csv", "-n")
        assert "Nothing to be done" in again


@pytest.mark.slow
def test_the_rules_plan_as_a_module_and_the_learned_estimate_has_its_own_environment(tmp_path):
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    entry = next(iter(config["translate"]["translators"].values()))
    config["translate"]["translators"]["learned"] = {**entry, "label": "Best", "keep": {"best": 0.3, "by": "qe"}}  # fmt: skip
    config["conditions"].append({**config["conditions"][0], "data": ["learned"]})
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (tmp_path / "mothertongue").symlink_to(ROOT)
    (tmp_path / "resources").symlink_to(SMALL / "resources")
    (tmp_path / "Snakefile").write_text(
        'configfile: "study.yaml"\nmodule keeping:\n    snakefile: "mothertongue/rules/translate.smk"\n'
        '    config: config\nuse rule * from keeping as ours_*\n',
        encoding="utf-8",
    )  # fmt: skip
    english = tmp_path / "results/sample/english/es.jsonl"
    english.parent.mkdir(parents=True)
    english.touch()
    plan = run_snakemake("-n", "-p", "results/translate/learned/es.jsonl", cwd=tmp_path)
    assert plan.returncode == 0, plan.stdout + plan.stderr
    for rule in ("translate_all", "rate_translations", "keep_best"):
        assert f"rule ours_{rule}:" in plan.stdout + plan.stderr
    assert "rule ours_translate_back:" not in plan.stdout + plan.stderr
