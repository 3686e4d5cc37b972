"""A model behind an OpenAI-compatible completions server, asked through lm-eval's own class.

Prompts are encoded here, as `PrefixLM` encodes them, and sent as tokens; as text only to a server that
takes no tokens. What the server says of every prompt is checked: as many log-probabilities as tokens.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import aiohttp
import requests
from lm_eval.api.instance import Instance
from lm_eval.models.openai_completions import LocalCompletionsAPI

from ..errors import InputError
from .encoding import Encoder
from .engine import Engine, Generated, as_text, name_of
from .finished import Store
from .marks import without_marks
from .passage import Tokens, encode_pairs, scored_part
from .stock import Likelihood

CHUNK = 64  # requests that are kept at once
PROBES = ("The capital of France is Paris.", "Ana tiene dos gatos y un perro.", "一二三四五六七")


@dataclass(frozen=True, slots=True)
class Served:
    """A model of a server: where it is, what the server calls it, and how it is asked."""

    base_url: str
    model: str
    key: str = ""  # the secret itself
    concurrency: int = 8
    retries: int = 5
    timeout: float = 300
    tokens: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """What every request says of its sender."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def served_models(served: Served) -> list[dict[str, Any]]:
    """What a server says that it serves (`/models`). Raises `InputError` if it does not answer."""
    url = f"{served.base_url.rstrip('/')}/models"
    try:
        answer = requests.get(url, headers=served.headers, timeout=min(served.timeout, 30))
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"evaluate.server.base_url: {served.base_url} does not answer as an OpenAI-compatible server"
            f" ({type(error).__name__} at {url}); start it, or mend the address"
        ) from None
    return found


def check_served(served: Served) -> str:
    """Refuse a name that the server does not serve; gives what the server says of itself."""
    models = served_models(served)
    names = [str(model.get("id")) for model in models]
    if served.model not in names:
        raise InputError(
            f"{served.base_url} serves {', '.join(names) or 'nothing'}, not '{served.model}'; load it there"
            " (vLLM: --lora-modules NAME=FOLDER), or mend evaluate.server.model and adapter"
        )
    owner = next((str(m.get("owned_by")) for m in models if m.get("id") == served.model), "")
    return owner


class ServerLM(Engine, LocalCompletionsAPI):  # type: ignore[misc]  # lm-eval has no types
    """lm-eval's `local-completions` with this workflow's tokens, its store, and what scores need."""

    batch_tokens = None
    share = False
    ignored_generation: tuple[str, ...] = ()

    def __init__(
        self,
        served: Served,
        tokenizer: Any,
        *,
        max_length: int,
        store: Store | None = None,
    ) -> None:
        """`max_length`: tokens that the model takes, as the server was started."""
        super().__init__(
            base_url=f"{served.base_url.rstrip('/')}/completions",
            model=served.model,
            tokenizer_backend="none",
            num_concurrent=served.concurrency,
            max_retries=served.retries,
            timeout=int(served.timeout),
            max_length=max_length + 1,  # lm-eval takes one off
            header=served.headers or None,
        )
        self.tokenizer, self.tokenizer_backend = tokenizer, "huggingface"
        self.tokenized_requests = served.tokens
        self.served, self.store = served, store
        self.encoder = Encoder(tokenizer)
        self.statistics = {"requests": 0}

    def guarded(self) -> AbstractContextManager[Any]:
        """Nothing: a server sees to its own memory."""
        return nullcontext()

    # ---- tokens

    def tok_encode(self, string: Any, *arguments: Any, **options: Any) -> Any:
        """Prompts (a list) with what begins a text, a passage (one string) without, as `PrefixLM` does."""
        if isinstance(string, str):
            return self.encoder.bare([string])[0]
        return self.encoder.texts(list(string))

    def decode_batch(self, tokens: list[list[int]]) -> list[str]:
        """Tokens as text, for a server that puts the beginning of a text there itself."""
        head = self.encoder.head
        bare = [one[len(head) :] if head and one[: len(head)] == head else one for one in tokens]
        return [str(self.tokenizer.decode(one)) for one in bare]

    def parse_logprobs(
        self, outputs: Any, tokens: Any = None, ctxlens: Any = None, **options: Any
    ) -> list[tuple[float, bool]]:
        """lm-eval's sums, of answers that have a log-probability for every token."""
        for output in outputs if isinstance(outputs, list) else [outputs]:
            choices = sorted(output["choices"], key=lambda choice: choice["index"])
            for choice, sent in zip(choices, tokens, strict=False):
                told = (choice.get("logprobs") or {}).get("token_logprobs")
                if not told:
                    raise InputError(
                        f"{self.served.base_url} gives no log-probabilities of prompts (echo with logprobs),"
                        " without which options cannot be scored; use a server that does, such as vLLM"
                    )
                if len(told) != len(sent) + 1:
                    raise InputError(
                        f"{self.served.base_url}: '{self.served.model}' cuts a text into"
                        f" {len(told) - 1} tokens, and the study's tokenizer into {len(sent)}: it is another"
                        " model, takes no tokens as prompts (evaluate.server.tokens), or gives the"
                        " log-probabilities of prompts at wrong places, as llama-cpp-python's does"
                    )
        found: list[tuple[float, bool]] = LocalCompletionsAPI.parse_logprobs(
            outputs, tokens=tokens, ctxlens=ctxlens
        )
        return found

    # ---- requests

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
            until = [*_as_list(arguments.get("until")), *self.ends]
            shown = context if self.tokenized_requests else without_marks(context)
            told = Instance(
                "generate_until", request.doc, (shown, {**arguments, "until": until}), 0
            )
            todo.append((number, told, name))
        texts = self._in_chunks([told for _, told, _ in todo], super().generate_until)
        for number, told, name in todo:
            text = next(texts)
            tokens = len(self.encoder.bare([text])[0])
            most = int(told.args[1].get("max_gen_toks", self._max_gen_toks))
            self._generated[name] = Generated(tokens=tokens, unfinished=tokens >= most)
            results[number] = text
            if self.store:
                self.store.add({name: [text, tokens, tokens >= most]})
        return [results[number] for number in range(len(requests))]

    def _in_chunks(
        self, asked: Sequence[Any], call: Callable[[list[Any]], list[Any]]
    ) -> Iterator[Any]:
        """Answers one by one, asked for in parts, so that finished ones are kept."""
        for start in range(0, len(asked), CHUNK):
            part = list(asked[start : start + CHUNK])
            with plainly(self.served):
                answers = call(part)
            self.statistics["requests"] += len(part)
            yield from answers


def longest_context(base: str, tokenizer: Any, **options: Any) -> int:
    """Tokens that a model takes, as lm-eval's class for transformers finds them."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(base, **options)
    for name in ("n_positions", "max_position_embeddings", "n_ctx"):
        if isinstance(found := getattr(config, name, None), int):
            return found
    known = int(tokenizer.model_max_length)
    return known if known < 1e9 else 2048


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [str(value)]


@contextmanager
def plainly(served: Served) -> Iterator[None]:
    """One line on a server that stopped answering."""
    try:
        yield
    except (TimeoutError, aiohttp.ClientError, requests.RequestException) as error:
        raise InputError(
            f"{served.base_url}: '{served.model}' did not answer after {served.retries} attempts"
            f" ({type(error).__name__}: {' '.join(str(error).split())[:200]}); finished requests are kept:"
            " see to the server and run again"
        ) from None


def prove_served(adapter: ServerLM, base: ServerLM) -> dict[str, Any]:
    """Show that a server's adapter changes what its base says; as `models.prove_adapter` does.

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
            f"{adapter.served.base_url}: '{adapter.served.model}' answers exactly as"
            f" '{base.served.model}' does: the adapter is not applied there"
        )
    return {"applied": True, "max_change": max(changes), "mean_change": sum(changes) / len(changes)}
