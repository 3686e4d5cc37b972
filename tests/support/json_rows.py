"""Datasets as tests write them down: rows as JSON objects, through the one contract of a row."""

from mothertongue.sample.rows import Row, read_rows, write_rows


def rows_of(objects):
    """Typed rows of JSON objects."""
    return [Row.from_json(one, f"row {number}") for number, one in enumerate(objects, start=1)]


def read_dataset(path):
    """A dataset, checked, as JSON objects."""
    return [row.as_json() for row in read_rows(path)]


def write_dataset(path, objects):
    """Write JSON objects as a dataset, checked."""
    write_rows(path, rows_of(objects))
