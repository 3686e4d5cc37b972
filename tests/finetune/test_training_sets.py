"""Training sets: the rows that a condition is trained on, and those that judge its epochs."""

import mix_training_set
import pytest
from json_rows import read_dataset, rows_of, write_dataset
from mothertongue.errors import InputError
from mothertongue.finetune.sets import split_rows
from tiny_models import demo_rows


def test_split_is_the_same_for_every_version_of_the_rows(tmp_path):
    rows = demo_rows(count=40)
    round_trip = [{**row, "output": row["output"].upper()} for row in reversed(rows)]
    sides = []
    for name, version in (("native", rows), ("rtt", round_trip)):
        write_dataset(tmp_path / f"{name}.jsonl", version)
        training, validation = tmp_path / name / "train.jsonl", tmp_path / name / "validation.jsonl"
        mix_training_set.main(
            dataset=tmp_path / f"{name}.jsonl",
            training=training,
            validation=validation,
            share=0.1,
            seed=1,
        )
        parts = [[row["id"] for row in read_dataset(p)] for p in (training, validation)]
        assert len(parts[1]) == 4
        assert sorted(parts[0] + parts[1]) == sorted(row["id"] for row in rows)
        assert parts[0] == [row["id"] for row in version if row["id"] in parts[0]]  # order kept
        sides.append(set(parts[1]))
    assert sides[0] == sides[1]
    assert {r.id for r in split_rows(rows_of(rows), share=0.1, seed=2)[1]} != sides[0]


def test_the_limit_cuts_before_the_split(tmp_path):
    rows = demo_rows(count=40)
    write_dataset(tmp_path / "all.jsonl", rows)
    paths = {name: tmp_path / f"{name}.jsonl" for name in ("training", "validation")}
    mix_training_set.main(dataset=tmp_path / "all.jsonl", **paths, share=0.1, seed=1, limit=20)
    halves = {name: [row["id"] for row in read_dataset(path)] for name, path in paths.items()}
    assert len(halves["training"]) == 18
    assert len(halves["validation"]) == 2
    assert set(halves["training"]) | set(halves["validation"]) == {row["id"] for row in rows[:20]}
    mix_training_set.main(dataset=tmp_path / "all.jsonl", **paths, share=0.1, seed=1, limit=100)
    assert len(read_dataset(paths["training"])) == 36


def test_a_set_of_one_row_is_refused(tmp_path):
    write_dataset(tmp_path / "one.jsonl", demo_rows(count=1))
    with pytest.raises(InputError, match=r"one\.jsonl: 1 row to train on .* needs at least 2"):
        mix_training_set.main(
            dataset=tmp_path / "one.jsonl",
            training=tmp_path / "t.jsonl",
            validation=tmp_path / "v.jsonl",
            share=0.05,
            seed=1,
        )
    assert not (tmp_path / "t.jsonl").exists()
    training, validation = split_rows(rows_of(demo_rows(count=2)), share=0.4, seed=1)
    assert (len(training), len(validation)) == (1, 1)
