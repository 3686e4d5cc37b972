"""What engines other than transformers share: requests in this workflow's tokens, kept when they end.

Mixed into one of lm-eval's model classes, which asks; prompts are encoded here, as `PrefixLM` encodes
them, so that every engine gets the same tokens.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM
from lm_eval.models.utils import normalize_gen_kwargs

from ..errors import InputError
from ..files import text_hash
from .encoding import Encoder
from .engine import Engine, Generated, as_text, name_of
from .finished import Store
from .marks import without_marks
from .passage import Tokens, encode_pairs, scored_part
from .stock import Likelihood

PROBES = ("The capital of France is Paris.", "Ana tiene dos gatos y un perro.", "一二三四五六七")


class Asked(Engine, TemplateLM):  # type: ignore[misc]  # lm-eval has no types
    """Scores and generates by the methods of the class of lm-eval's that follows it."""

    batch_tokens = None
    share = False
    ignored_generation: tuple[str, ...] = ()
    chunk = 64  # requests that are kept at once
    name = ""  # of the model, in messages
    tokenized_requests = True
    encoder: Encoder
    store: Store | None = None
    tokenizer: Any
    statistics: dict[str, int]
    _given: dict[
        str, list[int]
    ]  # prompts that are tokens already, by the names they are asked under

    def prepare(self, tokenizer: Any, store: Store | None) -> None:
        """Start with a tokenizer and a store; what earlier requests left behind is forgotten."""
        self.forget()
        self.tokenizer, self.encoder, self.store = tokenizer, Encoder(tokenizer), store
        self.statistics, self._given = {"requests": 0}, {}

    def guarded(self) -> AbstractContextManager[Any]:
        """Nothing: the engine sees to its own memory."""
        return nullcontext()

    def asking(self) -> AbstractContextManager[Any]:
        """What is open while requests are asked."""
        return nullcontext()

    def ran_out(self, context: str, reply: str) -> bool | None:
        """Whether a text ended at the limit of new tokens; None where the engine does not say."""
        return None

    def further(self) -> dict[str, Any]:
        """Arguments of generation beside the task's: tokens that end an answer, as the template has them."""
        ends = [self.tokenizer.convert_tokens_to_ids(name) for name in self.ends]
        return {"stop_token_ids": ends} if ends else {}

    def seed_of(self, prompt: Any) -> int:
        """The seed of a draw: another one for every prompt, whatever is asked beside it."""
        return int(text_hash(str(self.seed), str(prompt))[:7], 16)

    def _length(self, context: str, reply: str, most: int) -> Generated:
        tokens = len(self.encoder.bare([reply])[0])
        told = self.ran_out(context, reply)
        unfinished = tokens >= most if told is None else told
        return Generated(tokens=most if unfinished else min(tokens, most), unfinished=unfinished)

    def loglikelihood(
        self, requests: list[Instance], disable_tqdm: bool = True
    ) -> list[Likelihood]:
        """Log-likelihoods of (context, continuation) pairs; a `Passage` as training supervises it."""
        pairs = [request.args for request in requests]
        encoded = encode_pairs(self.encoder, pairs, self.prefix_token_id)
        asked: list[Tokens] = []
        results: dict[int, Likelihood] = {}
        waiting: list[tuple[int, str, int | None]] = []  # request, its name, where its end is asked
        for number, (pair, before, after) in enumerate(encoded):
            name = name_of("score", *pair)
            after, end = scored_part(pair, after, 0)
            over = len(before) + len(after) + (end is not None) - self.max_length
            if over > 0:
                self._cut[name_of("cut", pair[0])] = over
            self._scored[pair] = len(after), pair[1]
            if self.store and name in self.store.found:
                results[number] = tuple(self.store.found[name])
                continue
            asked.append((pair, before, after))
            if end is not None:
                asked.append((pair, [*before, *after], [end]))
            waiting.append((number, name, end))
        answers = self._in_chunks(asked, self._loglikelihood_tokens)
        for number, name, end in waiting:
            found: Likelihood = next(answers)
            if end is not None:
                found = (*found[:2], next(answers)[0])
            results[number] = found
            if self.store:
                self.store.add({name: found})
        return [results[number] for number in range(len(requests))]

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = True) -> list[str]:
        """Generated texts, by lm-eval's class; stopped by the task's words and the template's."""
        results: dict[int, str] = {}
        todo: list[tuple[int, Instance, str]] = []
        for number, request in enumerate(requests):
            context, arguments = request.args
            name = name_of("generate", context, as_text(arguments))
            if self.store and name in self.store.found:
                text, tokens, unfinished = self.store.found[name]
                self._generated[name] = Generated(tokens=tokens, unfinished=unfinished)
                results[number] = text
                continue
            how = dict(normalize_gen_kwargs(dict(arguments), self._max_gen_toks))
            if not how.get("do_sample"):  # lm-eval's vLLM draws where a task says nothing
                how |= {"do_sample": False, "temperature": 0.0}
            how |= {"until": [*how["until"], *self.ends], **self.further()}
            shown = context if self.tokenized_requests else without_marks(context)
            told = Instance("generate_until", request.doc, (shown, how), 0)
            todo.append((number, told, name))
        texts = self._in_chunks([told for _, told, _ in todo], super().generate_until)
        for number, told, name in todo:
            text = next(texts)
            most = int(told.args[1]["max_gen_toks"])
            length = self._generated[name] = self._length(told.args[0], text, most)
            results[number] = str(text)
            if self.store:
                self.store.add({name: [str(text), length["tokens"], length["unfinished"]]})
        return [results[number] for number in range(len(requests))]

    def continued(
        self, prompts: Sequence[list[int]], *, new: int, temperature: float, seed: int
    ) -> Iterator[tuple[str, Generated]]:
        """Continue tokenised prompts by `new` tokens or to an end token; texts in order, as they come.

        Greedy unless `temperature` is above 0; a draw then depends on `seed` and the prompt.
        """
        self.seed = seed
        contexts = self.decode_batch(list(prompts)) if not self.tokenized_requests else []
        names = contexts or [str(number) for number in range(len(prompts))]
        self._given = {} if contexts else dict(zip(names, prompts, strict=True))
        how = {"max_gen_toks": new, "until": [*self.ends], **self.further()}
        how |= {"do_sample": temperature > 0, "temperature": temperature}
        asked = [Instance("generate_until", {}, (name, how), 0) for name in names]
        for name, text in zip(names, self._in_chunks(asked, super().generate_until), strict=True):
            yield str(text), self._length(name, text, new)

    def tok_encode(self, string: Any, *arguments: Any, **options: Any) -> Any:
        """Prompts (a list) with what begins a text, a passage (one string) without, as `PrefixLM` does."""
        if isinstance(string, str):
            return self.encoder.bare([string])[0]
        if self._given:
            return [self._given[name] for name in string]
        return self.encoder.texts(list(string))

    def decode_batch(self, tokens: list[list[int]]) -> list[str]:
        """Tokens as text, for a server that puts the beginning of a text there itself."""
        head = self.encoder.head
        bare = [one[len(head) :] if head and one[: len(head)] == head else one for one in tokens]
        return [str(self.tokenizer.decode(one)) for one in bare]

    def _in_chunks(
        self, asked: Sequence[Any], call: Callable[[list[Any]], list[Any]]
    ) -> Iterator[Any]:
        """Answers one by one, asked for in parts, so that finished ones are kept."""
        for start in range(0, len(asked), self.chunk):
            part = list(asked[start : start + self.chunk])
            with self.asking():
                answers = call(part)
            self.statistics["requests"] += len(part)
            yield from answers


def prove_applied(adapter: Asked, base: Asked) -> dict[str, Any]:
    """Show that an adapter changes what its base says; as `models.prove_adapter` does.

    Raises `InputError` where log-likelihoods are the same with and without it.
    """
    asked = [
        Instance("loglikelihood", {}, (text[: len(text) // 2], text[len(text) // 2 :]), 0)
        for text in PROBES
    ]
    on = [answer[0] for answer in adapter.loglikelihood(asked)]
    off = [answer[0] for answer in base.loglikelihood(asked)]
    changes = [abs(a - b) for a, b in zip(on, off, strict=True)]
    if max(changes) == 0:
        raise InputError(
            f"'{adapter.name}' answers exactly as '{base.name}' does: the adapter is not applied there"
        )
    return {"applied": True, "max_change": max(changes), "mean_change": sum(changes) / len(changes)}
