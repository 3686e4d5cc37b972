"""Answer question sets with transformers, in this process."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from ..inference.base import BaseSpec, borrowed
from ..inference.budgets import memory_folder, remembered
from ..process.devices import card_of
from ..study.engines import TRANSFORMERS
from .generate import QuestionSet, answer_all
from .job import prepared


class Limits(TypedDict):
    """How answers are generated."""

    max_new_tokens: int
    temperature: float


def answer_here(
    spec: BaseSpec,
    adapter: Path | None,
    sets: Sequence[QuestionSet],
    template: str | Mapping[str, Any],
    limits: Limits,
    batch_tokens: str | int,
    partial: Path,
    probes: Path | None,
    begin: Callable[[dict[str, Any]], None],
) -> None:
    """Answer with transformers; `begin` gets what was found about the model."""
    from ..inference import models
    from ..inference.prefix import PrefixLM
    from ..inference.self_test_results import SelfTestResults, facts_of
    from ..inference.templates import open_template

    with borrowed(spec) as (base, tokenizer):
        verdicts = SelfTestResults(probes, facts_of(base, spec))
        tuned, facts = prepared(base, tokenizer, adapter)
        memory = remembered(
            memory_folder(partial),
            "answer",
            base=spec.base,
            quantisation=spec.quantisation,
            dtype=str(base.dtype),
            card=card_of(str(base.device)),
        )
        lm = PrefixLM(tuned, tokenizer, batch_tokens=batch_tokens, memory=memory, verdicts=verdicts)
        facts["engine"] = {"name": TRANSFORMERS, "version": models.versions()["transformers"]}
        facts["ignored_generation_settings"] = lm.ignored_generation
        begin(facts)
        with lm.budget.halved_by_failure():
            answer_all(lm, sets, prompting=open_template(template, tokenizer), **limits)
