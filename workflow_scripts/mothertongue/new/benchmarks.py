"""Which benchmarks of the task pack exist in a language.

Their labels and origins stand here until the catalogue of benchmarks holds them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..study.benchmark_checks import hub_languages
from ..study.tasks import read_task

# task -> label, how its items came into the language, items at most (the large ones tell enough)
KNOWN = {
    "include-base-44": ("INCLUDE", "native", None),
    "cmmlu": ("CMMLU", "native", 2010),
    "ceval": ("C-Eval", "native", None),
    "tydiqa": ("TyDi QA", "native", None),
    "xquad": ("XQuAD", "human-translated", None),
    "mgsm": ("MGSM", "human-translated", None),
    "ht-mmlu": ("HT-MMLU", "human-translated", 2850),
    "mt-mmlu": ("MT-MMLU", "machine-translated", 2850),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A benchmark that has items in a language."""

    task: str
    label: str
    origin: str
    kind: str
    limit: int | None


def benchmarks_in(language: str, tasks: Path) -> Iterator[Known]:
    """Every benchmark of the pack that has words and items in a language, native ones first."""
    for name, (label, origin, limit) in KNOWN.items():
        task = read_task(name, tasks)
        metadata = task["metadata"]
        hub = metadata.get("hub") or {}
        if language in metadata["languages"] and all(
            language in known for known in hub_languages(metadata, hub)
        ):
            kind = "generative" if task["output_type"] == "generate_until" else "structured"
            yield Known(name, label, origin, kind, limit)
