"""Turn dataset rows into tokens whose output part is supervised, and count what is lost."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InputError
from ..inference.encoding import Encoder, Spans
from ..inference.templates import open_template
from ..sample.rows import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TRUNCATE, DROP = "truncate", "drop"  # what is done with a row that is too long
ALL_TURNS, LAST_TURN = "all-turns", "last-turn"  # whose answers count in the loss


class Example(NamedTuple):
    """One row as tokens; the first `prompt` of them are not supervised, nor are stretches in `masked`."""

    id: str
    tokens: list[int]
    prompt: int
    masked: Spans = ()

    @classmethod
    def of(cls, name: str, tokens: list[int], spans: Spans) -> "Example":
        """From all tokens, and where those lie that are supervised."""
        end = spans[-1][1]
        gaps = tuple((a[1], b[0]) for a, b in pairwise(spans) if a[1] < b[0])
        return cls(name, tokens[:end], spans[0][0], gaps)

    @property
    def supervised(self) -> int:
        """Tokens that count in the loss."""
        return len(self.tokens) - self.prompt - sum(end - start for start, end in self.masked)

    def cut(self, length: int) -> "Example":
        """Its first tokens; a later question that nothing supervised follows is left out whole."""
        masked = tuple((a, b) for a, b in self.masked if a < length)
        if masked and masked[-1][1] >= length:
            *kept, (length, _) = masked
            masked = tuple(kept)
        return self._replace(tokens=self.tokens[:length], masked=masked)


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


def examples_of(
    rows: Sequence[Row],
    tokenizer: "PreTrainedTokenizerBase",
    template: str | Mapping[str, Any],
) -> list[Example]:
    """Rows as tokens, whole; every answer counts, with the token that ends it."""
    prompting, encoder = open_template(template, tokenizer), Encoder(tokenizer)
    cut = [
        prompting.segments(
            [turn.content for turn in row.turns], system=row.system, language=row.language
        )
        for row in rows
    ]
    single = [place for place, segments in enumerate(cut) if len(segments) == 2]
    prompts, answers = ([cut[place][part].text for place in single] for part in (0, 1))
    found = {
        place: Example(rows[place].id, tokens, prompt)
        for place, (tokens, prompt) in zip(
            single, encoder.pairs(prompts, answers, end=False), strict=True
        )
    }
    for place, segments in enumerate(cut):
        if place not in found:
            found[place] = Example.of(rows[place].id, *encoder.conversation(segments))
    return [found[place] for place in range(len(rows))]


def encode_rows(
    rows: Sequence[Row | Mapping[str, Any]],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    template: str | Mapping[str, Any],
    max_length: int,
    too_long: str = TRUNCATE,
    loss: str = ALL_TURNS,
) -> tuple[list[Example], Counts]:
    """Encode prompts and answers together; supervise the answers and the tokens that end them.

    `rows`: records, or the objects of a dataset's file. `loss`: of all answers of a conversation, or of its last. Rows with more than `max_length` tokens
    lose their end (`truncate`; they then have no end token, so that no model learns to stop in
    mid-sentence) or are dropped (`drop`). No question is cut: a later one that does not fit is left
    out with what follows it, and a row whose first prompt alone fills the window is always dropped.
    """
    examples: list[Example] = []
    counts = Counts(rows=len(rows))
    read = [Row.of(row, f"row {number}") for number, row in enumerate(rows, start=1)]
    for example in examples_of(read, tokenizer, template):
        if loss == LAST_TURN and example.masked:
            example = Example(example.id, example.tokens, example.masked[-1][1])
        whole = len(example.tokens)
        if example.prompt >= max_length or (whole > max_length and too_long == DROP):
            counts.dropped_rows += 1
            continue
        example = example.cut(max_length)
        lost = whole - len(example.tokens)
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
