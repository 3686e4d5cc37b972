"""What computes an evaluation: transformers on this host, or a completions server.

Both are asked the same items with the same prompts, and give the same score files. An adapter is proved
to change what its base says; a server is held against transformers on a few items of each base.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files import read_json, text_hash, write_json

if TYPE_CHECKING:
    from mothertongue.inference.base import BaseSpec
    from mothertongue.inference.finished import Store

TRANSFORMERS, SERVER = "transformers", "server"
FAR = 1.0  # nats: by this much two computations of one model's log-likelihood do not differ


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """The sections `evaluate.engine` and `evaluate.server` of a study."""

    name: str = TRANSFORMERS
    base_url: str = ""
    model: str = "{base}"
    adapter: str = ""
    key: str | None = None
    concurrency: int = 8
    retries: int = 5
    timeout: float = 300
    tokens: bool = True
    agreement: int = 32

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None) -> "EngineSpec":
        """From a rule's parameter; transformers where there is none."""
        return cls(**settings) if settings else cls()

    def named(self, pattern: str, model: Mapping[str, Any], condition: Mapping[str, Any]) -> str:
        """A name or an address with the cell's own words in it."""
        words = {**condition, "base": str(model["base"])}
        return pattern.format(**{key: str(value) for key, value in words.items()})


@dataclass(frozen=True, slots=True)
class Held:
    """A model that is ready to be asked. `lm` makes lm-eval's model of it, with a store of requests."""

    tokenizer: Any
    commit: str | None
    dtype: str
    device: str
    engine: dict[str, Any]
    proof: dict[str, Any] | None
    lm: "Callable[[Store], Any]"


@contextmanager
def on_this_host(
    spec: "BaseSpec",
    model: Mapping[str, Any],
    adapter: Path | None,
    work: Path,
    batch_tokens: int | str,
) -> Iterator[Held]:
    """The base as it was loaded for tuning, with the adapter on it."""
    from mothertongue.inference import models
    from mothertongue.inference.base import borrowed
    from mothertongue.inference.budgets import memory_folder, remembered
    from mothertongue.inference.prefix import PrefixLM
    from mothertongue.inference.self_test_results import SelfTestResults, facts_of
    from mothertongue.process.devices import card_of

    from .job import attach

    with borrowed(spec) as (base, tokenizer):
        tuned, proof = base, None
        if adapter:
            tuned = attach(base, adapter, dict(model))
            proof = models.prove_adapter(tuned, tokenizer)

        def lm(store: "Store") -> Any:
            memory = remembered(
                memory_folder(work),
                "evaluate",
                base=model["base"],
                quantisation=spec.quantisation,
                dtype=str(base.dtype),
                card=card_of(str(base.device)),
            )
            return PrefixLM(
                tuned,
                tokenizer,
                batch_tokens=batch_tokens,
                store=store,
                memory=memory,
                verdicts=SelfTestResults(work.parent / "probe", facts_of(base, spec)),
            )

        commit = getattr(base.config, "_commit_hash", None)
        engine = {"name": TRANSFORMERS, "version": models.versions()["transformers"]}
        yield Held(tokenizer, commit, str(base.dtype), base.device.type, engine, proof, lm)


@contextmanager
def on_server(
    engine: EngineSpec,
    spec: "BaseSpec",
    model: Mapping[str, Any],
    condition: Mapping[str, Any],
    tuned: bool,
) -> Iterator[Held]:
    """A base or an adapter that a server holds, under the names of `evaluate.server`."""
    from mothertongue.inference.models import load_tokenizer
    from mothertongue.inference.server import (
        Served,
        ServerLM,
        check_served,
        longest_context,
        prove_served,
    )

    secret = os.environ.get(engine.key, "") if engine.key else ""
    if engine.key and not secret:
        raise InputError(f"evaluate.server.key: the environment variable {engine.key} is not set")

    def served(pattern: str) -> Served:
        return Served(
            base_url=engine.named(engine.base_url, model, condition),
            model=engine.named(pattern, model, condition),
            key=secret,
            concurrency=engine.concurrency,
            retries=engine.retries,
            timeout=engine.timeout,
            tokens=engine.tokens,
        )

    tokenizer = load_tokenizer(
        spec.base, revision=spec.revision, trust_remote_code=spec.trust_remote_code
    )
    options: dict[str, Any] = {"trust_remote_code": spec.trust_remote_code}
    if not Path(spec.base).is_dir():
        options["revision"] = spec.revision
    length = longest_context(spec.base, tokenizer, **options)
    own, proof = served(engine.adapter if tuned else engine.model), None
    owner = check_served(own)
    if tuned:
        base = served(engine.model)
        check_served(base)
        proof = prove_served(
            ServerLM(own, tokenizer, max_length=length),
            ServerLM(base, tokenizer, max_length=length),
        )
    told = {"name": SERVER, "version": owner, "model": own.model, "base_url": own.base_url}
    yield Held(
        tokenizer,
        None,
        SERVER,
        SERVER,
        told,
        proof,
        lambda store: ServerLM(own, tokenizer, max_length=length, store=store),
    )


def agreement(
    here: Callable[[], list[dict[str, Any]]],
    there: Callable[[], list[dict[str, Any]]],
    path: Path,
) -> dict[str, Any]:
    """How items of a base differ between transformers and a server; kept in `path`, made once.

    `here` and `there` give the rows of the same items. Raises `InputError` where log-likelihoods lie so
    far apart that the server must hold another model.
    """
    if path.is_file():
        found: dict[str, Any] = read_json(path)
        return found
    first, second = here(), there()
    keys = ("options", "loglikelihood")
    pairs = [
        (a, b)
        for one, other in zip(first, second, strict=True)
        for key in keys
        if one.get(key) is not None
        for a, b in zip(_numbers(one[key]), _numbers(other[key]), strict=True)
    ]
    differences = sorted(abs(a - b) for a, b in pairs)
    flips = sum(
        one["prediction"] != other["prediction"] for one, other in zip(first, second, strict=True)
    )
    found = {
        "items": len(first),
        "flips": flips,
        "max_difference": differences[-1] if differences else None,
        "median_difference": differences[len(differences) // 2] if differences else None,
    }
    told = (
        ""
        if not differences
        else (
            f"; log-likelihoods differ by {found['median_difference']:.2g} nats at the median and"
            f" {found['max_difference']:.2g} at most"
        )
    )
    print(f"transformers and the server: {flips} of {len(first)} replies differ{told}", flush=True)
    if differences and found["median_difference"] > FAR:
        raise InputError(
            f"the server's log-likelihoods of the untuned base lie {found['median_difference']:.2g} nats from"
            " transformers' at the median of its items: it holds another model; mend evaluate.server.model"
        )
    write_json(path, found)
    return found


def _numbers(value: Any) -> list[float]:
    return list(value) if isinstance(value, list) else [value]


def agreement_file(
    work: Path, spec: "BaseSpec", engine: EngineSpec, condition: Mapping[str, Any]
) -> Path:
    """Where the agreement of a base and a server is kept."""
    model = {"base": spec.base}
    told = [spec.key, engine.named(engine.base_url, model, condition)]
    told.append(engine.named(engine.model, model, condition))
    return work.parent / "agreement" / f"{text_hash(json.dumps(told))[:32]}.json"
