"""Numbers as languages write them: 30 languages by 8 forms, and forms with two readings."""

from decimal import Decimal

import pytest
from babel import Locale
from babel.numbers import format_decimal
from mothertongue.evaluate.metrics import last_number
from mothertongue.numbers import decimal_mark_of, find_numbers, parse_number, plain

# language -> 1,234.5 · 1,234,567 · -12.5 · 0.75 · 1,234 · 50 % · LaTeX 1,234 · a sentence's 305.25
COMMA_DOT = ["1,234.5", "1,234,567", "−12.5", "0.75", "1,234", "50%", r"\boxed{1{,}234}"]
DOT_COMMA = ["1.234,5", "1.234.567", "−12,5", "0,75", "1.234", "50 %", r"\boxed{1.234}"]
SPACE_COMMA = ["1\u00a0234,5", "1 234 567", "-12,5", "0,75", "1\u202f234", "50\u00a0%"]
SPACE_COMMA += [r"\boxed{1\,234}"]
INDIAN = ["1,234.5", "12,34,567", "-12.5", "0.75", "1,234", "50%", r"$\boxed{1{,}234}$"]
TABLE = {
    "en": [*COMMA_DOT, "It costs $305.25."],
    "ja": [*COMMA_DOT, "答えは305.25です。"],
    "ko": [*COMMA_DOT, "답은 305.25입니다."],
    "he": [*COMMA_DOT, "התשובה היא 305.25."],
    "th": ["๑,๒๓๔.๕", "๑,๒๓๔,๕๖๗", "-๑๒.๕", "๐.๗๕", "๑,๒๓๔", "๕๐%", COMMA_DOT[6], "คำตอบคือ305.25"],
    "sw": [*COMMA_DOT, "Jibu ni 305.25."],
    "yo": [*COMMA_DOT, "Ìdáhùn ni 305.25."],
    "zh": [
        "1,234.5",
        "１，２３４，５６７",
        "－１２．５",
        "0.75",
        "１,２３４",
        "50％",
        COMMA_DOT[6],
        "答案是305.25。",
    ],
    "my": ["၁,၂၃၄.၅", "၁,၂၃၄,၅၆၇", "-၁၂.၅", "၀.၇၅", "၁,၂၃၄", "၅၀%", COMMA_DOT[6], "အဖြေမှာ၃၀၅.၂၅"],
    "ar": [
        "١٬٢٣٤٫٥",
        "١٬٢٣٤٬٥٦٧",
        "\u061c-١٢٫٥",
        "٠٫٧٥",
        "١،٢٣٤",
        "٥٠٪",
        COMMA_DOT[6],
        "الجواب هو ٣٠٥٫٢٥.",
    ],
    "fa": [
        "۱٬۲۳۴٫۵",
        "۱٬۲۳۴٬۵۶۷",
        "\u200e−۱۲٫۵",
        "۰٫۷۵",
        "۱٬۲۳۴",
        "۵۰٪",
        COMMA_DOT[6],
        "پاسخ ۳۰۵٫۲۵ است",
    ],
    "ur": [
        "1,234.5",
        "۱٬۲۳۴٬۵۶۷",
        "\u200e-12.5",
        "۰٫۷۵",
        "۱،۲۳۴",
        "50%",
        COMMA_DOT[6],
        "جواب 305.25 ہے",
    ],
    "hi": ["१,२३४.५", "१२,३४,५६७", "-१२.५", "०.७५", "१,२३४", "५०%", COMMA_DOT[6], "उत्तर ₹305.25 है"],
    "bn": [
        "১,২৩৪.৫",
        "১২,৩৪,৫৬৭",
        "−১২.৫",
        "০.৭৫",
        "১,২৩৪",
        "৫০%",
        COMMA_DOT[6],
        "উত্তর হল ৩০৫.২৫।",
    ],
    "ta": [*INDIAN, "விடை 305.25."],
    "te": [*INDIAN, "సమాధానం 305.25."],
    "mr": ["१,२३४.५", "१२,३४,५६७", "-१२.५", "०.७५", "१,२३४", "५०%", COMMA_DOT[6], "उत्तर ३०५.२५ आहे"],
    "es": [*DOT_COMMA, "La respuesta es 305,25."],
    "de": [
        "1.234,5",
        "1’234’567",
        "–12,5",
        "0,75",
        "1.234",
        "50 %",
        r"\boxed{1.234}",
        "Es sind 305,25 €.",
    ],
    "it": [*DOT_COMMA, "La risposta è 305,25."],
    "pt": [*DOT_COMMA, "A resposta é R$305,25."],
    "nl": [*DOT_COMMA, "Het antwoord is 305,25."],
    "tr": [*DOT_COMMA, "Cevap 305,25."],
    "el": [*DOT_COMMA, "Η απάντηση είναι 305,25."],
    "id": [*DOT_COMMA, "Jawabannya Rp305,25."],
    "vi": [*DOT_COMMA, "Đáp án là 305,25."],
    "ru": [*SPACE_COMMA, "Ответ — 305,25."],
    "fr": [*SPACE_COMMA, "La réponse est 305,25."],
    "pl": [*SPACE_COMMA, "Odpowiedź: 305,25."],
    "fi": [*SPACE_COMMA, "Vastaus on 305,25."],
}
VALUES = ["1234.5", "1234567", "-12.5", "0.75", "1234", "50", "1234", "305.25"]


@pytest.mark.parametrize("language", TABLE)
def test_thirty_languages_by_eight_forms(language):
    forms = TABLE[language]
    assert len(TABLE) == 30 and len(forms) == len(VALUES)
    assert [plain(last_number(form, language)) for form in forms] == VALUES
    for form, value in list(zip(forms, VALUES))[:7]:
        assert parse_number(form, language) == Decimal(value), form


@pytest.mark.parametrize(
    ("text", "language", "like", "values"),
    [
        ("1.234", "de", None, ["1234"]),
        ("1.234", "en", None, ["1.234"]),
        ("1,234", "de", None, ["1.234"]),
        ("1,234", "en", None, ["1234"]),
        ("1.234", "de", "0.5", ["1.234"]),  # the gold answers have a decimal point
        ("2,125", "es", "114,200", ["2125"]),
        ("1.234,5", "en", None, ["1234.5"]),
        ("1,234.5", "ru", None, ["1234.5"]),
        ("1.234", "xx-unknown", None, ["1.234"]),
        ("0,123", "en", None, ["0.123"]),
        ("1,00,000", "en", None, ["100000"]),
        ("12,5", "en", None, ["12.5"]),
        ("5 600", "en", None, ["5", "600"]),
        ("5\u2009600", "en", None, ["5600"]),
        ("2019 100 200", "ru", None, ["2019", "100200"]),
        ("10 000 и 20 000", "ru", None, ["10000", "20000"]),
        ("5'10", "en", None, ["5", "10"]),
        ("8-3=5", "en", None, ["8", "3", "5"]),
        ("3–5", "en", None, ["3", "5"]),
        ("-$5", "en", None, ["-5"]),
        ("答案是-5", "zh", None, ["-5"]),
        ("covid-19", "en", None, ["19"]),
        ("x .5 y", "en", None, ["0.5"]),
        ("wait...5", "en", None, ["5"]),
        ("01.02.2024", "de", None, ["1", "2", "2024"]),
        ("1.2.3", "en", None, ["1", "2", "3"]),
        ("3.5,4.5", "en", None, ["3.5", "4.5"]),
        ("1,\u200b234", "en", None, ["1234"]),
        (r"1,\!234.5 \frac{1}{8}", "de", None, ["1234.5", "0.125"]),
        (r"3\frac{1}{2} and -2 \frac14", "en", None, ["3.5", "-2.25"]),
        (r"\boxed{\frac34}, -\frac12, \frac{0}{0}", "en", None, ["0.75", "-0.5", "0", "0"]),
        ("3½, 2 ¼ and -⅛", "pt", None, ["3.5", "2.25", "-0.125"]),
        ("1.234,5½", "de", None, ["1234.5", "0.5"]),
        (r"1\!,\!234", "en", None, ["1234"]),
        ("1.234", "de-AT", None, ["1234"]),
        ("1.234 e 12,5", "pt-BR", None, ["1234", "12.5"]),
        (r"12\%, \$7", "en", None, ["12", "7"]),
        ("", "en", None, []),
        ("。，", "zh", None, []),
    ],
)
def test_numbers_of_a_text(text, language, like, values):
    assert [plain(number) for number in find_numbers(text, language, like)] == values


@pytest.mark.parametrize(
    "text", ["", "five", "5 km", "1.2.3", "12/5", "NaN", "inf", "3-4", "ten 10"]
)
def test_what_is_not_one_number(text):
    assert parse_number(text, "en") is None


def test_written_numbers_show_their_decimal_mark():
    assert (
        decimal_mark_of(["2,125", "114,200", "8"]) == "."
    )  # MGSM's gold answers, in every language
    assert decimal_mark_of(["12,5", "2,125"]) == ","
    assert decimal_mark_of(["12,5", "7.25"]) is None
    assert decimal_mark_of(["1,234", "5"]) is None


LOCALES = """
en es de fr it pt nl ru zh ar fa ur hi bn th tr az sv nb fi pl cs hu el he ko ja id vi uk ka hy
my ne mr gu ta te kn ml pa am sw zu yo lt lv et sl hr sr ro bg mk sq ga eu ca gl cy is mt af kk
uz mn km lo si ps sd
"""


@pytest.mark.parametrize("language", LOCALES.split())
def test_what_cldr_writes_is_read(language):
    """The library's formatter is the witness: every form that it makes of a number gives it back."""
    for system in {"latn", Locale.parse(language).default_numbering_system}:
        for value in map(Decimal, ("1234", "1234567", "-12.5", "0.75", "1234567.25", "999999.125")):
            form = format_decimal(value, locale=language, numbering_system=system)
            assert parse_number(form, language) == value, form
            assert find_numbers(f"x {form} y", language) == [value], form
