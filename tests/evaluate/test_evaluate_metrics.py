"""Metrics of benchmarks: hand-made cases, and the official formulas on real items."""

import math
import re
import string
from collections import Counter

import pytest
from conftest import ROOT
from mothertongue.evaluate import metrics, score
from mothertongue.evaluate.read import read_rows
from mothertongue.study.tasks import read_task


def normalised(scores: dict) -> dict:
    """The metrics that compare normalised answers."""
    return {k: v for k, v in scores.items() if not k.endswith(("_strict", "_harness"))}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "The  Quick, brown fox!", "quick brown fox"),
        ("en", "ＡＢＣ１２３，（ｘ）", "abc123x"),  # full-width letters, digits, punctuation
        ("en", "“an apple”", "apple"),
        ("es", "Los niños y la Niña", "niños y niña"),
        ("es", "¿El 3 de mayo?", "3 de mayo"),
        ("ru", "ЁЖИК в Тумане.", "ежик в тумане"),
        ("ru", "«Ещё» — а the", "еще а the"),  # no articles in Russian; English ones stay
        ("zh", "北京 大学（１９９８年）。", "北京大学1998年"),
        ("zh", "the 长城、New  York", "the长城new york"),  # no articles in Chinese
        ("de", "Der Hund, ein Tier", "hund tier"),
        ("fr", "L’eau et la vie", "eau et vie"),
    ],
)
def test_normalisation(language, text, expected):
    assert metrics.normalise(text, language) == expected


@pytest.mark.parametrize(
    ("language", "prediction", "gold", "em", "f1", "include"),
    [
        ("es", "en la casa", "casa", 0, 2 / 3, 1),
        ("es", "La casa.", "casa", 1, 1, 1),
        ("ru", "Три ежа", "три ЕЖА", 1, 1, 1),
        ("ru", "в 1990 году", "1990", 0, 0.5, 1),
        ("zh", "是北京大学", "北京大学", 0, 8 / 9, 1),
        ("zh", "３０８", "308", 1, 1, 1),
        ("zh", "上海", "北京", 0, 0, 0),
        ("en", "", "x", 0, 0, 0),
    ],
)
def test_short_answers(language, prediction, gold, em, f1, include):
    assert metrics.exact_match(prediction, gold, language) == em
    assert metrics.f1(prediction, gold, language) == pytest.approx(f1)
    assert metrics.include(prediction, gold, language) == include


def test_the_best_of_several_gold_answers_counts():
    doc = {"answers": ["Madrid", "la villa de Madrid"], "language": "es"}
    found = metrics.score_short_answer(doc, [" villa de Madrid\n"])
    assert normalised(found) == {"em": 1.0, "f1": 1.0, "include": 1.0}


def squad_normalise(text: str) -> str:
    """SQuAD v1.1's evaluation, written down anew from its description."""
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def squad_f1(prediction: str, gold: str) -> float:
    found, wanted = squad_normalise(prediction).split(), squad_normalise(gold).split()
    same = sum((Counter(found) & Counter(wanted)).values())
    return 2 * same / (len(found) + len(wanted)) if same else 0.0


def plain(text: str) -> bool:
    return all(c.isascii() or c.isalpha() for c in text)


@pytest.mark.data
def test_english_scores_are_squad_s_on_real_xquad(shared):
    rows = read_rows(shared / "data" / "xquad" / "xquad.en.json")
    assert len(rows) == 1190
    compared = different = 0
    for number, row in enumerate(rows):
        gold, context = row["answers"][0], row["context"]
        start = max(0, context.find(gold) - 12)
        wrong = rows[number - 1]["answers"][0]
        for prediction in (gold, f"The {gold.upper()}!", context[start : start + 40], wrong, ""):
            ours_em = metrics.exact_match(prediction, gold, "en")
            ours_f1 = metrics.f1(prediction, gold, "en")
            em = float(squad_normalise(prediction) == squad_normalise(gold))
            if plain(prediction) and plain(gold):
                compared += 1
                assert ours_em == em
                assert ours_f1 == pytest.approx(squad_f1(prediction, gold))
            else:  # Unicode punctuation, which SQuAD leaves standing
                different += ours_em < em
    assert compared > 5 * 1190 * 0.9
    assert different == 0


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("language", ["en", "es", "ru", "zh"])
def test_gold_answers_of_real_xquad_match_themselves_in_any_case(shared, language):
    for row in read_rows(shared / "data" / "xquad" / f"xquad.{language}.json"):
        for gold in row["answers"]:
            for change in (str.upper, str.lower, str.swapcase, str.casefold):
                doc = {"answers": [gold], "language": language}
                found = metrics.score_short_answer(doc, [change(gold)])
                assert normalised(found) == {"em": 1.0, "f1": 1.0, "include": 1.0}, gold


@pytest.mark.parametrize(
    ("language", "prediction", "gold", "em"),
    [
        ("ar", "١٩٨٥", "1985", 1),
        ("hi", "१९८५", "1985", 1),
        ("fa", "۱۹۸۵", "1985", 1),
        ("my", "၁၉၈၅", "1985", 1),
        ("en", "−5", "-5", 1),
        ("en", "1990–1995", "1990-1995", 1),
        ("en", "1990\u20111995", "1990-1995", 1),
        ("en", "ﬁnal № 3", "final No 3", 1),
        ("de", "STRASSE", "Straße", 1),
        ("de", "Straſſe", "Strasse", 1),
        ("el", "ΟΔΌΣ", "οδός", 1),
        ("el", "ΣΩΚΡΑΤΗΣ", "Σωκράτης", 1),  # capitals have no accents
        ("el", "ποτέ", "πότε", 0),
        ("tr", "istanbul", "İstanbul", 1),
        ("tr", "İSTANBUL", "İstanbul", 1),
        ("tr", "ISTANBUL", "istanbul", 1),  # English case
        ("tr", "ısparta", "Isparta", 1),
        ("tr", "kır", "kir", 0),  # other words
        ("az", "bakı", "BAKI", 1),
        ("en", "co\u00adop\u200b", "coop", 1),
        ("he", "\u200fתל אביב\u200e", "תל אביב", 1),
        ("fa", "می\u200cرود", "میرود", 1),
        ("es", "\ufeffMadrid", "Madrid", 1),
        ("es", "cafe\u0301", "café", 1),
        ("en", "rock´n´roll", "rock'n'roll", 1),
        ("ko", "서울", "서울", 1),
        ("ar", "محـــمد", "محمد", 0),
    ],
)
def test_what_looks_different_and_means_the_same(language, prediction, gold, em):
    assert metrics.exact_match(prediction, gold, language) == em
    assert metrics.f1(prediction, gold, language) == pytest.approx(em)
    assert metrics.include(f"x {prediction} y", gold, language) == em


def test_arabic_marks_are_an_option_of_the_task():
    doc = {"answers": ["مُحَمَّد"], "language": "ar"}
    assert metrics.score_short_answer(doc, ["محـــمد"])["em"] == 0
    found = metrics.score_short_answer({**doc, "arabic_marks": "drop"}, ["محـــمد"])
    assert normalised(found) == {"em": 1.0, "f1": 1.0, "include": 1.0}


@pytest.mark.parametrize(
    ("language", "text", "tokens"),
    [
        ("zh", "在2008年的 Olympic Games", ["在", "2008", "年", "的", "olympic", "games"]),
        ("ja", "東京タワー", list("東京タワー")),
        ("th", "ไทย 2020", ["ไ", "ท", "ย", "2020"]),
        ("zh", "Москва 是首都", ["москва", "是", "首", "都"]),
        ("ko", "서울 특별시", ["서울", "특별시"]),
    ],
)
def test_unseparated_scripts_count_characters(language, text, tokens):
    assert metrics.tokens(metrics.normalise(text, language), language) == tokens


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("language", ["es", "ru", "zh"])
def test_gold_answers_of_real_xquad_score_full_marks(shared, language):
    rows = read_rows(shared / "data" / "xquad" / f"xquad.{language}.json")
    for row in rows:
        gold = row["answers"][0]
        doc = {"answers": row["answers"], "language": language}
        assert metrics.score_short_answer(doc, [f" {gold}."])["em"] == 1.0, gold
        assert metrics.include(row["context"], gold, language) == 1.0, gold


@pytest.mark.parametrize(
    ("language", "text", "gold", "right"),
    [
        ("es", "Tenía 5 y compró 6. La respuesta es 11.", "11", 1),
        ("es", "La respuesta es 1.250 euros", "1250", 1),
        ("es", "La respuesta es 3,5.", "3.5", 1),
        ("es", "La respuesta es 55.", "5.5", 0),
        ("es", "Son 12 - 4 = 8", "8", 1),
        ("es", "No lo sé.", "8", 0),
        ("ru", "Ответ — 1 500 рублей.", "1500", 1),
        ("ru", "Ответ — −7", "-7", 1),
        ("ru", "2+3=5. Ответ — 5,0", "5", 1),
        ("ru", "Ответ — 0,5", "0.5", 1),
        ("zh", "５ ＋ ６ ＝ １１。答案是 １１。", "11", 1),
        ("zh", "答案是18", "18", 1),
        ("zh", "一共有1,234个，答案是 1,234。", "1234", 1),
        ("zh", "答案是 18。", "8", 0),
        ("zh", "。，", "18", 0),
        ("en", "He pays $1,000.50.", "1000.5", 1),
        # one mark before three digits: the gold answer's own form decides, else the language
        ("de", "Es 1.234", "1234", 1),
        ("en", "Es 1.234", "1234", 0),
        ("en", "Es 1,234", "1.234", 0),
        ("de", "Es 1.234", "1.234", 1),
        ("de", "Es 1,234", "1.234", 0),
        ("es", "Es 12.5", "12,5", 1),
        ("es", "Es 125", "12,5", 0),
        ("es", "Son $5,600", "5600", 1),  # dollars, as models write them in every language
        ("es", "Es 5,6", "5600", 0),
        ("bn", "Es ১,০০,০০০", "100000", 1),
        ("ar", "Es ١٢٫٥", "12.5", 1),
    ],
)
def test_numbers_of_a_chain_of_thought(language, text, gold, right):
    assert metrics.same_number(text, gold, language) == right


@pytest.mark.parametrize(
    ("prediction", "strict", "contained"),
    [
        (" el Nilo ", 1, 1),  # space at the ends is no part of the string
        ("El Nilo", 0, 0),
        ("el Nilo.", 0, 1),
        ("Es el Nilo, claro", 0, 1),
        ("Nilo", 0, 0),
        ("", 0, 0),
    ],
)
def test_the_papers_forms_compare_strings_and_are_never_above_ours(prediction, strict, contained):
    doc = {"answers": ["el Nilo", "Río Nilo"], "language": "es"}
    found = metrics.score_short_answer(doc, [prediction])
    assert found["exact_match_strict"] == strict
    assert found["include_strict"] == contained
    assert found["em"] >= strict and found["include"] >= contained


@pytest.mark.parametrize(
    ("language", "text", "gold", "strict", "flexible"),
    [
        ("es", "La respuesta es 11. Fin 12", "11", 1, 0),
        ("es", "11", "11", 0, 1),
        ("zh", "答案是 18。", "18", 1, 1),
        ("zh", "答案是 18", "18", 0, 1),  # the harness wants the full stop
        ("ru", "Ответ — 5.5.", "55", 1, 1),  # its flaw: punctuation does not count
    ],
)
def test_the_harness_s_two_filters_stand_beside_ours(language, text, gold, strict, flexible):
    words = read_task("mgsm", ROOT / "tasks")["metadata"]["languages"][language]
    found = metrics.harness_filters(text, gold, words["strict"])
    assert found == {"strict-match": strict, "flexible-extract": flexible}


def test_means_errors_and_units():
    rows = [
        {"subject": "a", "acc": 100.0},
        {"subject": "a", "acc": 0.0},
        {"subject": "a", "acc": 100.0},
        {"subject": "a", "acc": 100.0},
        {"subject": "b", "acc": 0.0},
        {"subject": "b", "acc": 100.0},
    ]
    found = score.summarise(rows, {"family": "choice", "metrics": ["acc"]})
    micro, macro = found["metrics"]["acc"], found["metrics"]["acc_macro"]
    assert micro["value"] == pytest.approx(100 * 4 / 6)
    p = 4 / 6
    assert micro["stderr"] == pytest.approx(100 * math.sqrt(p * (1 - p) / 5))
    assert macro["value"] == pytest.approx((75 + 50) / 2)
    parts = [75 * 25 / 3, 50 * 50 / 1]  # squared errors of the two subjects' means
    assert macro["stderr"] == pytest.approx(math.sqrt(sum(parts)) / 2)
    assert micro["n"] == macro["n"] == 6
    assert found["unit"] == {"acc": "%", "acc_macro": "%"}
    assert score.mean([50.0]) == {"value": 50.0, "stderr": None, "n": 1}


def test_perplexity_and_bits():
    rows = [{"loglikelihood": -2.0, "tokens": 4, "characters": 8, "bytes": 10}] * 3
    found = score.summarise(rows, {"family": "text", "metrics": []})
    assert found["metrics"]["perplexity"]["value"] == pytest.approx(math.exp(0.5))
    assert found["metrics"]["bits_per_character"]["value"] == pytest.approx(0.25 / math.log(2))
    assert found["metrics"]["perplexity"]["stderr"] == pytest.approx(0)
    assert found["metrics"]["bits_per_byte"]["value"] == pytest.approx(0.2 / math.log(2))
    assert found["metrics"]["loglikelihood"] == {"value": -2.0, "stderr": 0.0, "n": 3}
    assert found["higher_is_better"] == {
        **dict.fromkeys(["perplexity", "bits_per_byte", "bits_per_character"], False),
        "loglikelihood": True,
    }


def test_output_lengths():
    rows = [{"prediction": "abc", "output_tokens": 2, "unfinished": False}]
    rows += [{"prediction": "abcde", "output_tokens": 6, "unfinished": True}]
    found = score.output_lengths(rows)
    assert found["characters"] == {"mean": 4, "median": 4, "max": 5}
    assert found["tokens"]["max"] == 6
    assert found["unfinished"] == 1


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("language", ["en", "es", "ru"])
def test_f1_of_the_harness_is_lm_evals_on_real_answers(shared, language):
    import runpy
    from pathlib import Path

    import lm_eval

    theirs = runpy.run_path(str(Path(lm_eval.__file__).parent / "tasks" / "tydiqa" / "utils.py"))
    rows = read_rows(shared / "data" / "xquad" / f"xquad.{language}.json")[:300]
    for number, row in enumerate(rows):
        gold, context = row["answers"][0], row["context"]
        start = max(0, context.find(gold) - 12)
        for prediction in (gold, f"«{gold.upper()}»!", context[start : start + 60], "", "?!"):
            golds = [gold, rows[number - 1]["answers"][0]]
            doc = {"answers": golds, "language": language}
            ours = metrics.score_short_answer(doc, [prediction])
            expected = theirs["process_results_lang"](doc, [prediction], language)["f1"]
            assert ours["f1_harness"] == pytest.approx(expected)
    doc = {"answers": ["ёлка"], "language": "ru"}  # ours folds ё, lm-eval's does not
    found = metrics.score_short_answer(doc, ["елка"])
    assert (found["f1"], found["f1_harness"]) == (1.0, 0.0)
