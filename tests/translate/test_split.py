"""Paragraphs go out together up to the limit, and come back together as they were."""

import pytest
from mothertongue.translate.split import passes_through, split


def sent(pieces):
    return [piece.text for piece in pieces if piece.send]


def put_together(text, limit, languages, translate):
    return "".join(
        translate(piece.text) if piece.send else piece.text
        for piece in split(text, limit, languages=languages)
    )


def test_small_paragraphs_go_out_together():
    paragraphs = [f"Paragraph {i} says something short." for i in range(40)]
    text = "\n\n".join(paragraphs)
    pieces = split(text, 200)
    assert len(sent(pieces)) == -(-40 // 5)
    assert all(len(piece) <= 200 for piece in sent(pieces))
    assert "".join(piece.text for piece in pieces) == text
    assert "\n\n" in sent(pieces)[0]


def test_the_tail_of_a_long_paragraph_goes_out_with_the_next():
    long = "One sentence of some length stands here. " * 12
    text = f"{long.strip()}\n\nA short end."
    pieces = split(text, 400)
    assert len(sent(pieces)) == 2
    assert sent(pieces)[-1].endswith("stands here.\n\nA short end.")


def test_code_is_never_packed():
    text = "First words.\n\n```\nx = 1\n```\n\nLast words, and more of them."
    assert sent(split(text, 40)) == ["First words.", "Last words, and more of them."]


ENGLISH = "The river rises in summer. The farmers wait for weeks. "
CHINESE = "河水在夏天上涨。农民等待数周。"


@pytest.mark.parametrize("target", ["zh", "ja", "th", "my"])
def test_no_space_between_sentences_of_a_language_without(target):
    text = f"{(ENGLISH * 4).strip()}\n\n- {(ENGLISH * 4).strip()}\n"
    made = put_together(text, 60, ("en", target), lambda _: "河水上涨。")
    first, second, end = made.split("\n\n- ")[0], made.split("\n\n- ")[1], made[-1]
    assert set(first) == set("河水上涨。") and first.count("。") == 4
    assert set(second) == set("河水上涨。\n") and end == "\n"


def test_a_space_between_sentences_from_a_language_without():
    made = put_together(CHINESE * 4, 16, ("zh", "en"), lambda _: "The river rises.")
    assert made == " ".join(["The river rises."] * 4)
    assert put_together(CHINESE * 4, 16, ("zh", "ja"), lambda text: text) == CHINESE * 4
    assert put_together(ENGLISH * 4, 60, ("en", "es"), lambda text: text) == ENGLISH * 4


def test_lists_and_blank_lines_are_kept():
    text = (
        "# Title\n\nIntro words here.\n\n\n1. one item\n2. two items\n\n   - inner item\n\nEnd.\n"
    )
    for limit in (12, 20, 40, 1000):
        assert put_together(text, limit, ("en", "es"), str.upper) == text.upper()


@pytest.mark.data
def test_the_english_rows_of_aya_take_few_calls(shared):
    """11,983 pieces were sent at Google's limit before paragraphs were packed."""
    import polars as pl

    table = pl.read_parquet(shared / "data" / "aya" / "aya_dataset.parquet")
    rows = table.filter(pl.col("language_code") == "eng").select("inputs", "targets").iter_rows()
    texts = [text for row in rows for text in row if text and text.strip()]
    pieces = [sent(split(text, 1500)) for text in texts]
    least = sum(-(-len(text.strip()) // 1500) for text in texts)
    assert sum(map(len, pieces)) == 8417 <= 1.01 * least
    assert sum(passes_through(piece) is None for part in pieces for piece in part) < 8417
