"""Log-likelihoods behind shared prefixes, and what scoring and generation have in common."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from lm_eval.api.instance import Instance

from .budgets import Remembered
from .cache import expanded
from .engine import Engine, name_of
from .finished import Store
from .forward import LOG
from .passage import Tokens, encode_pairs, scored_part
from .plan import WORTH, Group, Walk
from .positions import switches
from .self_test import attends_by_block, why_not_across, why_not_shared
from .self_test_results import SelfTestResults
from .stock import Likelihood, StockLM, StockRequest

AT_ONCE = {"cpu": 2048, "cuda": 16384}  # prompt tokens in one pass: enough to be busy
PADDING = {"cpu": 64, "cuda": 256}  # tokens of padding that are dearer than one more pass


class Scored(NamedTuple):
    """Tokens at the end of an input whose log-likelihood a request asks for."""

    number: int  # of the request
    after: list[int]
    end: int | None  # an end token behind them, which is scored apart

    @property
    def read(self) -> int:
        """Positions whose logits are read."""
        return len(self.after) + (self.end is not None)


Jobs = dict[tuple[int, ...], list[Scored]]  # inputs -> what is scored at their end


class ScoringLM(Engine, StockLM):
    """`StockLM` that computes a shared prefix once, where that is exact on the model."""

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
        verdicts: SelfTestResults | None = None,
    ) -> None:
        """`verdicts` holds what the self test found in earlier jobs; without it the model is tested."""
        super().__init__(
            model, tokenizer, batch_tokens=batch_tokens, max_length=max_length, memory=memory
        )
        self.store = store
        self.verdicts = verdicts or SelfTestResults()
        self.worth = worth
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

    def _walk(self, sequences: list[list[int]], free: list[int], extra: list[int]) -> Walk:
        """The way through sequences, each of which takes `extra` tokens more of memory."""
        weights = [len(sequence) + more for sequence, more in zip(sequences, extra)]
        kind = "cuda" if self.device.type == "cuda" else "cpu"
        most, padding = AT_ONCE[kind], PADDING[kind]
        return Walk(sequences, free, weights, most, padding, self.worth, self._extend)

    # ---- log-likelihoods

    def loglikelihood(
        self, requests: list[Instance], disable_tqdm: bool = True
    ) -> list[Likelihood]:
        """Log-likelihoods of (context, continuation) pairs; texts are tokenised in batches.

        A `Passage` is scored as training supervises it; its end token comes third in the result.
        """
        encoded = encode_pairs(
            self.encoder, [request.args for request in requests], self.prefix_token_id
        )
        return self._loglikelihood_tokens(encoded, disable_tqdm=disable_tqdm)

    def _loglikelihood_tokens(
        self,
        requests: Sequence[Tokens],
        disable_tqdm: bool = True,
        override_bs: int | None = None,
    ) -> list[Likelihood]:
        results: dict[int, Likelihood] = {}
        jobs: Jobs = {}
        names: list[str | None] = []
        stock: dict[int, StockRequest] = {}
        for number, (pair, before, after) in enumerate(requests):
            name = name_of("score", *pair) if pair else None
            names.append(name)
            lost = max(0, len(after) - self.max_length)
            if lost:  # longer than the model by itself: only its beginning can be scored
                after = after[: self.max_length]
            after, end = scored_part(pair, after, lost)
            whole = before + after if end is None else [*before, *after, end]
            over = len(whole) - (self.max_length + 1)
            if name and (over > 0 or lost):
                self._cut[name_of("cut", pair[0])] = max(over, 0) + lost
            if pair:
                text = self.tok_decode(after) if lost else pair[1]
                self._scored[pair] = len(after), text
            if name and self.store and name in self.store.found:
                results[number] = tuple(self.store.found[name])  # JSON has made a list of it
                continue
            inputs = tuple(whole[-(self.max_length + 1) :][:-1])
            self.statistics["stock_tokens"] += 0 if inputs in jobs else len(inputs)
            jobs.setdefault(inputs, []).append(Scored(number, after, end))
            stock[number] = StockRequest(pair, before, after, end)
        self._check_lengths(max(map(len, jobs), default=0))
        chunks = self._scores(jobs) if self.share else self._stock_scores(stock)
        for answers in chunks:
            results |= answers
            if self.store:
                named = ((names[number], answer) for number, answer in answers.items())
                self.store.add({name: answer for name, answer in named if name is not None})
        return [results[number] for number in range(len(requests))]

    def _scores(self, jobs: Jobs) -> Iterator[dict[int, Likelihood]]:
        """Yield results, request -> log-likelihood, group by group."""
        sequences = [list(inputs) for inputs in jobs]
        read = [max(scored.read for scored in jobs[inputs]) for inputs in jobs]
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
        self,
        group: Group,
        indices: list[int],
        sequences: list[list[int]],
        read: list[int],
        jobs: Jobs,
    ) -> dict[int, Likelihood]:
        """Request -> its log-likelihood, whether it is greedy, and its end token's, if it has one."""
        pick: list[tuple[int, int]] = []  # (row, position) whose logits are read
        wanted: list[tuple[int, Scored]] = []  # where the tokens end in pick
        suffixes = [sequences[index][group.depth :] for index in indices]
        for row, (index, suffix) in enumerate(zip(indices, suffixes)):
            pick += [(row, place) for place in range(len(suffix) - read[index], len(suffix))]
            wanted += [(len(pick), scored) for scored in jobs[tuple(sequences[index])]]
        ids = right_padded(suffixes, self.device)
        logits = self._forward(ids, expanded(group.cache, len(suffixes)), pick, exact=True)
        logits = F.log_softmax(logits, dim=-1, dtype=torch.float32)
        places = [place for stop, s in wanted for place in range(stop - s.read, stop)]
        tokens = [t for _, s in wanted for t in (s.after if s.end is None else [*s.after, s.end])]
        targets = torch.tensor(tokens, device=self.device)
        likelihoods = logits[places, targets].cpu()
        greedy = (logits.argmax(dim=-1)[places] == targets).cpu()
        answers: dict[int, Likelihood] = {}
        start = 0
        for _, scored in wanted:
            stop = start + len(scored.after)
            found = float(likelihoods[start:stop].sum()), bool(greedy[start:stop].all())
            answers[scored.number] = (
                found if scored.end is None else (*found, float(likelihoods[stop]))
            )
            start += scored.read
        return answers


def right_padded(suffixes: list[list[int]], device: Any) -> torch.Tensor:
    """Rows of tokens as one tensor, padded behind their ends."""
    width = max(map(len, suffixes))
    return torch.tensor([s + [0] * (width - len(s)) for s in suffixes], device=device)
