"""Generate answers in batches: sorted by length, padded on the left, resumable after every batch.

Batches are made from the whole question set, whatever is already answered, so that a resumed run
computes exactly what an undisturbed one would have.
"""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ..encoding import Encoder, end_tokens, limit_to_embedding
from ..errors import is_out_of_memory
from ..files import Row, text_hash
from ..generation import make_plain
from ..positions import by_length, forget_lengths

log = logging.getLogger(__name__)
CPU_BATCH_TOKENS = 4096
GPU_BATCH_TOKENS = 32768


class Prompt(NamedTuple):
    """One tokenised prompt and how many of its tokens did not fit the model."""

    id: str
    tokens: list[int]
    cut: int


class Answer(NamedTuple):
    """What the model generated for one prompt; `stop` is `eos` or `length`."""

    text: str
    stop: str
    tokens: int


def fit_prompt(tokens: list[int], room: int) -> tuple[list[int], int]:
    """Cut the middle out of a prompt that leaves no room to answer: template ends stay whole."""
    if len(tokens) <= room:
        return tokens, 0
    head = room // 2
    return tokens[:head] + tokens[len(tokens) - (room - head) :], len(tokens) - room


def plan_batches(
    lengths: list[int], *, new_tokens: int, budget: int, switch: int | None = None
) -> list[list[int]]:
    """Group indexes by length, longest first, so that padded prompts and answers fit `budget`.

    A single prompt over the budget still gets a batch of its own; so does one that may exceed
    `switch`, the length at which the model's rotary frequencies change (positions.py).
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    batches: list[list[int]] = []
    widest = 0
    for index in order:
        alone = switch is not None and widest + new_tokens > switch
        fits = batches and (len(batches[-1]) + 1) * (widest + new_tokens) <= budget
        if fits and not alone:
            batches[-1].append(index)
        else:
            batches.append([index])
            widest = lengths[index]
    return batches


def split_answer(tokens: list[int], end_ids: set[int]) -> tuple[list[int], str]:
    """Cut generated tokens at the first end-of-sequence token and say how they stopped."""
    for place, token in enumerate(tokens):
        if token in end_ids:
            return tokens[:place], "eos"
    return tokens, "length"


def generate_batch(
    model: Any,
    prompts: list[list[int]],
    *,
    end_ids: set[int],
    pad_id: int,
    max_new_tokens: int,
    temperature: float,
    seed: int,
) -> list[list[int]]:
    """Generate for prompts of unlike lengths at once; returns new tokens only.

    Nothing but these arguments decides the text: the model's own settings are made plain.
    """
    import torch

    make_plain(model)
    width = max(map(len, prompts))
    device = next(model.parameters()).device
    ids = torch.tensor([[pad_id] * (width - len(p)) + p for p in prompts], device=device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=device)
    sampling: dict[str, Any] = {"do_sample": False}
    if temperature > 0:
        torch.manual_seed(seed)
        sampling = {"do_sample": True, "temperature": temperature, "top_p": 1.0, "top_k": 0}
    with torch.inference_mode():
        out = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=max_new_tokens,
            eos_token_id=sorted(end_ids) or None,
            pad_token_id=pad_id,
            **sampling,
        )
    return out[:, width:].tolist()


class PartialAnswers:
    """Finished answers of an interrupted run, in an undeclared file; void if anything changed."""

    def __init__(self, path: Path, fingerprint: str):
        """Open or start the file; answers of another `fingerprint` are dropped."""
        self.path = path
        self.rows: dict[str, Row] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            self._load(fingerprint)
        if not self.rows:
            path.write_text(json.dumps({"fingerprint": fingerprint}) + "\n", encoding="utf-8")

    def _load(self, fingerprint: str) -> None:
        lines = self.path.read_bytes().split(b"\n")
        try:
            if json.loads(lines[0]).get("fingerprint") != fingerprint:
                return
        except (ValueError, AttributeError):
            return
        whole: list[bytes] = [lines[0]]
        for line in lines[1:]:
            try:
                row = json.loads(line)
                self.rows[row["id"]] = row
                whole.append(line)
            except (ValueError, KeyError, TypeError):
                break  # a line cut off by a kill; everything before it is whole
        self.path.write_bytes(b"\n".join(whole) + b"\n")
        if self.rows:
            log.info("resuming: %d answers of an interrupted run are kept", len(self.rows))

    def add(self, rows: list[Row]) -> None:
        """Keep a batch at once."""
        with self.path.open("a", encoding="utf-8") as handle:
            handle.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        self.rows.update((row["id"], row) for row in rows)

    def discard(self) -> None:
        """Remove the file once the declared output holds everything."""
        self.path.unlink(missing_ok=True)


def tokenise_prompts(
    questions: list[Row], tokenizer: Any, *, render: Callable[[str], str], room: int
) -> list[Prompt]:
    """Render every question by the training template and tokenise it."""
    encoded = Encoder(tokenizer).texts([render(question["prompt"]) for question in questions])
    return [
        Prompt(question["id"], *fit_prompt(tokens, room))
        for question, tokens in zip(questions, encoded)
    ]


def _halves(batch: list[int], run: Callable[[list[int]], list[list[int]]]) -> list[list[int]]:
    """Run a batch; on exhausted memory, run its halves."""
    try:
        return run(batch)
    except RuntimeError as error:
        if len(batch) == 1 or not is_out_of_memory(error):
            raise
        log.warning("out of memory with %d prompts at once; halving", len(batch))
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    middle = len(batch) // 2
    return _halves(batch[:middle], run) + _halves(batch[middle:], run)


def answer_all(
    model: Any,
    tokenizer: Any,
    questions: list[Row],
    *,
    render: Callable[[str], str],
    partial: PartialAnswers,
    max_new_tokens: int,
    temperature: float,
    batch_tokens: str | int,
    seed: int = 1,
) -> list[Row]:
    """Answer every question; rows come back in the order of the questions."""
    import torch

    limit_to_embedding(tokenizer, model)
    forget_lengths(model)
    config = model.config.get_text_config(decoder=True)
    context = getattr(config, "max_position_embeddings", None) or 1 << 30
    new_tokens = min(max_new_tokens, max(1, context // 2))
    if new_tokens < max_new_tokens:
        log.warning("max_new_tokens lowered to %d: the model holds %d", new_tokens, context)
    prompts = tokenise_prompts(questions, tokenizer, render=render, room=context - new_tokens)
    on_gpu = next(model.parameters()).device.type == "cuda"
    budget = batch_tokens
    if budget == "auto":
        budget = GPU_BATCH_TOKENS if on_gpu else CPU_BATCH_TOKENS
    lengths = [len(prompt.tokens) for prompt in prompts]
    batches = plan_batches(
        lengths,
        new_tokens=new_tokens,
        budget=int(budget),
        switch=min(by_length(model.config), default=None),
    )
    end_ids = end_tokens(model, tokenizer)
    pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(end_ids or {0})
    started, made, answered = time.monotonic(), 0, 0
    for number, batch in enumerate(batches, start=1):
        if all(prompts[index].id in partial.rows for index in batch):
            continue
        batch_seed = int(text_hash(str(seed), *(prompts[i].id for i in batch))[:8], 16)
        settings = {
            "end_ids": end_ids,
            "pad_id": pad_id,
            "max_new_tokens": new_tokens,
            "temperature": temperature,
            "seed": batch_seed,
        }

        def run(part: list[int], settings: dict = settings) -> list[list[int]]:
            return generate_batch(model, [prompts[i].tokens for i in part], **settings)

        rows = []
        for index, tokens in zip(batch, _halves(batch, run)):
            kept, stop = split_answer(tokens, end_ids)
            made += len(kept)
            text = tokenizer.decode(kept, skip_special_tokens=True).strip()
            rows.append(
                questions[index]
                | {"answer": text, "stop": stop, "tokens": len(kept)}
                | {"prompt_tokens": lengths[index], "prompt_cut": prompts[index].cut}
            )
        partial.add(rows)
        answered += len(rows)
        seconds = max(1e-9, time.monotonic() - started)
        log.info(
            "batch %d of %d: %d of %d answers, %.0f tokens/s",
            *(number, len(batches), len(partial.rows), len(questions), made / seconds),
        )
    if on_gpu:
        torch.cuda.synchronize()
    seconds = max(1e-9, time.monotonic() - started)
    print(f"{answered} answers, {made} tokens in {seconds:.1f} s: {made / seconds:.0f} tokens/s")
    return [partial.rows[question["id"]] for question in questions]


def stop_counts(rows: list[Row]) -> dict[str, int]:
    """How many answers ended by themselves (`eos`) and how many at the limit (`length`)."""
    return {stop: sum(row["stop"] == stop for row in rows) for stop in ("eos", "length")}
