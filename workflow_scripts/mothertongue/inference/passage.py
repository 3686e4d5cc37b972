"""Turn pairs of context and continuation into tokens, as lm-eval or as training does."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .encoding import Encoder

Tokens = tuple[tuple[str, str], list[int], list[int]]  # the pair, its context, its continuation


class Passage(NamedTuple):
    """A prompt and the output after it, to be scored as training supervises it.

    What is scored begins where the prompt ends, white space at its end included; the end token
    that training supervises is scored apart. (lm-eval counts that white space with the
    continuation, which for perplexity would score tokens of the template.)
    """

    context: str
    continuation: str


def encode_pairs(encoder: Encoder, pairs: Sequence[tuple[str, str]], prefix: int) -> list[Tokens]:
    """Encode pairs in batches; `prefix` is the token before a continuation without context.

    As in lm-eval, white space that ends a context is moved into the continuation; a `Passage`
    stays as it is, and its continuation has the end token.
    """
    passages = [pair for pair in pairs if isinstance(pair, Passage)]
    rows = dict(zip(passages, encoder.pairs(*zip(*passages)))) if passages else {}
    shifted: dict[tuple[str, str], tuple[str, str]] = {}
    for pair in pairs:
        context, continuation = pair
        if not isinstance(pair, Passage) and context:
            bare = context.rstrip() or context
            shifted[pair] = bare, context[len(bare) :] + continuation
    wanted = dict.fromkeys(
        text for bare, after in shifted.values() for text in (bare, bare + after)
    )
    known = dict(zip(wanted, encoder.texts(list(wanted))))
    encoded = []
    for pair in pairs:
        if isinstance(pair, Passage):
            tokens, prompt = rows[pair]
            before, after = tokens[:prompt], tokens[prompt:]
        elif pair in shifted:
            bare, continuation = shifted[pair]
            before = known[bare]
            after = known[bare + continuation][len(before) :]
        else:
            before = encoder.head or [prefix]
            after = encoder.bare([pair[1]])[0]
        encoded.append((pair, before, after))
    return encoded


def scored_part(pair: Any, after: list[int], lost: int) -> tuple[list[int], int | None]:
    """The tokens whose log-likelihood counts, and the end token that is scored apart, if any."""
    if isinstance(pair, Passage) and not lost:
        return after[:-1], after[-1]
    return after, None
