"""Small rows, written for these tests, in the columns of datasets that lm-eval's tasks read."""

from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
THINGS = [
    ("The baker opens the shop at six.", "bread", "stone", "glass", "paper", "wool"),
    ("La lluvia cayó toda la noche.", "agua", "arena", "humo", "vidrio", "lana"),
    ("Mtoto anasoma kitabu kipya.", "kitabu", "samaki", "mlima", "moto", "barabara"),
    ("The river runs past the old mill.", "water", "ink", "sand", "milk", "smoke"),
    ("El tren llega tarde a la ciudad.", "vías", "nubes", "hojas", "piedras", "olas"),
    ("Her garden has seven apple trees.", "apples", "coins", "nails", "shoes", "bells"),
]
NUMBERS = [(3, 4), (10, 7), (25, 5), (6, 6), (12, 30), (9, 2)]


def each(make: Callable[[int, str, list[str]], Row]) -> list[Row]:
    """A row for each thing: its number, its sentence and its words, the right one at a place of its own."""
    rows = []
    for number, (sentence, *words) in enumerate(THINGS):
        right = number % 4
        words[0], words[right] = words[right], words[0]
        rows.append(make(number, sentence, words))
    return rows


def letters(words: list[str], **names: str) -> Row:
    return {name: words["ABCDE".index(letter)] for letter, name in names.items()}


FOUR = {"A": "option_a", "B": "option_b", "C": "option_c", "D": "option_d"}
ROWS: dict[str, list[Row]] = {
    "belebele_spa_Latn": each(
        lambda n, text, words: {
            "flores_passage": text, "question": "What belongs here? ", "link": f"page/{n // 2}",
            "correct_answer_num": str(n % 4 + 1),
            **letters(words, A="mc_answer1", B="mc_answer2", C="mc_answer3", D="mc_answer4"),
        }
    ),
    "xcopa_sw": each(
        lambda n, text, words: {
            "premise": text, "question": ["cause", "effect"][n % 2], "label": n % 2, "idx": n,
            "choice1": f"Kuna {words[0]}.", "choice2": f"Hakuna {words[1]}.",
        }
    ),
    "xstorycloze_es": each(
        lambda n, text, words: {
            **{f"input_sentence_{place}": f"{text} {place}." for place in (1, 2, 3, 4)},
            "sentence_quiz1": f"Entonces vio {words[0]}.", "sentence_quiz2": f"No vio {words[1]}.",
            "answer_right_ending": n % 2 + 1,
        }
    ),
    "xwinograd_en": each(
        lambda n, text, words: {
            "sentence": f"{text} They kept the {words[0]} since _ was old.",
            "option1": f"the {words[0]}", "option2": f"the {words[1]}", "answer": str(n % 2 + 1),
        }
    ),
    "paws_es": each(
        lambda n, text, words: {
            "sentence1": text, "sentence2": f"{text[:-1]} , con {words[0]} .", "label": n % 2,
        }
    ),
    "xnli_es": each(
        lambda n, text, words: {"premise": text, "hypothesis": f"Hay {words[0]}.", "label": n % 3}
    ),
    "afrixnli_translate_swa_prompt_1": each(
        lambda n, text, words: {"premise": text, "hypothesis": f"Kuna {words[0]}.", "label": n % 3}
    ),
    "mgsm_direct_es": [
        {"question": f"Ana tiene {a} y recibe {b}. ¿Cuántos tiene?", "answer": None,
         "answer_number": a + b, "equation_solution": None}
        for a, b in NUMBERS
    ],
    "include_base_44_spanish": each(
        lambda n, text, words: {
            "question": text, "answer": n % 4, **letters(words, **FOUR),
            "domain": ["STEM", "Arts & Humanities", "Social Science",
                       "Health oriented education"][(n * n + 1) % 4],
        }
    )
    + each(
        lambda n, text, words: {
            "question": f"{text}?", "answer": (n + 1) % 4, **letters(words, **FOUR),
            "domain": ["STEM", "Arts & Humanities", "Social Science",
                       "Health oriented education"][n % 4],
        }
    ),
    "global_mmlu_es": each(
        lambda n, text, words: {
            "question": text, "answer": "ABCD"[n % 4], **letters(words, **FOUR),
            "subject_category":
                ["Business", "Humanities", "Medical", "Other", "STEM", "Social Sciences"][n],
        }
    ),
    "kmmlu_biology": each(
        lambda n, text, words: {
            "question": text, "answer": n % 4 + 1, **letters(words, A="A", B="B", C="C", D="D"),
        }
    ),
    "turkishmmlu_biology": each(
        lambda n, text, words: {"question": text, "choices": words, "answer": "ABCDE"[n % 5]}
    ),
    "wikitext": each(
        lambda n, text, words: {"page": f" = {words[0]} = \n {text} It had {n} @,@ 000 {words[1]} . "}
    ),
    "lambada_openai_mt_es": each(lambda n, text, words: {"text": f"{text} Todo es {words[0]}"}),
    "spanish_bench_flores_es-en": each(
        lambda n, text, words: {
            "sentence_spa_Latn": f"Hay {words[0]} y {words[1]}.", "sentence_eng_Latn": text,
        }
    ),
    "hellaswag_es": each(
        lambda n, text, words: {
            "ctx_a": text, "ctx_b": "luego alguien", "activity_label": "La casa",
            "endings": [f"toma {word} [title] con {n}" for word in words[:4]], "label": str(n % 4),
        }
    ),
    "truthfulqa-multi_mc2_es": each(
        lambda n, text, words: {
            "question": f"{text} ¿Por qué?",
            "mc2_targets": {"choices": words[: 3 + n % 3], "labels": [1, 1, 0, 0, 0][: 3 + n % 3]},
        }
    ),
    "mlqa_en_es": each(
        lambda n, text, words: {
            "context": text, "question": f"What of the {words[1]}?", "id": f"q{n}",
            "answers": {"text": [words[0]], "answer_start": [0]},
        }
    ),
    "m_mmlu_es": each(
        lambda n, text, words: {
            "instruction": text, "answer": "ABCD"[n % 4], "id": f"biology/test/{n}",
            **letters(words, **FOUR),
        }
    ),
    "arc_es": each(
        lambda n, text, words: {
            "instruction": text, "answer": "ABC"[n % 3], "id": f"arc/{n}",
            **letters(words, **FOUR, E="option_e"), **({"option_d": None, "option_e": None} if n % 2 else {}),
        }
    ),
    "copal_id_standard": each(
        lambda n, text, words: {
            "premise": text, "question": ["cause", "effect"][n % 2], "label": n % 2,
            "choice1": f"Ada {words[0]}.", "choice2": f"Tidak ada {words[1]}.",
        }
    ),
    "eus_reading": each(
        lambda n, text, words: {
            "context": text, "question": f"Zer da {words[0]}?", "candidates": words[: 2 + n % 3],
            "answer": n % 2,
        }
    ),
    "mmlu_prox_lite_es_biology": each(
        lambda n, text, words: {
            "question": text, "category": "biology", "answer": "ABC"[n % 3], "cot_content": "",
            **{f"option_{place}": words[place] if place < 5 else None for place in range(10)},
        }
    ),
}  # fmt: skip
SHOTS = {
    "mmlu_prox_lite_es_biology": 1,
    "m_mmlu_es": 2,
    "turkishmmlu_biology": 1,
    "belebele_spa_Latn": 1,
}
