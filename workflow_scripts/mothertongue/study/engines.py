"""Who computes evaluations and answers: the settings of a study, and what is wrong with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..extras import install_extra
from ..secrets import key_in_address
from .recipes import is_whole, recipe_of
from .validation import PLACEHOLDER, mapping

TRANSFORMERS, SERVER, VLLM = "transformers", "server", "vllm"
STAGES = ("evaluate", "answer")  # sections that have a key `engine`
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # of LoRA, as vLLM allocates them


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The section `engines.server`."""

    base_url: str = ""
    model: str = "{base}"
    adapter: str = ""
    key: str | None = None
    concurrency: int = 8
    retries: int = 5
    timeout: float = 300
    tokens: bool = True


@dataclass(frozen=True, slots=True)
class VllmSettings:
    """The section `engines.vllm`, and the rank of a model's adapters (0: it has none)."""

    gpu_memory: float = 0.9
    max_length: int | None = None
    lora_rank: int = 0


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which engine a job asks, and how."""

    name: str = TRANSFORMERS
    agreement: int = 32
    server: ServerSettings = field(default_factory=ServerSettings)
    vllm: VllmSettings = field(default_factory=VllmSettings)

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None) -> "EngineSpec":
        """From a rule's parameter; transformers where there is none."""
        if not settings:
            return cls()
        return cls(
            settings["name"],
            settings["agreement"],
            ServerSettings(**settings.get(SERVER) or {}),
            VllmSettings(**settings.get(VLLM) or {}),
        )

    def named(self, pattern: str, model: Mapping[str, Any], condition: Mapping[str, Any]) -> str:
        """A name or an address of a server with the cell's own words in it."""
        words = {**condition, "base": str(model["base"])}
        return pattern.format(**{key: str(value) for key, value in words.items()})


def engine_params(config: Mapping[str, Any], stage: str, model: str) -> dict[str, Any] | None:
    """What the jobs of a stage are told of their engine; None: transformers."""
    name = config[stage]["engine"]
    if name == TRANSFORMERS:
        return None
    engines = config["engines"]
    told = {"name": name, "agreement": engines["agreement"]}
    if name == SERVER:
        return {**told, SERVER: engines[SERVER]}
    rank = 0 if is_whole(config, model) else rank_of(int(recipe_of(config, model)["lora"]["r"]))
    return {**told, VLLM: {**engines[VLLM], "lora_rank": rank}}


def engine_that_matters(config: Mapping[str, Any], stage: str) -> dict[str, str]:
    """The engine as a part of what decides a stage's results, where the study says so."""
    section = config[stage]
    counts = section["engine_matters"] and section["engine"] != TRANSFORMERS
    return {"engine": section["engine"]} if counts else {}


def engine_of(config: Mapping[str, Any], stage: str) -> str:
    """Who computes a stage; trainings are transformers' always."""
    return str(config[stage]["engine"]) if stage in STAGES else TRANSFORMERS


def read_as(engine: str, quantisation: str) -> str:
    """How many bits an engine reads a base in that training reads as `quantisation`."""
    return "none" if engine == VLLM else quantisation


def rank_of(rank: int) -> int:
    """The smallest rank of vLLM's that holds adapters of a rank."""
    return next((one for one in RANKS if one >= rank), rank)


def engine_mistakes(config: Mapping[str, Any]) -> Iterator[str]:
    """Settings without which an engine cannot be asked, and adapters that it cannot apply."""
    asked = {stage: mapping(config.get(stage)).get("engine") for stage in STAGES}
    engines = mapping(config.get("engines"))
    for stage in [stage for stage, name in asked.items() if name == SERVER][:1]:
        yield from _server_mistakes(f"{stage}.engine", engines.get(SERVER))
    at = [f"{stage}.engine" for stage, name in asked.items() if name == VLLM]
    if at:
        yield from _vllm_mistakes(at[0], config)


def _server_mistakes(asked_by: str, server: Any) -> Iterator[str]:
    """A server without an address; words in its names that nothing replaces; one name for all adapters."""
    where = "engines.server"
    if not isinstance(server, Mapping):
        yield f"{asked_by}: server needs the address of one; give {where}.base_url"
        return
    words = {"base", "model", "data", "scope", "lr", "seed"}
    for key in ("base_url", "model", "adapter"):
        for found in PLACEHOLDER.finditer(str(server.get(key, ""))):
            if found[1] not in words or not found[0].endswith("}"):
                told = ", ".join(f"{{{word}}}" for word in sorted(words))
                yield f"{where}.{key}: '{found[0]}' stands for nothing here ({told} are replaced)"
    adapter = str(server.get("adapter", ""))
    if lacking := sorted(word for word in words - {"base"} if f"{{{word}}}" not in adapter):
        told = ", ".join(f"{{{word}}}" for word in lacking)
        yield f"{where}.adapter: lacks {told}, so that several tuned models would have one name"
    if secret := key_in_address(str(server.get("base_url", ""))):
        yield f"{where}.base_url: holds {secret}; name its variable in {where}.key instead"


def _vllm_mistakes(where: str, config: Mapping[str, Any]) -> Iterator[str]:
    for name in mapping(config.get("models")):
        lora = mapping(recipe_of(config, name).get("lora"))
        if is_whole(config, name):
            continue
        if lora.get("dora"):
            yield f"{where}: vLLM applies no DoRA (models.{name}); use transformers, or lora.dora: false"
        rank = lora.get("r")
        if isinstance(rank, int) and rank > RANKS[-1]:
            yield f"{where}: vLLM applies adapters of rank {RANKS[-1]} at most, not {rank} (models.{name})"


def vllm_version() -> str | None:
    """The version of vLLM that is installed here; None if there is none."""
    try:
        return version("vllm")
    except PackageNotFoundError:
        return None


def why_no_vllm() -> str | None:
    """One line where vLLM is asked and not installed, else None."""
    if vllm_version() is not None:
        return None
    return (
        f"engine: vllm needs vLLM, which is not installed here: {install_extra('vllm')} (or --sdm conda"
        " with envs/vllm.yaml), or set engine: transformers"
    )
