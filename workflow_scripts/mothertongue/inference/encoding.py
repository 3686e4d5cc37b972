"""Turn text into tokens, in one way for training, scoring, generation, answers and perplexity.

This is the one place that decides on special tokens:

* A text begins with what the tokenizer puts before a text (a beginning-of-sequence token, several
  tokens, or nothing). What it puts *after* a text is left out, since every text is continued.
* A training row ends with exactly one end-of-sequence token.
* A prompt may hold marked control tokens (marks.py), which are encoded as such; one that a chat
  template wrote has no other head.
* Special tokens that stand in a text unmarked, such as `</s>` or `<|im_end|>`, are text: they are written
  with the tokens of their characters, as `split_special_tokens=True` asks of a tokenizer. Tokenizers
  that do not obey (a Unigram vocabulary that holds them, code of a model's own) are corrected.

Hence the tokens before a trained output are those of the prompt that is evaluated, to the token.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InputError
from .marks import MARKS, WHOLE, pieces, without_marks

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PROBE = "a"
Spans = tuple[tuple[int, int], ...]  # from the first token to behind the last
CONTROL = re.compile(r"<[|｜].+[|｜]>")
ROWS = "_embedding_rows"  # attribute of a tokenizer: how many of its entries the model knows


class Encoded(NamedTuple):
    """A prompt and what follows it; the first `prompt` of the tokens are the prompt's."""

    tokens: list[int]
    prompt: int


def limit_to_embedding(tokenizer: "PreTrainedTokenizerBase", model: Any) -> None:
    """Note the rows of the model's embedding, so that `Encoder` refuses a token beyond them.

    A padding token beyond them is replaced: padding is looked up, though never attended to.
    """
    rows = model.get_input_embeddings().weight.shape[0]
    setattr(tokenizer, ROWS, rows)
    pad = tokenizer.pad_token_id
    if pad is not None and pad >= rows:
        fitting = [i for i in (tokenizer.unk_token_id, tokenizer.eos_token_id, 0) if i is not None]
        number = next(i for i in fitting if i < rows)
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(number)


class Encoder:
    """Encodes texts with one tokenizer, as the module says."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        self.tokenizer = tokenizer
        self.rows: int | None = getattr(tokenizer, ROWS, None)
        self.end: int = tokenizer.eos_token_id
        self.special = special_tokens(tokenizer)
        self.names = [name for name in self.special.values() if name]
        bare = self._call([PROBE], special=False)[0]
        whole = self._call([PROBE], special=True)[0]
        first, last = _inside(bare, self.special)
        self._cut = first, len(bare) - last  # what a tokenizer adds although it is told not to
        place = _find(bare[first:last], whole)
        self.head: list[int] = whole[:place]

    def texts(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode texts that something follows: the head and the text's own tokens."""
        return [
            tokens if text.startswith(WHOLE) else [*self.head, *tokens]
            for text, tokens in zip(texts, self.bare(texts), strict=True)
        ]

    def bare(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode texts without a head, as what follows a prompt."""
        if not texts:
            return []
        first, last = self._cut
        found = []
        unmarked = [text if not MARKS.search(text) else PROBE for text in texts]
        for text, tokens in zip(texts, self._call(unmarked, special=False), strict=True):
            if MARKS.search(text):
                found.append(self._with_control(text))
                continue
            tokens = tokens[first : len(tokens) - last]
            if self.special.keys() & set(tokens):
                tokens = self._as_text(tokens)
            self._check(tokens, text)
            found.append(tokens)
        return found

    def conversation(self, segments: Sequence[tuple[str, bool]]) -> tuple[list[int], Spans]:
        """Encode a text of several segments, each with whether it counts; where those that do lie.

        As in `pairs`, the text is encoded as a whole, but for a segment whose first token would
        straddle its border.
        """
        tokens: list[int] = []
        spans: list[tuple[int, int]] = []
        text = ""
        for part, counts in segments:
            begun = len(tokens)
            (whole,) = self.texts([text + part])
            if whole[:begun] == tokens:
                tokens = whole
            else:
                tokens = tokens + self.bare([part])[0]
            text += part
            if counts:
                spans.append((begun, len(tokens)))
        return tokens, tuple(spans)

    def _with_control(self, text: str) -> list[int]:
        """Encode a text with marked control tokens; as the tokenizer does where no text looks like one."""
        parts = pieces(text)
        if not any(name in part for part, marked in parts if not marked for name in self.names):
            tokens = self._call(["".join(part for part, _ in parts)], special=False, parse=True)[0]
            first, last = self._cut
            tokens = tokens[first : len(tokens) - last]
            self._check(tokens, without_marks(text))
            return tokens
        tokens = []
        for part, marked in parts:
            if marked:
                tokens.append(int(self.tokenizer.convert_tokens_to_ids(part)))  # type: ignore[arg-type]
            else:
                tokens += self.bare([part])[0]
        self._check(tokens, without_marks(text))
        return tokens

    def pairs(
        self, prompts: Sequence[str], outputs: Sequence[str], *, end: bool = True
    ) -> list[Encoded]:
        """Encode prompts with the outputs that follow them, and (`end`) one end token.

        A text is encoded as a whole. Where a token would straddle the border, prompt and output
        are encoded apart, so that what is scored begins where an evaluated prompt ends.
        """
        heads = self.texts(prompts)
        wholes = self.texts([prompt + output for prompt, output in zip(prompts, outputs)])
        encoded = []
        for head, whole, output in zip(heads, wholes, outputs):
            if whole[: len(head)] != head:
                whole = head + self.bare([output])[0]
            if end:
                self._check([self.end], "")
                whole = [*whole, self.end]
            encoded.append(Encoded(whole, len(head)))
        return encoded

    def _call(self, texts: list[str], *, special: bool, parse: bool = False) -> list[list[int]]:
        options = {"add_special_tokens": special, "return_attention_mask": False, "verbose": False}
        if parse:
            return [list(tokens) for tokens in self.tokenizer(texts, **options)["input_ids"]]
        try:
            found = self.tokenizer(texts, split_special_tokens=True, **options)
        except (TypeError, ValueError):  # it does not know the option
            found = self.tokenizer(texts, **options)
        return [list(tokens) for tokens in found["input_ids"]]

    def _as_text(self, tokens: list[int]) -> list[int]:
        """Write special tokens with the tokens of their characters."""
        written: list[int] = []
        for token in tokens:
            if token in self.special:
                written += self._spelt(self.special[token])
            else:
                written.append(token)
        return written

    def _spelt(self, text: str) -> list[int]:
        """Tokens of the single characters of a text: entries of the vocabulary, else its bytes."""
        spelt: list[int] = []
        unknown = self.tokenizer.unk_token_id
        for character in text.replace(" ", "▁"):
            candidates = [character, *(f"<0x{byte:02X}>" for byte in character.encode())]
            known = self.tokenizer.convert_tokens_to_ids(candidates)
            numbers = known if isinstance(known, list) else [known]
            if numbers[0] not in (None, unknown):
                numbers = numbers[:1]
            elif None in numbers[1:] or unknown in numbers[1:]:
                numbers = self._call([character], special=False)[0]
            else:
                numbers = numbers[1:]
            spelt += [n for n in numbers if n not in self.special]
        return spelt

    def _check(self, tokens: Sequence[int], text: str) -> None:
        """Refuse a token that the model has no row for, by its name."""
        if self.rows is None or not tokens or max(tokens) < self.rows:
            return
        token = next(token for token in tokens if token >= self.rows)
        name = self.tokenizer.convert_ids_to_tokens(token)
        where = f" in the text {shortened(text)}" if text else ""
        raise InputError(
            f"the tokenizer's entry '{name}' (number {token}){where} is beyond the model's"
            f" {self.rows} rows: tokenizer and model do not belong together, or the text must go"
            " without it"
        )


def special_tokens(tokenizer: "PreTrainedTokenizerBase") -> dict[int, str]:
    """Special tokens that no text may hold: number -> text.

    Added entries of the form `<|…|>` are among them even where a tokenizer does not say that they
    are special. The unknown token is not (it stands for text) unless it also ends a text.
    """
    found = {
        int(number): str(token)
        for number, token in tokenizer.added_tokens_decoder.items()
        if getattr(token, "special", False) or CONTROL.fullmatch(str(token))
    }
    for number, token in zip(tokenizer.all_special_ids, tokenizer.all_special_tokens):
        found[number] = str(token)
    if tokenizer.unk_token_id != tokenizer.eos_token_id:
        found.pop(tokenizer.unk_token_id, None)
    return found


def end_tokens(
    model: Any, tokenizer: "PreTrainedTokenizerBase", further: Sequence[str] = ()
) -> set[int]:
    """Tokens that end a generated text: the tokenizer's, those of the model's settings, and `further`."""
    found = {tokenizer.eos_token_id, *(tokenizer.convert_tokens_to_ids(name) for name in further)}
    configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    found.update(configured if isinstance(configured, list | tuple) else [configured])
    return found - {None}


def _inside(tokens: list[int], special: dict[int, str]) -> tuple[int, int]:
    """Where the tokens of a text begin and end among special ones."""
    first, last = 0, len(tokens)
    while first < last and tokens[first] in special:
        first += 1
    while last > first and tokens[last - 1] in special:
        last -= 1
    return first, last


def _find(part: list[int], whole: list[int]) -> int:
    """The first place of `part` in `whole`; 0 where a tokenizer writes it differently there."""
    for place in range(len(whole) - len(part) + 1):
        if whole[place : place + len(part)] == part:
            return place
    return 0


def shortened(text: str) -> str:
    """A text in quotes, its end left out where it is long."""
    return repr(text if len(text) <= 60 else text[:57] + "…")
