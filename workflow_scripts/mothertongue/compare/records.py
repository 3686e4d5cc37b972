"""The records of a comparison: what a log holds, and how each of its tasks was asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

COLUMNS = {  # of a block's frame; all but item and score may be empty
    "item": "String",
    "document": "String",  # hash of the item's content, where the log has one
    "cluster": "String",  # passage or document that items share
    "prompt": "String",  # hash of what the model read
    "score": "Float64",
    "weight": "Float64",  # 1, or words, bytes and so on of a rate
    "chance": "Float64",  # score of guessing on this item
}


@dataclass(frozen=True)
class Settings:
    """How a task was asked. An empty field is unknown, and is compared with nothing."""

    tool: str = ""
    task_version: str = ""
    shots: str = ""
    chat_template: str = ""
    system_prompt: str = ""
    generation: str = ""
    dataset: str = ""

    def differences(self, other: "Settings") -> list[str]:
        """`shots 0 and 5`, for every field that both know and that differs."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return [
            f"{name.replace('_', ' ')} {shortened(one)} and {shortened(two)}"
            for name, (one, two) in pairs.items()
            if one and two and one != two
        ]


def shortened(text: str) -> str:
    """A text of at most 40 characters."""
    return text if len(text) <= 40 else text[:37] + "…"


@dataclass(frozen=True)
class Block:
    """The item scores of one model, trained once, on one task, metric and language."""

    task: str
    metric: str
    rows: "pl.DataFrame"  # COLUMNS
    language: str = ""
    model: str = ""
    replicate: str = ""
    main: bool = True  # the first metric of its task
    lower_is_better: bool = False
    percent: bool | None = None  # scores lie between 0 and 100; None: look at them
    settings: Settings = field(default_factory=Settings)
    source: str = ""


@dataclass(frozen=True)
class Log:
    """What one file, or the files of one run, hold."""

    blocks: tuple[Block, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # group -> its tasks
    notes: tuple[str, ...] = ()


def frame(**columns: Any) -> "pl.DataFrame":
    """A block's frame from what is known of its columns; the others stay empty."""
    import polars as pl

    known = {
        name: pl.Series(name, values, dtype=getattr(pl, kind), strict=False)
        for name, kind in COLUMNS.items()
        if (values := columns.get(name)) is not None
    }
    made = pl.DataFrame(known)
    return made.with_columns(
        pl.lit(1.0 if name == "weight" else None, getattr(pl, kind)).alias(name)
        for name, kind in COLUMNS.items()
        if name not in known
    ).select(list(COLUMNS))
