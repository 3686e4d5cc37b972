"""Compute the metrics of the task pack: exact match, F1 and include for short answers, numbers.

Normalisation (documented in docs/add-a-benchmark.md, tested on hand-made cases): characters of one
meaning become one (NFKC, digits of any script, dashes; invisible characters go), letters are folded
as the language does, punctuation goes, articles go in languages that have them as separate words;
where words are not separated, spaces do not matter and every character is a token. For English text
this is the SQuAD formula.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from ..characters import DASHES, ascii_digits, without_invisible
from ..errors import InputError
from ..numbers import find_numbers, parse_number

ARTICLES = {
    "en": r"\b(a|an|the)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "pt": r"\b(um|uma|uns|umas|o|a|os|as)\b",
    "fr": r"\b(un|une|des|le|la|les)\b|\bl['’]",
    "it": r"\b(un|una|uno|il|lo|la|i|gli|le)\b",
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "nl": r"\b(een|de|het)\b",
    "hu": r"\b(a|az|egy)\b",
}
WITHOUT_SPACES = {"zh", "yue", "ja", "th", "lo", "km", "my", "bo"}  # words are not separated
# Thai and Lao, Tibetan, Burmese, Khmer, kana, Han
UNSEPARATED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
BESIDE_UNSEPARATED = re.compile(rf"(?<=[{UNSEPARATED}]) | (?=[{UNSEPARATED}])")
CHARACTERS = re.compile(rf"[{UNSEPARATED}]|[^\s{UNSEPARATED}]+")
TURKIC = {"tr", "az"}  # I is the capital of \u0131, and \u0130 that of i
TURKIC_CAPITALS = str.maketrans({"I": "\u0131", "\u0130": "i"})
ARABIC_MARKS = re.compile(
    "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]"
)
# Accents that stand alone are apostrophes to whoever types them; the fraction slash is a slash.
LOOKALIKES = str.maketrans({"\u00b4": "'", "\u2044": "/"})


@cache
def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "P" or character in string.punctuation


def fold_case(text: str, turkic: bool = False) -> str:
    """Full case folding (Greek final sigma, German sharp s); `turkic`: I and \u0131, \u0130 and i."""
    if turkic:
        text = text.translate(TURKIC_CAPITALS)
    return text.casefold().replace("i\u0307", "i")


def normalise(
    text: str, language: str, *, drop_marks: bool = False, turkic: bool | None = None
) -> str:
    """Bring an answer into the form that is compared.

    `drop_marks` leaves out Arabic tatweel and diacritics; `turkic` folds case as Turkish does
    (default: in Turkish and Azerbaijani).
    """
    text = ascii_digits(without_invisible(text)).translate(DASHES).translate(LOOKALIKES)
    text = unicodedata.normalize("NFKC", text).translate(LOOKALIKES)
    text = fold_case(text, language in TURKIC if turkic is None else turkic)
    text = unicodedata.normalize("NFKC", text)
    if drop_marks:
        text = ARABIC_MARKS.sub("", text)
    if language == "ru":
        text = text.replace("ё", "е")
    if language == "fr":  # l'eau: the article hangs on the word
        text = re.sub(r"\bl['’]", " ", text)
    text = "".join(c for c in text if not _is_mark(c))
    if language in ARTICLES:
        text = re.sub(ARTICLES[language], " ", text)
    text = " ".join(text.split())
    return BESIDE_UNSEPARATED.sub("", text) if language in WITHOUT_SPACES else text


def tokens(text: str, language: str) -> list[str]:
    """Split a normalised answer into the tokens that F1 counts (MLQA's in unseparated scripts)."""
    return CHARACTERS.findall(text) if language in WITHOUT_SPACES else text.split()


def _forms(prediction: str, gold: str, language: str, drop_marks: bool) -> list[tuple[str, str]]:
    """Both texts normalised alike; in Turkish also with English case, which people type too.

    Greek capitals have no accents: where a word is in capitals, those of others do not count.
    """
    words = f"{prediction} {gold}".split() if language == "el" else []
    if any(len(word) > 1 and word.isupper() for word in words):
        prediction, gold = _without_accents(prediction), _without_accents(gold)
    return [
        (
            normalise(prediction, language, drop_marks=drop_marks, turkic=turkic),
            normalise(gold, language, drop_marks=drop_marks, turkic=turkic),
        )
        for turkic in ((True, False) if language in TURKIC else (False,))
    ]


def _without_accents(text: str) -> str:
    return unicodedata.normalize("NFD", text).replace("\u0301", "")


def exact_match(prediction: str, gold: str, language: str, drop_marks: bool = False) -> float:
    """1 if prediction and gold answer are equal after normalisation."""
    return float(any(a == b for a, b in _forms(prediction, gold, language, drop_marks)))


def f1(prediction: str, gold: str, language: str, drop_marks: bool = False) -> float:
    """Token F1 of prediction and gold answer (SQuAD)."""
    return max(
        _overlap(tokens(found, language), tokens(wanted, language))
        for found, wanted in _forms(prediction, gold, language, drop_marks)
    )


def _overlap(found: list[str], wanted: list[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    same = sum((Counter(found) & Counter(wanted)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(found), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


def include(prediction: str, gold: str, language: str, drop_marks: bool = False) -> float:
    """1 if the gold answer is a substring of the generation (both normalised)."""
    forms = _forms(prediction, gold, language, drop_marks)
    if not any(wanted for _, wanted in forms):  # an answer of punctuation only
        return float(gold.strip() in prediction)
    return float(any(wanted in found for found, wanted in forms))


def best(
    metric: Callable[..., float], prediction: str, golds: list[str], lang: str, drop: bool = False
) -> float:
    """The metric against the gold answer it suits best."""
    return max(metric(prediction, gold, lang, drop) for gold in golds)


def last_number(text: str, language: str, like: str | None = None) -> Decimal | None:
    """The last number of a text: where a chain of thought puts its answer."""
    found = find_numbers(text, language, like)
    return found[-1] if found else None


def same_number(prediction: str, gold: str, language: str) -> float:
    """1 if the last number of the prediction equals the gold answer, as both write numbers."""
    wanted = parse_number(gold, language)
    if wanted is None:
        raise InputError(f"the gold answer {gold[:40]!r} is not a number")
    return answers_number(prediction, wanted, gold, language)


def answers_number(prediction: str, wanted: Decimal, written: str, language: str) -> float:
    """1 if the last number of the prediction is `wanted`, which the gold answer has as `written`.

    A form with two readings (1.234, 1,234) is read as the gold answer writes numbers, else as the
    language does. Where the gold answer is a whole number without marks, a comma before three
    digits may also group thousands: models write dollars in English form in every language.
    """
    if last_number(prediction, language, written) == wanted:
        return 1.0
    unmarked = written.strip().lstrip("-+").isdecimal()
    return float(unmarked and last_number(prediction, language, "1,000.5") == wanted)


def harness_f1(prediction: str, golds: list[str], language: str) -> float:
    """Token F1 as lm-eval's tydiqa_goldp tasks score it (MLQA's way), against the best gold answer.

    Lower case, no punctuation, English articles in English alone, tokens between spaces.
    """

    def pieces(text: str) -> list[str]:
        text = "".join(c for c in text.lower() if not _is_mark(c))
        return (re.sub(r"\b(a|an|the)\b", " ", text) if language == "en" else text).split()

    found = pieces(prediction)
    return max(_overlap(found, wanted) if (wanted := pieces(gold)) else 0.0 for gold in golds)


def harness_filters(prediction: str, gold: str, pattern: str) -> dict[str, float]:
    """Score as lm-eval's MGSM does: its strict pattern, and its flexible last-number pattern.

    Kept beside ours for comparison with published figures, with their known flaws: they compare
    texts without punctuation, so 5.5 equals 55, and `.,` counts as a number.
    """

    def equal(text: str) -> float:
        strip = str.maketrans("", "", string.punctuation)
        return float(text.lower().translate(strip) == str(gold).lower().translate(strip))

    strict = re.findall(pattern, prediction)
    flexible = re.findall(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", prediction)
    last = next((part for part in flexible[-1] if part), "") if flexible else ""
    return {
        "strict-match": equal(strict[0].strip()) if strict else 0.0,
        "flexible-extract": equal(last.strip()),
    }


# ---- what lm-eval calls for every item: (doc, results) -> {metric: value between 0 and 1}


def score_short_answer(doc: Mapping[str, Any], results: list[str]) -> dict[str, float]:
    """Exact match, F1 and include of a generated short answer, and the first and last by string."""
    prediction, golds, language = results[0].strip(), list(doc["answers"]), doc["language"]
    drop = doc.get("arabic_marks") == "drop"
    metrics = {"em": exact_match, "f1": f1, "include": include}
    scores = {
        name: best(metric, prediction, golds, language, drop) for name, metric in metrics.items()
    }
    return {
        **scores,
        "exact_match_strict": float(prediction in [gold.strip() for gold in golds]),
        "f1_harness": harness_f1(prediction, golds, language),
        "include_strict": float(any(gold.strip() in prediction for gold in golds)),
    }


def score_number(doc: Mapping[str, Any], results: list[str]) -> dict[str, float]:
    """Numeric match of a chain of thought's last number, and the harness's two filters."""
    prediction, wanted = results[0], Decimal(doc["answer_number"])
    written = doc.get("answer_written") or doc["answer_number"]
    return {
        "em": answers_number(prediction, wanted, written, doc["language"]),
        **harness_filters(prediction, doc["answer_number"], doc["words"]["strict"]),
    }


def score_choice(doc: Mapping[str, Any], results: list[tuple[float, bool]]) -> dict[str, float]:
    """Accuracy: the most likely option is the right one (the first of equals)."""
    scores = [likelihood for likelihood, _ in results]
    return {"acc": float(scores.index(max(scores)) == doc["gold"])}


def score_cloze(doc: Mapping[str, Any], results: list[tuple[float, bool]]) -> dict[str, float]:
    """Accuracy by the options' log-likelihoods, and by these per character of the option (acc_norm)."""
    scores = [likelihood for likelihood, _ in results]
    per_character = [score / len(text) for score, text in zip(scores, doc["options"], strict=True)]
    return {
        "acc": float(scores.index(max(scores)) == doc["gold"]),
        "acc_norm": float(per_character.index(max(per_character)) == doc["gold"]),
    }


def score_text(doc: Mapping[str, Any], results: list[tuple[float, bool]]) -> dict[str, float]:
    """Log-likelihood of a text; perplexity is made of all items together."""
    return {"loglikelihood": results[0][0]}
