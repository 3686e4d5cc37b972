"""CMMLU's archive, fetched and converted."""

import zipfile

import fetch_cmmlu
import polars as pl
import pytest
from archives import archive
from mothertongue.errors import InputError
from mothertongue.evaluate import cmmlu


def test_both_splits_with_their_subjects(tmp_path, monkeypatch):
    made = archive(tmp_path / "cmmlu.zip")
    monkeypatch.setattr(fetch_cmmlu, "download", lambda *_: made)
    test, dev = tmp_path / "test.parquet", tmp_path / "dev.parquet"
    fetch_cmmlu.main(archive={}, lock=tmp_path / "none", test=test, dev=dev)
    table = pl.read_parquet(test)
    assert table.columns == ["Question", "A", "B", "C", "D", "Answer", "subject"]
    assert table["subject"].to_list() == ["agronomy", "anatomy"]
    assert table["A"].to_list() == ["1", "1"]


def test_another_archive_is_refused(tmp_path):
    with pytest.raises(InputError, match="no column Answer"):
        cmmlu.read_split(archive(tmp_path / "a.zip", "Question,A,B,C,D,Reply"), "dev")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as content:
        content.writestr("readme.txt", "nothing")
    with pytest.raises(InputError, match="no test"):
        cmmlu.read_split(tmp_path / "b.zip", "test")
