"""The demo, run for real: is the truth that was planted in its data found, and nothing else?"""

import pytest
import yaml
from conftest import checkout, run_snakemake
from mothertongue.correlate import claims as c
from mothertongue.correlate.claims import read_claims
from mothertongue.files import read_json, read_jsonl
from mothertongue.report.verdicts import checked

LANGUAGES = ("es", "zh")


def in_spanish_alone(path):
    """Take Chinese out of the demo's study, which halves it."""
    study = yaml.safe_load(path.read_text(encoding="utf-8"))
    del study["languages"]["zh"], study["data"]["again"]["zh"]
    for entry in study["conditions"]:
        entry["scope"] = ["es"]
    for benchmark in study["evaluate"]["benchmarks"].values():
        benchmark["languages"] = ["es"]
    path.unlink()  # it is a link to the repository's own
    path.write_text(yaml.safe_dump(study, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            ("es",), id="spanish", marks=pytest.mark.slow
        ),  # two minutes on two idle cores
        pytest.param(LANGUAGES, id="whole", marks=pytest.mark.long),  # four
    ],
)
def found(request, tmp_path_factory):
    """The folder of the finished demo; with its languages."""
    folder = checkout(tmp_path_factory.mktemp("planted") / "study", demo=True)
    if request.param != LANGUAGES:
        in_spanish_alone(folder / "config.yaml")
    done = run_snakemake("--cores", "all", cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder / "results"


@pytest.fixture
def languages(request):
    """The languages of the study that was run."""
    return request.node.callspec.params["found"]


@pytest.fixture(scope="module")
def claims(found):
    """Every claim of the demo, with the verdict that the report gives it."""
    return [checked(claim) for claim in read_claims(found / "correlate/study/claims.json")]


def verdicts(claims, question, group, **more):
    return {
        claim.language: claim.verdict
        for claim in claims
        if (claim.question, claim.group) == (question, group)
        and all(getattr(claim, key) == value for key, value in more.items())
    }


def test_the_base_is_at_chance_on_what_is_planted_and_above_it_on_the_rest(found, languages):
    base = found / "evaluate/tiny/base/none/none/seed0"
    for language in languages:
        scores = {}
        for path in base.glob(f"*/{language}.json"):
            score = read_json(path)
            scores[score["benchmark"]] = score["metrics"][score["metric"]]["value"]
        for planted in ("world", "grammar"):
            assert abs(scores[planted] - 50) < 3 * 100 * (0.25 / 120) ** 0.5, (language, scores)
        assert scores["shared"] > 75, (language, scores)


def test_native_data_is_better_in_its_own_world(claims, languages):
    cells = verdicts(claims, c.CELL, "native world")
    assert {cells[language] for language in languages} == {c.NATIVE_BETTER}


def test_fluent_translations_are_no_worse_on_grammar_and_literal_ones_are(claims, languages):
    fluent = verdicts(claims, c.TRANSLATOR, "grammar", second="fluent")
    literal = verdicts(claims, c.TRANSLATOR, "grammar", second="literal")
    for language in languages:
        assert (fluent[language], literal[language]) == (c.NO_WORSE, c.NATIVE_BETTER), language


def test_translations_are_no_worse_on_what_all_rows_share(claims, languages):
    over = None if len(languages) > 1 else languages[0]
    assert verdicts(claims, c.CELL, "common ground")[over] == c.NO_WORSE


def test_knowledge_and_defects_are_told_apart(claims):
    larger = {
        claim.benchmark: claim.verdict
        for claim in claims
        if claim.contrast == c.KNOWLEDGE_OR_DEFECTS
    }
    assert larger["world"] == c.KNOWLEDGE_LARGER
    assert larger["grammar"] == c.DEFECTS_LARGER


def test_the_control_is_never_told_from_native_data(claims, languages):
    controls = [claim for claim in claims if claim.question == c.CONTROL]
    assert len(controls) >= 1 + len(languages)
    assert {claim.verdict for claim in controls} <= {c.NO_WORSE, c.UNDECIDED}


def test_answers_are_short_sentences(found, languages):
    for language in languages:
        ends = {"es": ".", "zh": "。"}[language]
        sets = [*(found / "answer/tiny").glob(f"*/{language}/high/seed*/*/{language}.jsonl")]
        assert sets
        for path in sets:
            answers = [row["answer"].strip() for row in read_jsonl(path)]
            short = [answer for answer in answers if answer.endswith(ends) and len(answer) < 80]
            assert len(short) >= 11, path


def test_the_reports_size(found):
    done = run_snakemake("--report", "results/report.html", cwd=found.parent)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (found / "report.html").stat().st_size <= 25e6
