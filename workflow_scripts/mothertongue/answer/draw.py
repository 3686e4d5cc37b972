"""Draw native open questions from OASST1: first turns written in the language by people.

Eligible: `parent_id` null, role `prompter`, the language's `lang`, not deleted, tree state
`ready_for_export`, review not failed, none of the labels below at 0.5 or more, not synthetic.
The order is that of sha256(seed, message id), so it depends on no file order; a prompt that is
nearly the same as one already taken, or as an instruction of the training data, is left out.
"""

import logging
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import Row, read_jsonl, text_hash

log = logging.getLogger(__name__)
COLUMNS = ("message_id", "parent_id", "role", "lang", "text", "deleted", "tree_state")
OPTIONAL = ("review_result", "synthetic", "labels")
BAD_LABELS = {"spam", "lang_mismatch", "pii", "not_appropriate", "hate_speech", "sexual_content"}
BAD_FROM = 0.5
SHINGLE = 3


def label_values(labels: Any) -> dict[str, float]:
    """Labels as name -> value, from the hub's columns or from the JSON Lines dump."""
    if not labels:
        return {}
    if isinstance(labels.get("name"), list):
        return dict(zip(labels["name"], labels["value"]))
    return {name: entry["value"] for name, entry in labels.items() if isinstance(entry, dict)}


def unfit(row: Row, language: str) -> str | None:
    """Why a message is no eligible prompt; None if it is one."""
    if row["parent_id"] is not None or row["role"] != "prompter":
        return "not a first turn"
    if row["lang"] != language and not str(row["lang"]).startswith(f"{language}-"):
        return "other language"
    if row["deleted"] or row["tree_state"] != "ready_for_export" or row.get("synthetic"):
        return "deleted, synthetic or not ready for export"
    if not (row["text"] or "").strip():
        return "empty"
    values = label_values(row.get("labels"))
    if row.get("review_result") is False or any(
        (values.get(name) or 0) >= BAD_FROM for name in BAD_LABELS
    ):
        return "flagged by reviewers"
    return None


def shingles(text: str) -> frozenset[str]:
    """Character trigrams of the letters and digits; the same for a change of case or spacing."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(c for c in folded if c.isalnum())
    return frozenset(letters[i : i + SHINGLE] for i in range(max(1, len(letters) - SHINGLE + 1)))


class Seen:
    """Texts met so far, searched for near-duplicates through an index of their trigrams."""

    def __init__(self, similarity: float, texts: Iterable[str] = ()):
        """Start with `texts`; `similarity` is the Jaccard index from which two are alike."""
        self.similarity = similarity
        self.sizes: list[int] = []
        self.index: dict[str, list[int]] = defaultdict(list)
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Remember a text."""
        grams = shingles(text)
        for gram in grams:
            self.index[gram].append(len(self.sizes))
        self.sizes.append(len(grams))

    def holds(self, text: str) -> bool:
        """Whether a text is nearly the same as one remembered."""
        grams = shingles(text)
        shared = Counter(number for gram in grams for number in self.index.get(gram, ()))
        return any(
            count >= self.similarity * (len(grams) + self.sizes[number] - count)
            for number, count in shared.items()
        )


def draw(
    messages: Iterable[Row],
    *,
    language: str,
    known: Iterable[str],
    rows: int,
    seed: int,
    similarity: float,
    max_characters: int | None,
    source: str,
) -> list[Row]:
    """Draw `rows` prompts; too few eligible ones are an `InputError` with the counts."""
    why: Counter[str] = Counter()
    eligible: dict[str, str] = {}
    for row in messages:
        problem = unfit(row, language)
        if problem is None and max_characters and len(row["text"]) > max_characters:
            problem = "too long"
        if problem:
            why[problem] += 1
        else:
            eligible[row["message_id"]] = row["text"].strip()
    taken, trained = Seen(similarity), Seen(similarity, known)
    questions: list[Row] = []
    for name in sorted(eligible, key=lambda name: (text_hash(str(seed), name), name)):
        if len(questions) == rows:
            break
        text = eligible[name]
        if taken.holds(text):
            why["near-duplicate"] += 1
        elif trained.holds(text):
            why["in the training data"] += 1
        else:
            taken.add(text)
            questions.append({"id": name, "prompt": text})
    left_out = ", ".join(f"{reason} {count}" for reason, count in sorted(why.items()))
    log.info("%s: %d eligible in %s; left out: %s", source, len(eligible), language, left_out)
    if len(questions) < rows:
        raise InputError(
            f"{source}: only {len(questions)} questions can be drawn in '{language}', {rows} are"
            f" wanted (left out: {left_out}); ask for fewer rows"
        )
    return questions


def _check_columns(there: Iterable[str], source: str) -> list[str]:
    there = set(there)
    missing = [column for column in COLUMNS if column not in there]
    if missing:
        raise InputError(f"{source}: no column {', '.join(missing)} (OASST1's columns are needed)")
    return [*COLUMNS, *(column for column in OPTIONAL if column in there)]


def read_messages(dataset: Mapping[str, Any], where: str) -> tuple[list[Row], str]:
    """Read messages from local files (parquet, JSON Lines) or the hub; also their name."""
    if dataset.get("hub"):
        from ..hub import dataset_files, read_lock

        name, split = dataset["hub"], dataset.get("split") or "train"
        lock = read_lock(dataset.get("lock") or "")
        _, files = dataset_files(name, dataset.get("name"), split, dataset.get("revision"), lock)
        return [row for path in files for row in _read_table(path)], name
    from ..files import matching_files, patterns_of

    paths = matching_files(dataset["path"], f"{where}.path")
    rows = [row for path in paths for row in _read_table(path)]
    return rows, ", ".join(patterns_of(dataset["path"]))


def _read_table(path: Path) -> list[Row]:
    """Read messages of one file."""
    if path.suffix != ".parquet":
        return _read_dump(path)
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except Exception as error:  # polars raises many kinds for a broken file
        raise InputError(f"{path}: not a readable parquet file ({error})") from None
    return frame.select(_check_columns(frame.columns, str(path))).to_dicts()


def _read_dump(path: Path) -> list[Row]:
    """Read messages of a JSON Lines dump, in which absent means null or false."""
    rows = read_jsonl(path)
    optional = {"parent_id": None, "deleted": False}
    _check_columns(set().union(*rows, optional) if rows else optional, str(path))
    for number, row in enumerate(rows, start=1):
        for column in COLUMNS:
            if column not in row and column not in optional:
                raise InputError(f"{path}, row {number}: no column {column}")
    return [optional | row for row in rows]
