"""Open a base or an adapter on an engine other than transformers, proved to be applied."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..preload import held
from ..preload.registry import keep, who_loaded
from ..study.engines import SERVER, VLLM, EngineSpec, vllm_version, why_no_vllm
from .base import BaseSpec
from .vllm_spec import VllmSpec

if TYPE_CHECKING:
    from .asked import Asked
    from .finished import Store

Told = dict[str, Any]  # of an engine, for the provenance


@dataclass(frozen=True, slots=True)
class Opened:
    """A model that an engine holds. `lm` makes lm-eval's model of it, with a store of requests."""

    tokenizer: Any
    context: int  # tokens
    told: Told
    proof: dict[str, Any] | None
    lm: "Callable[[Store | None], Asked]"


def told_of(engine: EngineSpec, model: Mapping[str, Any], condition: Mapping[str, Any]) -> Told:
    """What is known of an engine before it is asked."""
    if engine.name == VLLM:
        return {"name": VLLM, "version": vllm_version()}
    pattern = engine.server.model if condition["data"] == "base" else engine.server.adapter
    return {
        "name": SERVER,
        "model": engine.named(pattern, model, condition),
        "base_url": engine.named(engine.server.base_url, model, condition),
    }


def base_of(
    engine: Mapping[str, Any] | None, model: Mapping[str, Any], quantisation: str, dtype: str
) -> BaseSpec | VllmSpec | None:
    """What a job's preloaded process holds; nothing where a server computes, or there is no vLLM."""
    asked = EngineSpec.of(engine)
    if asked.name == VLLM and vllm_version():
        return VllmSpec(BaseSpec.of_model(model, "none", dtype), asked.vllm)
    return None if engine else BaseSpec.of_model(model, quantisation, dtype)


def refuse_without(engine: EngineSpec) -> None:
    """Raise `InputError` where a job's engine is not installed."""
    if engine.name == VLLM and (line := why_no_vllm()):
        raise InputError(line)


def open_engine(
    engine: EngineSpec,
    spec: BaseSpec,
    model: Mapping[str, Any],
    condition: Mapping[str, Any],
    adapter: Path | None,
) -> Opened:
    """A base, or the model of a condition, on a server or in vLLM.

    `adapter` is the weight file that vLLM applies; a server has its own. Raises `InputError` where the
    engine is not to be had, or the adapter changes nothing.
    """
    if engine.name == VLLM:
        return _in_vllm(engine, spec, model, condition, adapter)
    return _on_server(engine, spec, model, condition)


def _in_vllm(
    engine: EngineSpec,
    spec: BaseSpec,
    model: Mapping[str, Any],
    condition: Mapping[str, Any],
    adapter: Path | None,
) -> Opened:
    from .asked import prove_applied

    wanted = VllmSpec(spec, engine.vllm)
    print(who_loaded(wanted.key), flush=True)
    started = held(wanted.key)
    if started is None:
        started = wanted.load()
        keep(wanted.key, started)  # for the rest of this job: vLLM takes its share of the GPU once
    proof = prove_applied(started.of(adapter), started.of(None)) if adapter else None
    told = told_of(engine, model, condition)
    return Opened(
        started.tokenizer, started.max_length, told, proof, lambda store: started.of(adapter, store)
    )


def _on_server(
    engine: EngineSpec,
    spec: BaseSpec,
    model: Mapping[str, Any],
    condition: Mapping[str, Any],
) -> Opened:
    from .asked import prove_applied
    from .models import load_tokenizer
    from .server import Served, ServerLM, check_served, longest_context

    settings = engine.server
    secret = os.environ.get(settings.key, "") if settings.key else ""
    if settings.key and not secret:
        raise InputError(f"engines.server.key: the environment variable {settings.key} is not set")

    def served(pattern: str) -> Served:
        return Served(
            base_url=engine.named(settings.base_url, model, condition),
            model=engine.named(pattern, model, condition),
            key=secret,
            concurrency=settings.concurrency,
            retries=settings.retries,
            timeout=settings.timeout,
            tokens=settings.tokens,
        )

    tokenizer = load_tokenizer(
        spec.base, revision=spec.revision, trust_remote_code=spec.trust_remote_code
    )
    options: dict[str, Any] = {"trust_remote_code": spec.trust_remote_code}
    if not Path(spec.base).is_dir():
        options["revision"] = spec.revision
    length = longest_context(spec.base, tokenizer, **options)
    tuned = condition["data"] != "base"
    own, proof = served(settings.adapter if tuned else settings.model), None
    owner = check_served(own)
    if tuned:
        base = served(settings.model)
        check_served(base)
        proof = prove_applied(
            ServerLM(own, tokenizer, max_length=length),
            ServerLM(base, tokenizer, max_length=length),
        )
    return Opened(
        tokenizer,
        length,
        {**told_of(engine, model, condition), "version": owner},
        proof,
        lambda store: ServerLM(own, tokenizer, max_length=length, store=store),
    )
