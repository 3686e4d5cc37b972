"""What a planned study would find, with the GPU-hours of one more seed, model or thousand items."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..correlate.planning import PlannedWork
from ..study.inference_jobs import OTHER_TASK, TASKS, Tokens, seconds
from .gpu import card_of
from .sheets import ModelSheet, PowerSheet


def with_hours(
    sheets: Iterable[PowerSheet], models: Sequence[ModelSheet], total: float
) -> Iterator[PlannedWork]:
    """Planned benchmarks with what more of each would take. `total`: GPU-hours of the study."""
    for sheet in sheets:
        one = sheet.planned
        size, into, out = TASKS.get(sheet.task, OTHER_TASK)
        thousand = Tokens(1000 * into, 1000 * out)
        items = sum(
            seconds(
                model.parameters,
                thousand,
                quantisation=model.quantisation,
                card=card_of(model),
            )
            / 3600
            for model in models
            for task, _ in model.evaluated
            if task == sheet.task
        )
        if not one.rating:
            one = replace(one, items=min(size, one.items or size))
        yield PlannedWork(
            one,
            sheet.task,
            {
                "seed": total / max(1, one.seeds),
                "model": total / max(1, one.models),
                "items": None if one.rating else items,
            },
        )
