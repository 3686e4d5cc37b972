"""The demo, run for real: is the truth that was planted in its data found, and nothing else?"""

import pytest
from conftest import checkout, run_snakemake
from mothertongue.correlate import claims as c
from mothertongue.correlate.claims import read_claims
from mothertongue.files import read_json, read_jsonl
from mothertongue.report.verdicts import checked

pytestmark = pytest.mark.long  # some four minutes on two idle cores

LANGUAGES = ("es", "zh")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The folder of the finished demo."""
    folder = checkout(tmp_path_factory.mktemp("planted") / "study", demo=True)
    done = run_snakemake("--cores", "all", cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder / "results"


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_base_is_at_chance_on_what_is_planted_and_above_it_on_the_rest(found, language):
    scores = {}
    for path in (found / "evaluate/tiny/base/none/none/seed0").glob(f"*/{language}.json"):
        score = read_json(path)
        scores[score["benchmark"]] = score["metrics"][score["metric"]]["value"]
    for planted in ("world", "grammar"):
        assert abs(scores[planted] - 50) < 3 * 100 * (0.25 / 120) ** 0.5, scores
    assert scores["shared"] > 75


def test_native_data_is_better_in_its_own_world(claims):
    cells = verdicts(claims, c.CELL, "native world")
    assert {cells[language] for language in LANGUAGES} == {c.NATIVE_BETTER}


@pytest.mark.parametrize("language", LANGUAGES)
def test_fluent_translations_are_no_worse_on_grammar_and_literal_ones_are(claims, language):
    fluent = verdicts(claims, c.TRANSLATOR, "grammar", second="fluent")
    literal = verdicts(claims, c.TRANSLATOR, "grammar", second="literal")
    assert (fluent[language], literal[language]) == (c.NO_WORSE, c.NATIVE_BETTER)


def test_translations_are_no_worse_on_what_all_rows_share(claims):
    assert verdicts(claims, c.CELL, "common ground")[None] == c.NO_WORSE


def test_knowledge_and_defects_are_told_apart(claims):
    larger = {
        claim.benchmark: claim.verdict
        for claim in claims
        if claim.contrast == c.KNOWLEDGE_OR_DEFECTS
    }
    assert larger["world"] == c.KNOWLEDGE_LARGER
    assert larger["grammar"] == c.DEFECTS_LARGER


def test_the_control_is_never_told_from_native_data(claims):
    controls = [claim for claim in claims if claim.question == c.CONTROL]
    assert len(controls) >= 3
    assert {claim.verdict for claim in controls} <= {c.NO_WORSE, c.UNDECIDED}


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_short_sentences(found, language):
    ends = {"es": ".", "zh": "。"}[language]
    for path in (found / "answer/tiny").glob(f"*/{language}/high/seed*/*/{language}.jsonl"):
        answers = [row["answer"].strip() for row in read_jsonl(path)]
        assert sum(answer.endswith(ends) and len(answer) < 80 for answer in answers) >= 11, path


def test_the_reports_size(found):
    done = run_snakemake("--report", "results/report.html", cwd=found.parent)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (found / "report.html").stat().st_size <= 25e6
