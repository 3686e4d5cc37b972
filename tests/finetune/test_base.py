"""A base from a corpus of its own: which texts are read, and that each is seen from its start."""

import gzip
import itertools
import json

import pytest
from mothertongue.errors import InputError
from mothertongue.finetune.base import read_texts, train_base, whole

SHAPE = dict(
    hidden_size=16, layers=1, heads=2, vocabulary=300, context=64, length=64, learning_rate=1e-2
)


def lines(rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_a_corpus_is_a_column_of_texts(tmp_path, pack):
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(pack(lines([{"text": "b\n\nc"}, {"text": "a"}, {"text": "a"}])))
    assert read_texts(path) == ["a", "b\n\nc"]


@pytest.mark.parametrize("row", [{"text": " "}, {"texts": "a"}, {"text": 3}])
def test_a_row_without_a_text_is_told_by_its_place(tmp_path, row):
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(lines([{"text": "a"}, row]))
    with pytest.raises(InputError, match=r"corpus.jsonl, line 2: 'text' is missing or empty"):
        read_texts(path)


def test_whole_texts_come_each_once_before_any_comes_again():
    documents = [[number] for number in range(8)]
    batches = list(itertools.islice(whole(documents, batch=4, seed=1), 4))
    for half in (batches[:2], batches[2:]):
        assert sorted(row for batch in half for row in batch) == documents


def test_a_corpus_gives_the_same_bytes_again_and_other_ones_than_joined_texts():
    texts = ["the sky is blue", "the sea is wide and blue", "a cat"]

    def weights(joined):
        model, _ = train_base(texts, **SHAPE, steps=3, batch=2, seed=1, joined=joined)
        return model.state_dict()

    one, again, other = weights(False), weights(False), weights(True)
    assert all((one[name] == again[name]).all() for name in one)
    assert not (one["model.embed_tokens.weight"] == other["model.embed_tokens.weight"]).all()
