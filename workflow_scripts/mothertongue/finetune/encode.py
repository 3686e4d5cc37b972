"""Turn dataset rows into tokens whose output part is supervised, and count what is lost."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InputError
from ..inference.encoding import Encoder
from ..inference.models import render_prompt
from ..sample.rows import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Example(NamedTuple):
    """One row as tokens; the first `prompt` of them are not supervised."""

    id: str
    tokens: list[int]
    prompt: int

    @property
    def supervised(self) -> int:
        """Tokens that count in the loss."""
        return len(self.tokens) - self.prompt


@dataclass
class Counts:
    """What encoding did to a set of rows; readers of a comparison must see these."""

    rows: int = 0
    kept_rows: int = 0
    dropped_rows: int = 0
    truncated_rows: int = 0
    tokens: int = 0
    supervised_tokens: int = 0
    truncated_tokens: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def encode_rows(
    rows: Sequence[Row],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    template: str,
    max_length: int,
) -> tuple[list[Example], Counts]:
    """Encode prompt and output together; supervise the output and the end-of-sequence token.

    Rows whose prompt alone fills the window are dropped; longer rows lose their end (and then
    have no end-of-sequence token, so that no model learns to stop in mid-sentence).
    """
    prompts = [render_prompt(row.instruction, template) for row in rows]
    outputs = [row.output.strip() for row in rows]
    examples: list[Example] = []
    counts = Counts(rows=len(rows))
    for row, (whole, prompt) in zip(rows, Encoder(tokenizer).pairs(prompts, outputs)):
        lost = max(0, len(whole) - max_length)
        if prompt >= max_length:
            counts.dropped_rows += 1
            continue
        example = Example(row.id, whole[:max_length], prompt)
        examples.append(example)
        counts.truncated_rows += lost > 0
        counts.truncated_tokens += lost
        counts.tokens += len(example.tokens)
        counts.supervised_tokens += example.supervised
    counts.kept_rows = len(examples)
    return examples, counts


def check_usable(examples: list[Example], counts: Counts, path: object, max_length: int) -> None:
    """Refuse a set of which nothing is left."""
    if not examples:
        raise InputError(
            f"{path}: the prompts of all {counts.rows} rows fill the window of {max_length} tokens;"
            f" raise finetune.max_length"
        )
