"""A model behind an OpenAI-compatible completions server, asked through lm-eval's own class.

Prompts are encoded here, as `PrefixLM` encodes them, and sent as tokens; as text only to a server that
takes no tokens. What the server says of every prompt is checked: as many log-probabilities as tokens.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import requests
from lm_eval.models.openai_completions import LocalCompletionsAPI

from ..errors import InputError
from .asked import Asked
from .finished import Store


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
            f"engines.server.base_url: {served.base_url} does not answer as an OpenAI-compatible server"
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
            " (vLLM: --lora-modules NAME=FOLDER), or mend engines.server.model and adapter"
        )
    owner = next((str(m.get("owned_by")) for m in models if m.get("id") == served.model), "")
    return owner


class Reply(str):
    """A generated text, and why it ended, as the server says (`stop`, `length`; None: not said)."""

    reason: str | None = None


class ServerLM(Asked, LocalCompletionsAPI):  # type: ignore[misc]  # lm-eval has no types
    """lm-eval's `local-completions` with this workflow's tokens, its store, and what scores need."""

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
        self.tokenizer_backend = "huggingface"
        self.tokenized_requests = served.tokens
        self.served, self.name = served, f"{served.model} at {served.base_url}"
        self.prepare(tokenizer, store)

    def asking(self) -> AbstractContextManager[Any]:
        """One line on a server that stops answering."""
        return plainly(self.served)

    def _create_payload(
        self, messages: Any, generate: bool = False, gen_kwargs: Any = None, **options: Any
    ) -> dict[str, Any]:
        asked: dict[str, Any] = super()._create_payload(messages, generate, gen_kwargs, **options)
        if generate and asked["temperature"]:
            asked["seed"] = self.seed_of(messages)
        return asked

    @staticmethod
    def parse_generations(outputs: Any, **options: Any) -> list[Reply]:
        """Texts in the order of their prompts, each with why it ended."""
        found = []
        for output in outputs if isinstance(outputs, list) else [outputs]:
            for choice in sorted(output["choices"], key=lambda choice: choice["index"]):
                found.append(Reply(choice["text"] or ""))
                found[-1].reason = choice.get("finish_reason")
        return found

    def ran_out(self, context: str, reply: str) -> bool | None:
        """As the server says."""
        reason = getattr(reply, "reason", None)
        return None if reason is None else bool(reason == "length")

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
                        " model, takes no tokens as prompts (engines.server.tokens), or gives the"
                        " log-probabilities of prompts at wrong places, as llama-cpp-python's does"
                    )
        found: list[tuple[float, bool]] = LocalCompletionsAPI.parse_logprobs(
            outputs, tokens=tokens, ctxlens=ctxlens
        )
        return found


def longest_context(base: str, tokenizer: Any, **options: Any) -> int:
    """Tokens that a model takes, as lm-eval's class for transformers finds them."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(base, **options)
    for name in ("n_positions", "max_position_embeddings", "n_ctx"):
        if isinstance(found := getattr(config, name, None), int):
            return found
    known = int(tokenizer.model_max_length)
    return known if known < 1e9 else 2048


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
