"""Portions of rows: draws are samples, larger portions hold smaller ones, and sides stay apart."""

import draw_rows
import mix_portions
import pytest
from json_rows import read_dataset, write_dataset
from mothertongue.collect.sizes import read_sizes
from mothertongue.errors import InputError
from tiny_models import demo_rows

SHARE = 0.1
NATIVE = demo_rows(count=60)
ENGLISH = [
    {**row, "id": f"other-{i}", "language": "en"} for i, row in enumerate(demo_rows(count=60))
]


@pytest.fixture
def sources(tmp_path):
    write_dataset(tmp_path / "native.jsonl", NATIVE)
    write_dataset(tmp_path / "english.jsonl", ENGLISH)
    return tmp_path


def drawn(folder, amount, *, source="native", draw=1, nested=True, turn=0, turns=1, **more):
    """Ids of a portion's training rows and of its validation rows, and the file."""
    name = f"{source}_{amount}_{draw}_{nested}_{turn}.jsonl"
    draw_rows.main(
        source=folder / f"{source}.jsonl",
        drawn=folder / name,
        **{
            "data": source,
            "amount": amount,
            "draw": draw,
            "nested": nested,
            "turn": turn,
            "turns": turns,
        },
        condition=f"conditions: {source} of 'es'",
        share=SHARE,
        split_seed=1,
        seed=1,
        **more,
    )
    return folder / name


def mixed(folder, **portions):
    """Ids of a training set and of its validation rows; `portions`: source -> file."""
    out = folder / f"set{len(list(folder.iterdir()))}" / "es"
    mix_portions.main(
        names=list(portions),
        parts=list(portions.values()),
        sources=[folder / f"{name}.jsonl" for name in portions],
        training=out / "train.jsonl",
        validation=out / "validation.jsonl",
        share=SHARE,
        seed=1,
    )
    return [
        [row["id"] for row in read_dataset(out / f"{half}.jsonl")]
        for half in ("train", "validation")
    ]


def test_a_larger_set_holds_the_smaller_one_of_the_same_draw(sources):
    training, judging = [], []
    for amount in (10, 20, 40):
        halves = mixed(sources, native=drawn(sources, amount))
        assert len(halves[0]) == amount, "so many training rows, and validation rows beside them"
        training.append(set(halves[0]))
        judging.append(set(halves[1]))
    assert training[0] < training[1] < training[2]
    assert judging[0] <= judging[1] <= judging[2]
    assert not training[2] & judging[2]


def test_all_native_rows_are_the_set_as_it_is_and_hold_every_draw(sources):
    import mix_training_set

    paths = {name: sources / f"{name}_plain.jsonl" for name in ("training", "validation")}
    mix_training_set.main(dataset=sources / "native.jsonl", **paths, share=SHARE, seed=1)
    whole = {name: {row["id"] for row in read_dataset(path)} for name, path in paths.items()}
    for draw in (1, 2):
        training, judging = mixed(sources, native=drawn(sources, 40, draw=draw))
        assert set(training) < whole["training"]
        assert set(judging) <= whole["validation"]


def test_draws_and_independent_sizes_are_samples_of_their_own(sources):
    first, second = (set(mixed(sources, native=drawn(sources, 20, draw=d))[0]) for d in (1, 2))
    assert first != second
    small, large = (
        set(mixed(sources, native=drawn(sources, n, nested=False))[0]) for n in (20, 30)
    )
    assert not small <= large, "20 of 54 rows lie within 30 others by chance once in ten million"
    again = drawn(sources, 20, nested=False)
    assert small == set(mixed(sources, native=again)[0])


def test_rows_with_the_same_ids_are_drawn_together(sources):
    """A round trip has the ids of native rows: the same are drawn, in whatever order they stand."""
    write_dataset(sources / "trip.jsonl", [{**row, "output": "x"} for row in reversed(NATIVE)])
    assert mixed(sources, native=drawn(sources, 20)) == mixed(
        sources, trip=drawn(sources, 20, source="trip")
    )


def test_parts_of_one_source_share_no_row(sources):
    parts = [drawn(sources, 20, source="english", turn=turn, turns=2) for turn in (0, 1)]
    one, other = ({row["id"] for row in read_dataset(path)} for path in parts)
    assert not one & other
    smaller = {row["id"] for row in read_dataset(drawn(sources, 10, source="english", turns=2))}
    assert smaller < one


def test_shares_of_all_end_with_the_scarcest_part(sources):
    write_dataset(sources / "english.jsonl", ENGLISH[:20])  # 18 of them for training
    beside = {"native": (sources / "native.jsonl", 1), "english": (sources / "english.jsonl", 1)}
    shares = {"native": 0.25, "english": 0.75}
    files = {
        name: drawn(sources, share, source=name, shares=shares, beside=beside)
        for name, share in shares.items()
    }
    training, _ = mixed(sources, **files)
    assert len(training) == 24
    assert sum(one.startswith("other-") for one in training) == 18


def test_too_few_rows_are_told_with_what_is_wanted_and_what_is_there(sources):
    message = (
        r"conditions: native of 'es': 55 training rows are asked for, but there are 54 \(of 60"
    )
    with pytest.raises(InputError, match=message):
        drawn(sources, 55)
    assert not list(sources.glob("native_55*"))


def test_equal_ids_of_two_parts_stay_apart(sources):
    write_dataset(sources / "english.jsonl", [{**row, "output": "y"} for row in NATIVE])
    files = {name: drawn(sources, 20, source=name) for name in ("native", "english")}
    training, _ = mixed(sources, **files)
    assert len(set(training)) == 40
    assert sum(one.startswith("english-") for one in training) == 20


def test_rows_of_each_origin_are_counted(sources):
    files = {name: drawn(sources, n, source=name) for name, n in (("native", 10), ("english", 30))}
    folder = sources / "sets" / "google_30+native_10_draw2" / "es"
    mix_portions.main(
        names=["native", "google"],
        parts=list(files.values()),
        sources=[sources / f"{name}.jsonl" for name in files],
        training=folder / "train.jsonl",
        validation=folder / "validation.jsonl",
        share=SHARE,
        seed=1,
    )
    plain = sources / "sets" / "native" / "es" / "train.jsonl"
    write_dataset(plain, NATIVE)
    found = read_sizes([folder / "train.jsonl", plain])
    assert found["google_30+native_10_draw2", "es"].columns() == {
        "native_rows": 10,
        "translated_rows": 30,
        "draw": 2,
    }
    assert found["native", "es"].columns() == {"native_rows": 60, "translated_rows": 0, "draw": 1}
