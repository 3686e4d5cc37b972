"""A model class for lm-eval that computes what prompts share once.

Few-shot prompts repeat the same demonstrations, and questions on one passage the same passage.
lm-eval's `HFLM` computes every prompt from its first token. `PrefixLM` sorts the requests, walks
down the tree of their common prefixes (plan.py), computes each worthwhile prefix once and lets
the batch see its key-value cache (cache.py), so that only suffixes are computed; logits are made
only where they are read. Generated rows leave the batch when they end and others take their place
(greedy.py). Batches are as large as memory allows, and half of that when it turns out too much.

Where an architecture does not allow this (probe.py), lm-eval's own class does the work, and
`notes` says so.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from lm_eval.api.instance import Instance
from lm_eval.models.utils import (
    handle_stop_sequences,
    normalize_gen_kwargs,
    postprocess_generated_text,
)
from transformers.cache_utils import DynamicCache

from ..errors import InputError
from ..files import text_hash
from . import attention
from .budgets import Remembered
from .cache import expanded
from .encoding import end_tokens
from .finished import Store
from .forward import LOG
from .greedy import Choice, Greedy, Prefilled, likeliest
from .passage import encode_pairs, scored_part
from .plan import WORTH, Group, Walk
from .positions import switches
from .self_test import attends_by_block, why_not_across, why_not_greedy, why_not_shared
from .self_test_results import Verdicts
from .stock import StockLM

AT_ONCE = {"cpu": 2048, "cuda": 16384}  # prompt tokens in one pass: enough to be busy
PADDING = {"cpu": 64, "cuda": 256}  # tokens of padding that are dearer than one more pass
REFILL = 0.75  # rows join when so many of those that decoded together are left


class PrefixLM(StockLM):
    """`HFLM` with shared prefixes, a token budget instead of a batch size, and resumption."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        batch_tokens: int | str = "auto",
        store: Store | None = None,
        worth: int = WORTH,
        max_length: int | None = None,
        memory: Remembered | None = None,
        verdicts: Verdicts | None = None,
    ) -> None:
        """`verdicts` holds what the probe found in earlier jobs; without it the model is probed."""
        super().__init__(
            model, tokenizer, batch_tokens=batch_tokens, max_length=max_length, memory=memory
        )
        self.store = store
        self.verdicts = verdicts or Verdicts()
        self.worth = worth
        self.notes: list[str] = []
        self._cut: dict[str, int] = {}
        self._scored: dict[tuple[str, str], tuple[int, str]] = {}  # tokens, and their text
        self._generated: dict[str, dict[str, Any]] = {}
        self._tried: set[int] = set()  # switches (positions.py) that texts so far exceed
        self.share = True
        self._share_unless(why_not_shared(self.model, self.max_length, self.verdicts))
        self.by_block = self.share and attends_by_block(self.model, self.max_length, self.verdicts)

    def _share_unless(self, reason: str | None) -> None:
        if reason and self.share:
            self.share = False
            self._note(f"prefixes are not shared: {reason}; lm-eval's own class was used")

    def _check_lengths(self, longest: int) -> None:
        """Go on sharing only if that is exact up to the longest text that occurs."""
        for switch in switches(self.model.config):
            if switch < longest and switch not in self._tried and self.share:
                self._tried.add(switch)
                self._share_unless(
                    why_not_across(self.model, switch, self.max_length, self.verdicts)
                )

    def _note(self, text: str) -> None:
        """Say something once, in the log and in the score file."""
        if text not in self.notes:
            self.notes.append(text)
            LOG.warning(text)

    # ---- what score.py asks for

    def cut_report(self) -> dict[str, int]:
        """How many requests were longer than the model, and how many tokens were cut off."""
        return {"requests": len(self._cut), "tokens": sum(self._cut.values())}

    def scored_tokens(self, context: str, continuation: str) -> int:
        """Number of tokens that a log-likelihood sums over."""
        return self._scored[context, continuation][0]

    def scored_text(self, context: str, continuation: str) -> str:
        """The text that a log-likelihood is of: the continuation, or as much as the model holds."""
        return self._scored[context, continuation][1]

    def generated(self, context: str, arguments: dict) -> dict[str, Any]:
        """Tokens of a generated text, and whether it ran to the limit."""
        return self._generated[_name("generate", context, _text(arguments))]

    def _walk(self, sequences: list[list[int]], free: list[int], extra: list[int]) -> Walk:
        """The way through sequences, each of which takes `extra` tokens more of memory."""
        weights = [len(sequence) + more for sequence, more in zip(sequences, extra)]
        kind = "cuda" if self.device.type == "cuda" else "cpu"
        most, padding = AT_ONCE[kind], PADDING[kind]
        return Walk(sequences, free, weights, most, padding, self.worth, self._extend)

    # ---- log-likelihoods

    def loglikelihood(
        self, requests: list[Instance], disable_tqdm: bool = True
    ) -> list[tuple[float, bool]]:
        """Log-likelihoods of (context, continuation) pairs; texts are tokenised in batches.

        A `Passage` is scored as training supervises it; its end token comes third in the result.
        """
        encoded = encode_pairs(
            self.encoder, [request.args for request in requests], self.prefix_token_id
        )
        return self._loglikelihood_tokens(encoded, disable_tqdm=disable_tqdm)

    def _loglikelihood_tokens(
        self, requests: list, disable_tqdm: bool = True, override_bs: int | None = None
    ) -> list[tuple]:
        results: dict[int, tuple] = {}
        jobs: dict[tuple[int, ...], list[tuple[int, list[int], int | None]]] = {}
        names: list[str | None] = []
        stock: dict[int, tuple] = {}
        for number, (pair, before, after) in enumerate(requests):
            name = _name("score", *pair) if pair else None
            names.append(name)
            lost = max(0, len(after) - self.max_length)
            if lost:  # longer than the model by itself: only its beginning can be scored
                after = after[: self.max_length]
            after, end = scored_part(pair, after, lost)
            whole = before + after if end is None else [*before, *after, end]
            over = len(whole) - (self.max_length + 1)
            if name and (over > 0 or lost):
                self._cut[_name("cut", pair[0])] = max(over, 0) + lost
            if pair:
                text = self.tok_decode(after) if lost else pair[1]
                self._scored[pair] = len(after), text
            if name and self.store and name in self.store.found:
                results[number] = tuple(self.store.found[name])
                continue
            inputs = tuple(whole[-(self.max_length + 1) :][:-1])
            self.statistics["stock_tokens"] += 0 if inputs in jobs else len(inputs)
            jobs.setdefault(inputs, []).append((number, after, end))
            stock[number] = pair, before, after, end
        self._check_lengths(max(map(len, jobs), default=0))
        chunks = self._scores(jobs) if self.share else self._stock_scores(stock)
        for answers in chunks:
            results |= answers
            if self.store:
                kept = {names[number]: answer for number, answer in answers.items()}
                kept.pop(None, None)
                self.store.add(kept)
        return [results[number] for number in range(len(requests))]

    def _scores(self, jobs: dict[tuple[int, ...], list]) -> Iterator[dict[int, tuple]]:
        """Yield results of inputs -> (request, scored tokens, end token), group by group."""
        sequences = [list(inputs) for inputs in jobs]
        read = [
            max(len(after) + (end is not None) for _, after, end in jobs[inputs]) for inputs in jobs
        ]
        free = [len(s) - n for s, n in zip(sequences, read)]
        row = 3 * 4 * self.vocab_size / self._token_bytes  # logits and their softmax, as tokens
        todo = list(range(len(sequences)))
        while todo:
            walk = self._walk(
                [sequences[i] for i in todo],
                [free[i] for i in todo],
                [int(row * read[i]) for i in todo],
            )
            again: list[int] = []
            while group := walk.take(self.batch_tokens):
                indices = [todo[i] for i in group.indices]
                try:
                    answers = self._score(group, indices, sequences, read, jobs)
                except RuntimeError as error:
                    self.budget.halve(error, len(indices) > 1)
                    again += indices
                    continue
                yield answers
            todo = again

    def _score(
        self, group: Group, indices: list[int], sequences: list, read: list[int], jobs: dict
    ) -> dict[int, tuple]:
        """Request -> its log-likelihood, whether it is greedy, and its end token's, if it has one."""
        pick: list[tuple[int, int]] = []  # (row, position) whose logits are read
        wanted: list[tuple[int, int, list[int], int | None]] = []  # request, end in pick, tokens
        suffixes = [sequences[index][group.depth :] for index in indices]
        for row, (index, suffix) in enumerate(zip(indices, suffixes)):
            pick += [(row, place) for place in range(len(suffix) - read[index], len(suffix))]
            for number, after, end in jobs[tuple(sequences[index])]:
                tokens = after if end is None else [*after, end]
                wanted.append((number, len(pick), tokens, end))
        ids = _right_padded(suffixes, self.device)
        logits = self._forward(ids, expanded(group.cache, len(suffixes)), pick, exact=True)
        logits = F.log_softmax(logits, dim=-1, dtype=torch.float32)
        places = [place for _, stop, after, _ in wanted for place in range(stop - len(after), stop)]
        targets = torch.tensor([t for _, _, after, _ in wanted for t in after], device=self.device)
        likelihoods = logits[places, targets].cpu()
        greedy = (logits.argmax(dim=-1)[places] == targets).cpu()
        answers, start = {}, 0
        for number, _, after, end in wanted:
            stop = start + len(after) - (end is not None)
            answers[number] = float(likelihoods[start:stop].sum()), bool(greedy[start:stop].all())
            if end is not None:
                answers[number] += (float(likelihoods[stop]),)
            start += len(after)
        return answers

    # ---- generation

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
                self._cut[_name("cut", context)] = over
            name = _name("generate", context, _text(arguments))
            if self.store and name in self.store.found:
                text, tokens, unfinished = self.store.found[name]
                results[number] = text
                self._generated[name] = {"tokens": tokens, "unfinished": unfinished}
                continue
            groups.setdefault(_text(arguments), []).append(number)
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
                chunk = {}
                for number, (text, tokens, unfinished) in texts.items():
                    name = _name("generate", requests[number].args[0], _text(arguments))
                    self._generated[name] = {"tokens": tokens, "unfinished": unfinished}
                    chunk[name] = [text, tokens, unfinished]
                    results[number] = text
                if self.store:
                    self.store.add(chunk)
        return [results[number] for number in range(len(requests))]

    def _greedy(
        self,
        requests: list[Instance],
        numbers: list[int],
        prompts: list,
        kwargs: dict,
        results: dict,
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
            chunk = {}
            for index, tokens in ended.items():
                text = postprocess_generated_text(self.tok_decode(tokens), stops, None)
                unfinished = greedy.unfinished(tokens)
                for number in same[tuple(sequences[index])]:
                    context, arguments = requests[number].args
                    name = _name("generate", context, _text(arguments))
                    results[number] = text
                    self._generated[name] = {"tokens": len(tokens), "unfinished": unfinished}
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
        keep: Callable[[dict[int, list[int]]], None],
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
            ends=end_tokens(self.model, self.tokenizer),
            stops=stops,
            new=new,
            by_block=self.by_block,
            choose=choose,
        )

    def _decode_all(self, greedy: Greedy, sequences: list[list[int]], keep: Callable) -> None:
        todo = list(range(len(sequences)))
        while todo:
            todo = self._decode(greedy, sequences, todo, keep)

    def _decode(
        self, greedy: Greedy, sequences: list[list[int]], todo: list[int], keep: Callable
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
        logits = self._forward(_right_padded(suffixes, self.device), cache, ends)
        lengths = [len(sequences[index]) for index in indices]
        together = self.by_block and group.depth * (len(indices) - 1) >= attention.WORTH
        return Prefilled(indices, cache, lengths, logits, group.cache if together else None)


def _right_padded(suffixes: list[list[int]], device: Any) -> torch.Tensor:
    width = max(map(len, suffixes))
    return torch.tensor([s + [0] * (width - len(s)) for s in suffixes], device=device)


def _name(kind: str, *parts: str) -> str:
    return text_hash(kind, *parts)[:32]


def _text(arguments: dict) -> str:
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False)
