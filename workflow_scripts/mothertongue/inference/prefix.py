"""A model class for lm-eval that computes what prompts share once.

Few-shot prompts repeat the same demonstrations, and questions on one passage the same passage.
lm-eval's `HFLM` computes every prompt from its first token. `PrefixLM` sorts the requests, walks
down the tree of their common prefixes (plan.py), computes each worthwhile prefix once and lets
the batch see its key-value cache (cache.py), so that only suffixes are computed; logits are made
only where they are read. Generated rows leave the batch when they end and others take their place
(greedy.py). Batches are as large as memory allows, and half of that when it turns out too much.

Where an architecture does not allow this (self_test.py), lm-eval's own class does the work, and
`notes` says so.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.utils import (
    handle_stop_sequences,
    normalize_gen_kwargs,
    postprocess_generated_text,
)
from transformers.cache_utils import DynamicCache

from ..errors import InputError
from . import attention
from .cache import expanded
from .encoding import end_tokens
from .engine import Generated, as_text, name_of
from .greedy import Choice, Greedy, Prefilled, likeliest
from .plan import Group
from .scoring import ScoringLM, right_padded
from .self_test import why_not_greedy

REFILL = 0.75  # rows join when so many of those that decoded together are left
Keep = Callable[[dict[int, list[int]]], None]  # gets rows (index -> new tokens) when they end


class PrefixLM(ScoringLM):
    """`HFLM` with shared prefixes, a token budget instead of a batch size, and resumption."""

    def guarded(self) -> AbstractContextManager[Any]:
        """While this is open, a batch that is too large for memory is halved."""
        return self.budget.halved_by_failure()

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = True) -> list[str]:
        """Generated texts; greedy ones behind shared prefixes, others by lm-eval's class."""
        results: dict[int, str] = {}
        groups: dict[str, list[int]] = {}
        prompts = self.encoder.texts([request.args[0] for request in requests])
        for number, (request, prompt) in enumerate(zip(requests, prompts)):
            context, arguments = request.args
            kwargs = normalize_gen_kwargs(dict(arguments), self.max_gen_toks)
            over = len(prompt) + int(kwargs["max_gen_toks"]) - self.max_length
            if over >= len(prompt):
                raise InputError(
                    f"{kwargs['max_gen_toks']} new tokens leave no room for a prompt in a model of"
                    f" {self.max_length}; lower evaluate.benchmarks.*.max_new_tokens"
                )
            if over > 0:
                self._cut[name_of("cut", context)] = over
            name = name_of("generate", context, as_text(arguments))
            if self.store and name in self.store.found:
                text, tokens, unfinished = self.store.found[name]
                results[number] = text
                self._generated[name] = Generated(tokens=tokens, unfinished=unfinished)
                continue
            groups.setdefault(as_text(arguments), []).append(number)
        for numbers in groups.values():
            arguments = requests[numbers[0]].args[1]
            kwargs = normalize_gen_kwargs(dict(arguments), self.max_gen_toks)
            new = int(kwargs["max_gen_toks"])
            longest = max(len(prompts[number]) for number in numbers) + new
            self._check_lengths(min(longest, self.max_length))
            reason = why_not_greedy(kwargs) if self.share else None
            if reason:
                self._note(f"generation by lm-eval's own class: {reason}")
            if self.share and not reason:
                self._greedy(requests, numbers, prompts, kwargs, results)
                continue
            lengths = {number: len(prompts[number]) for number in numbers}
            for texts in self._stock_texts(requests, lengths, new):
                chunk: dict[str, Any] = {}
                for number, (text, tokens, unfinished) in texts.items():
                    name = name_of("generate", requests[number].args[0], as_text(arguments))
                    self._generated[name] = Generated(tokens=tokens, unfinished=unfinished)
                    chunk[name] = [text, tokens, unfinished]
                    results[number] = text
                if self.store:
                    self.store.add(chunk)
        return [results[number] for number in range(len(requests))]

    def _greedy(
        self,
        requests: list[Instance],
        numbers: list[int],
        prompts: list[list[int]],
        kwargs: Mapping[str, Any],
        results: dict[int, str],
    ) -> None:
        """Decode requests of like arguments greedily, each different prompt once."""
        eos_text = self.tok_decode(self.eot_token_id, skip_special_tokens=False)
        stops = handle_stop_sequences(kwargs.get("until"), eos=eos_text)
        new = int(kwargs["max_gen_toks"])
        room = self.max_length - new
        same: dict[tuple[int, ...], list[int]] = {}
        for number in numbers:
            tokens = prompts[number][-room:]
            self.statistics["stock_tokens"] += len(tokens)
            same.setdefault(tuple(tokens), []).append(number)
        sequences = [list(sequence) for sequence in same]

        def keep(ended: dict[int, list[int]]) -> None:
            chunk: dict[str, Any] = {}
            for index, tokens in ended.items():
                text = postprocess_generated_text(self.tok_decode(tokens), stops, None)
                unfinished = greedy.unfinished(tokens)
                for number in same[tuple(sequences[index])]:
                    context, arguments = requests[number].args
                    name = name_of("generate", context, as_text(arguments))
                    results[number] = text
                    self._generated[name] = Generated(tokens=len(tokens), unfinished=unfinished)
                    chunk[name] = [text, len(tokens), unfinished]
            if self.store and chunk:
                self.store.add(chunk)

        greedy = self._rows(new, stops)
        self._decode_all(greedy, sequences, keep)

    def decode(
        self,
        sequences: list[list[int]],
        *,
        new: int,
        keep: Keep,
        choose: Choice = likeliest,
    ) -> None:
        """Continue token sequences by `new` tokens or up to an end token, as memory allows.

        `keep({index: new tokens})` gets rows when they end, in any order; the end token is among
        the tokens. Sequences must leave room for the new tokens.
        """
        self._check_lengths(max(map(len, sequences), default=0) + new)
        if self.share:
            self._decode_all(self._rows(new, [], choose), sequences, keep)
            return
        for ended in self._stock_tokens(sequences, new, choose):
            keep(ended)

    def _rows(self, new: int, stops: list[str], choose: Choice = likeliest) -> Greedy:
        return Greedy(
            self._forward,
            self.tokenizer,
            ends=end_tokens(self.model, self.tokenizer, self.ends),
            stops=stops,
            new=new,
            by_block=self.by_block,
            choose=choose,
        )

    def _decode_all(self, greedy: Greedy, sequences: list[list[int]], keep: Keep) -> None:
        todo = list(range(len(sequences)))
        while todo:
            todo = self._decode(greedy, sequences, todo, keep)

    def _decode(
        self, greedy: Greedy, sequences: list[list[int]], todo: list[int], keep: Keep
    ) -> list[int]:
        """Decode sequences; `keep` gets those that ended. Returns what memory did not allow."""
        chosen = [sequences[index] for index in todo]
        walk = self._walk(chosen, [len(s) - 1 for s in chosen], [greedy.new] * len(chosen))
        again: list[int] = []
        started = 0  # rows that decoded together after the last join
        while True:
            joining: list[Prefilled] = []
            try:
                live = len(greedy.live())
                if not live:
                    greedy.drop()
                if live <= REFILL * started:
                    rows, width = live, greedy.length + greedy.new if live else 0
                    while group := walk.take(self.batch_tokens, rows, width):
                        indices = [todo[i] for i in group.indices]
                        joining.append(Prefilled(indices, None, [], torch.empty(0)))
                        joining[-1] = self._prefill(group, indices, sequences)
                        rows += len(indices)
                        width = max(width, *(len(sequences[i]) + greedy.new for i in indices))
                    if not joining and not live:
                        return again
                    if joining or live <= started / 2:
                        keep(greedy.join(joining))
                        joining, started = [], len(greedy.live())
                if greedy.live():
                    keep(greedy.step())
            except RuntimeError as error:
                lost = {i for part in joining for i in part.indices} | set(greedy.drop())
                self.budget.halve(error, len(lost) > 1)
                again += sorted(lost)
                started = 0

    def _prefill(self, group: Group, indices: list[int], sequences: list[list[int]]) -> Prefilled:
        """Compute the suffixes of a group behind their prefix."""
        suffixes = [sequences[index][group.depth :] for index in indices]
        cache = expanded(group.cache, len(indices)) or DynamicCache()
        ends = [(row, len(suffix) - 1) for row, suffix in enumerate(suffixes)]
        logits = self._forward(right_padded(suffixes, self.device), cache, ends)
        lengths = [len(sequences[index]) for index in indices]
        together = self.by_block and group.depth * (len(indices) - 1) >= attention.WORTH
        return Prefilled(indices, cache, lengths, logits, group.cache if together else None)
