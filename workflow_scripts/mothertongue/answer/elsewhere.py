"""Answer question sets with a model that a server or vLLM holds: the prompts and limits of `generate`."""

import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from ..inference.templates import Prompting
from .generate import (
    QuestionSet,
    new_tokens_in,
    one_turn,
    tokenise_prompts,
)

log = logging.getLogger(__name__)


def answer_elsewhere(
    lm: Any,
    sets: Sequence[QuestionSet],
    *,
    prompting: Prompting,
    max_new_tokens: int,
    temperature: float,
    context: int,
    seed: int = 1,
) -> None:
    """Answer every open question of the sets on an `Asked` model; answers are kept as they come.

    `context`: tokens that the model takes. With a `temperature` above 0 the engine draws, with a seed
    that `seed` and the prompt decide.
    """
    new = new_tokens_in(context, max_new_tokens)
    lm.use(prompting)
    started, made, answered = time.monotonic(), 0, 0
    for one in sets:
        questions = one.open()
        render = partial(one_turn, prompting, one.language)
        prompts = tokenise_prompts(questions, lm.tokenizer, render=render, room=context - new)
        texts = lm.continued(
            [prompt.tokens for prompt in prompts], new=new, temperature=temperature, seed=seed
        )
        for question, prompt, (text, length) in zip(questions, prompts, texts, strict=True):
            one.partial.add(
                [
                    question
                    | {"answer": text.strip()}
                    | {"stop": "length" if length["unfinished"] else "eos"}
                    | {"tokens": length["tokens"], "prompt_tokens": len(prompt.tokens)}
                    | {"prompt_cut": prompt.cut}
                ]
            )
            made += length["tokens"]
            answered += 1
    seconds = max(1e-9, time.monotonic() - started)
    print(f"{answered} answers, {made} tokens in {seconds:.1f} s: {made / seconds:.0f} tokens/s")
