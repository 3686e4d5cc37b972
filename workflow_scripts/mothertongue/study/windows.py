"""Refuse a training window that is longer than its model, where the model's positions are known.

They are known of a base that the study builds and of a local folder; a base on the hub is asked
once it is loaded (finetune/run.py).
"""

import json
from collections.abc import Iterator
from pathlib import Path

from .grid import Study
from .recipes import recipe_of
from .records import Model


def positions_of(model: Model) -> int | None:
    """Tokens that a base takes at most, from `build.context` or its folder's config.json."""
    if model.build:
        return model.build.context
    path = Path(model.base or "") / "config.json"
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        found = (settings.get("text_config") or settings).get("max_position_embeddings")
    except (OSError, ValueError, AttributeError):
        return None  # no folder, or one that whoever loads it complains of
    return found if isinstance(found, int) else None


def window_mistakes(study: Study) -> Iterator[str]:
    """Models to be tuned whose `max_length` is beyond their positions."""
    for name in study.tuned_models:
        model = study.models[name]
        length, positions = recipe_of(study.config, name)["max_length"], positions_of(model)
        if positions and length > positions:
            whose = f"models.{name}.build.context" if model.build else f"{model.base}/config.json"
            yield (
                f"models.{name}: finetune.max_length is {length}, but the base has {positions}"
                f" positions ({whose}); set models.{name}.finetune.max_length: {positions}"
            )
