"""What computes an evaluation: transformers or vLLM on this host, or a completions server.

All are asked the same items with the same prompts, and give the same score files. An adapter is proved
to change what its base says; other engines are held against transformers on a few items of each base.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files import read_json, text_hash, write_json
from ..study.engines import TRANSFORMERS, EngineSpec

if TYPE_CHECKING:
    from mothertongue.inference.base import BaseSpec
    from mothertongue.inference.finished import Store

FAR = 1.0  # nats: by this much two computations of one model's log-likelihood do not differ


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
    device: str | None = None,
) -> Iterator[Held]:
    """The base as it was loaded for tuning, with the adapter on it; on the job's device if none is named."""
    from mothertongue.inference import models
    from mothertongue.inference.base import borrowed
    from mothertongue.inference.budgets import memory_folder, remembered
    from mothertongue.inference.prefix import PrefixLM
    from mothertongue.inference.self_test_results import SelfTestResults, facts_of
    from mothertongue.process.devices import card_of

    from .job import attach

    with borrowed(spec, device) as (base, tokenizer):
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
def elsewhere(
    engine: EngineSpec,
    spec: "BaseSpec",
    model: Mapping[str, Any],
    condition: Mapping[str, Any],
    adapter: Path | None,
) -> Iterator[Held]:
    """A base or an adapter on a server or in vLLM."""
    from mothertongue.inference.engines import open_engine

    found = open_engine(engine, spec, model, condition, adapter)
    name = engine.name
    yield Held(found.tokenizer, None, name, name, found.told, found.proof, found.lm)


def agreement(
    here: Callable[[], list[dict[str, Any]]],
    there: Callable[[], list[dict[str, Any]]],
    path: Path,
    engine: str,
) -> dict[str, Any]:
    """How items of a base differ between transformers and another engine; kept in `path`, made once.

    `here` and `there` give the rows of the same items. Raises `InputError` where log-likelihoods lie so
    far apart that the engine must hold another model.
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
    print(f"transformers and {engine}: {flips} of {len(first)} replies differ{told}", flush=True)
    if differences and found["median_difference"] > FAR:
        raise InputError(
            f"log-likelihoods of the untuned base by {engine} lie {found['median_difference']:.2g} nats from"
            " transformers' at the median of its items: it holds another model (server: mend"
            " engines.server.model)"
        )
    write_json(path, found)
    return found


def _numbers(value: Any) -> list[float]:
    return list(value) if isinstance(value, list) else [value]


def agreement_file(
    work: Path, spec: "BaseSpec", engine: EngineSpec, condition: Mapping[str, Any]
) -> Path:
    """Where the agreement of a base and an engine is kept."""
    from mothertongue.inference.engines import told_of

    told = told_of(engine, {"base": spec.base}, {**condition, "data": "base"})
    name = text_hash(json.dumps([spec.key, told]))[:32]
    return work.parent / "agreement" / f"{name}.json"
