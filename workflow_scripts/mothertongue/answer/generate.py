"""Answer question sets with one model; all of their questions are decoded together."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..files import Row, text_hash
from ..inference.encoding import Encoder, end_tokens
from ..inference.generation import make_plain
from ..inference.templates import Prompting
from .partial import PartialAnswers

log = logging.getLogger(__name__)
REPORT_SECONDS = 30.0


class QuestionSet(NamedTuple):
    """Questions in one language, and the file in which their answers are kept."""

    questions: list[Row]
    partial: PartialAnswers
    language: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every question has its answer."""
        return self.partial.facts is not None and not self.open()

    def open(self) -> list[Row]:
        """Questions that have no answer yet."""
        return [question for question in self.questions if question["id"] not in self.partial.rows]

    def answers(self) -> list[Row]:
        """The answers, in the order of the questions."""
        return [self.partial.rows[question["id"]] for question in self.questions]


class Prompt(NamedTuple):
    """One tokenised prompt and how many of its tokens did not fit the model."""

    id: str
    tokens: list[int]
    cut: int


def fit_prompt(tokens: list[int], room: int) -> tuple[list[int], int]:
    """Cut the middle out of a prompt that leaves no room to answer: template ends stay whole."""
    if len(tokens) <= room:
        return tokens, 0
    head = room // 2
    return tokens[:head] + tokens[len(tokens) - (room - head) :], len(tokens) - room


def split_answer(tokens: list[int], end_ids: set[int]) -> tuple[list[int], str]:
    """Cut generated tokens at the first end-of-sequence token and say how they stopped."""
    for place, token in enumerate(tokens):
        if token in end_ids:
            return tokens[:place], "eos"
    return tokens, "length"


def tokenise_prompts(
    questions: list[Row], tokenizer: Any, *, render: Callable[[str], str], room: int
) -> list[Prompt]:
    """Render every question by the training template and tokenise it."""
    encoded = Encoder(tokenizer).texts([render(question["prompt"]) for question in questions])
    return [
        Prompt(question["id"], *fit_prompt(tokens, room))
        for question, tokens in zip(questions, encoded)
    ]


def one_turn(prompting: Prompting, language: str | None, question: str) -> str:
    """The prompt of one question."""
    return prompting.prompt([question], language=language)


def new_tokens_in(context: int, most: int) -> int:
    """New tokens of an answer: at most half of what the model holds."""
    found = min(most, max(1, context // 2))
    if found < most:
        log.warning("max_new_tokens lowered to %d: the model holds %d", found, context)
    return found


def answer_all(
    lm: Any,
    sets: Sequence[QuestionSet],
    *,
    prompting: Prompting,
    max_new_tokens: int,
    temperature: float,
    seed: int = 1,
) -> None:
    """Answer every open question of the sets on a `PrefixLM`; each answer is kept when it ends.

    Greedy unless `temperature` is above 0; then a draw depends on `seed`, question and place only.
    """
    from ..inference.greedy import Sampler, likeliest

    config = lm.model.config.get_text_config(decoder=True)
    context = getattr(config, "max_position_embeddings", None) or 1 << 30
    new_tokens = new_tokens_in(context, max_new_tokens)
    lm.use(prompting)
    asked: list[tuple[PartialAnswers, Row]] = []
    prompts: list[Prompt] = []
    for one in sets:
        open_ones = one.open()
        asked += [(one.partial, question) for question in open_ones]
        render = partial(one_turn, prompting, one.language)
        prompts += tokenise_prompts(
            open_ones, lm.tokenizer, render=render, room=context - new_tokens
        )
    questions = [question for _, question in asked]
    end_ids = end_tokens(lm.model, lm.tokenizer, prompting.ends)
    started, made, answered = time.monotonic(), 0, 0
    reported = started

    def keep(ended: dict[int, list[int]]) -> None:
        nonlocal made, answered, reported
        for index, tokens in ended.items():
            kept, stop = split_answer(tokens, end_ids)
            text = lm.tokenizer.decode(kept, skip_special_tokens=True).strip()
            kept_in, question = asked[index]
            kept_in.add(
                [
                    question
                    | {"answer": text, "stop": stop, "tokens": len(kept)}
                    | {"prompt_tokens": len(prompts[index].tokens)}
                    | {"prompt_cut": prompts[index].cut}
                ]
            )
            made += len(kept)
            answered += 1
        now = time.monotonic()
        if ended and now - reported > REPORT_SECONDS:
            reported = now
            speed = made / max(1e-9, now - started)
            log.info("%d of %d answers, %.0f tokens/s", answered, len(asked), speed)

    seeds = [text_hash(str(seed), question["id"], question["prompt"]) for question in questions]
    lm.decode(
        [prompt.tokens for prompt in prompts],
        new=new_tokens,
        keep=keep,
        choose=Sampler(temperature, seeds) if temperature > 0 else likeliest,
    )
    seconds = max(1e-9, time.monotonic() - started)
    print(f"{answered} answers, {made} tokens in {seconds:.1f} s: {made / seconds:.0f} tokens/s")


def generate_batch(
    model: Any,
    prompts: list[list[int]],
    *,
    end_ids: set[int],
    pad_id: int,
    max_new_tokens: int,
    temperature: float = 0.0,
    seed: int = 1,
) -> list[list[int]]:
    """New tokens of tokenised prompts, for whoever has a model and no study.

    Nothing but these arguments decides the text: the model's own settings are made plain.
    """
    from ..inference.greedy import Sampler, likeliest
    from ..inference.stock import generate

    make_plain(model)
    seeds = [text_hash(str(seed), str(place)) for place in range(len(prompts))]
    choose = Sampler(temperature, seeds) if temperature > 0 else likeliest
    return generate(
        model,
        prompts,
        range(len(prompts)),
        ends=end_ids,
        pad=pad_id,
        new=max_new_tokens,
        choose=choose,
    )


def stop_counts(rows: list[Row]) -> dict[str, int]:
    """How many answers ended by themselves (`eos`) and how many at the limit (`length`)."""
    return {stop: sum(row["stop"] == stop for row in rows) for stop in ("eos", "length")}
