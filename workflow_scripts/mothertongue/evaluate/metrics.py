"""Metrics of the task pack: exact match, F1 and include for short answers, numbers for arithmetic.

Normalisation (documented in docs/add-a-benchmark.md, tested on hand-made cases):
full-width letters, digits and punctuation become ASCII; letters become small; punctuation goes;
articles go only in languages that have them as separate words; Russian ё counts as е; in Chinese,
spaces do not matter and every Han character is a token. For English this is the SQuAD formula.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

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
WITHOUT_SPACES = {"zh", "ja", "th", "lo", "km", "my"}  # words are not separated
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


@cache
def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "P" or character in string.punctuation


def normalise(text: str, language: str) -> str:
    """Bring an answer into the form that is compared."""
    text = unicodedata.normalize("NFC", text).translate(FULL_WIDTH).lower()
    if language == "ru":
        text = text.replace("ё", "е")
    if language == "fr":  # l'eau: the article hangs on the word
        text = re.sub(r"\bl['’]", " ", text)
    text = "".join(c for c in text if not _is_mark(c))
    if language in ARTICLES:
        text = re.sub(ARTICLES[language], " ", text)
    text = " ".join(text.split())
    if language in WITHOUT_SPACES:  # spaces count between Latin words and numbers only
        text = re.sub(r"(?<![a-z0-9]) | (?![a-z0-9])", "", text)
    return text


def tokens(text: str, language: str) -> list[str]:
    """Split a normalised answer into the tokens that F1 counts."""
    if language not in WITHOUT_SPACES:
        return text.split()
    return re.findall(r"[0-9a-zÀ-ɏ]+|\S", text)


def exact_match(prediction: str, gold: str, language: str) -> float:
    """1 if prediction and gold answer are equal after normalisation."""
    return float(normalise(prediction, language) == normalise(gold, language))


def f1(prediction: str, gold: str, language: str) -> float:
    """Token F1 of prediction and gold answer (SQuAD)."""
    found = tokens(normalise(prediction, language), language)
    wanted = tokens(normalise(gold, language), language)
    if not found or not wanted:
        return float(found == wanted)
    same = sum((Counter(found) & Counter(wanted)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(found), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


def include(prediction: str, gold: str, language: str) -> float:
    """1 if the gold answer is a substring of the generation (both normalised)."""
    wanted = normalise(gold, language)
    if not wanted:  # an answer of punctuation only
        return float(gold.strip() in prediction)
    return float(wanted in normalise(prediction, language))


def best(metric: Callable[[str, str, str], float], prediction: str, golds: list[str], lang: str):
    """The metric against the gold answer it suits best."""
    return max(metric(prediction, gold, lang) for gold in golds)


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
        "strict": equal(strict[0].strip()) if strict else 0.0,
        "flexible": equal(last.strip()),
    }


# ---- what lm-eval calls for every item: (doc, results) -> {metric: value between 0 and 1}


def score_short_answer(doc: Mapping[str, Any], results: list[str]) -> dict[str, float]:
    """Exact match, F1 and include of a generated short answer."""
    prediction, golds, language = results[0].strip(), list(doc["answers"]), doc["language"]
    return {
        "em": best(exact_match, prediction, golds, language),
        "f1": best(f1, prediction, golds, language),
        "include": best(include, prediction, golds, language),
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


def score_text(doc: Mapping[str, Any], results: list[tuple[float, bool]]) -> dict[str, float]:
    """Log-likelihood of a text; perplexity is made of all items together."""
    return {"loglikelihood": results[0][0]}
