"""Estimate the GPU-hours, loads and GPU memory of a study's models."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..api.prices import tokens_of
from ..sample.rows import read_rows
from ..study.cards import Card, cards, named, reference
from ..study.engines import SERVER, TRANSFORMERS, VLLM, read_as
from ..study.inference_jobs import OTHER_TASK, TASKS, Tokens, answer_tokens, seconds
from ..study.training_jobs import gpu_hours, gpus
from .lines import Line
from .sheets import ModelSheet

TEMPLATE = 40  # tokens of the instruction template around a training example
STARTING = 20.0  # seconds of a process until it begins to load weights
STAGES = ("finetune", "evaluate", "answer")
ELSEWHERE = {
    SERVER: "jobs ask for no GPU and load no base; the server's GPUs, memory and hours are not counted.",
    VLLM: (
        "in 16 bits. Memory is what weights and one pass need; vLLM takes engines.vllm.gpu_memory of the"
        " card. Hours are those of transformers in 16 bits: vLLM is not measured on a GPU."
    ),
}


class GpuRow(NamedTuple):
    """One row of gpu.csv. `used`: 1 for the study's own way of loading; `length`: tokens of a row."""

    model: str
    quantisation: str
    used: int
    stage: str
    length: int
    card: str
    gpu_gb: float
    smallest_gb: float
    jobs: int
    loads: int
    tokens: int
    gpu_hours: float


@dataclass(frozen=True)
class Need:
    """What one stage of one model takes. `gb`: of GPU memory, at least; `length`: tokens of a row.

    `disk_gb`: what its jobs leave on disk, where that is much.
    """

    stage: str
    quantisation: str
    jobs: int
    loads: int
    tokens: int
    hours: float
    gb: float
    length: int
    disk_gb: float


def row_tokens(files: Iterable[Path], longest: int, limit: int | None = None) -> dict[Path, int]:
    """Tokens of one epoch over each training set (its source rows, where it is translated).

    `limit`: only so many first rows are used.
    """
    return {
        file: sum(
            min(longest, TEMPLATE + sum(map(tokens_of, row.content)))
            for row in read_rows(file)[:limit]
        )
        for file in set(files)
    }


def card_of(sheet: ModelSheet) -> Card:
    """The card of a model's jobs, or the one that stands for an unknown card."""
    return named(*sheet.card) if sheet.card else reference()


def passes(sheet: ModelSheet, files: Iterable[str], root: Path) -> float:
    """How often a training goes through its set: so many epochs, or as often as its steps take."""
    if sheet.steps is None:
        return sheet.epochs
    rows = sum(counted_rows(root / file) for file in files)
    return sheet.steps * sheet.batch / max(1, min(rows, sheet.limit or rows))


@cache
def counted_rows(file: Path) -> int:
    """Rows of a dataset."""
    return len(read_rows(file))


def amounts(sheet: ModelSheet, sizes: dict[Path, int], root: Path) -> dict[str, Tokens]:
    """Tokens of each stage: trained on or read, and written."""
    trained = sum(
        passes(sheet, files, root) * sizes[root / f] for files in sheet.sets for f in files
    )
    read = written = 0
    for task, items in sheet.evaluated:
        _, into, out = TASKS.get(task, OTHER_TASK)
        read, written = read + items * into, written + items * out
    return {
        "finetune": Tokens(round(trained), 0),
        "evaluate": Tokens(read, written),
        "answer": answer_tokens(sum(sheet.answered), sheet.answer_tokens),
    }


def needs(sheet: ModelSheet, root: Path, kinds: Iterable[str] = ()) -> Iterator[Need]:
    """What each stage of a model takes, as it is loaded (or in each of `kinds`)."""
    files = (root / file for some in sheet.sets for file in some)
    sizes = row_tokens(files, sheet.max_length, sheet.limit)
    card, found = card_of(sheet), amounts(sheet, sizes, root)
    jobs = dict(zip(STAGES, (len(sheet.sets), len(sheet.evaluated), len(sheet.answered))))
    number = gpus(sheet.parameters, sheet.gpus)  # tiny models run on a CPU
    loading = STARTING + 2 * sheet.parameters / card.load
    for kind in kinds or (sheet.quantisation,):
        for stage in STAGES:
            if not jobs[stage]:
                continue
            tokens = found[stage]
            engine = sheet.engines.get(stage, TRANSFORMERS)
            if engine == SERVER:  # nothing is loaded here, and nobody knows what the server takes
                read = round(tokens.read + tokens.written)
                yield Need(stage, kind, jobs[stage], 0, read, 0.0, 0.0, 2048, 0.0)
                continue
            loads, loaded = sheet.loads[stage], read_as(engine, kind)
            if stage == "finetune":  # several GPUs share the work, and each loads the base
                work = gpu_hours(
                    sheet.parameters, tokens.read, quantisation=kind, card=card, whole=sheet.whole
                )
                each = number
            else:
                work = seconds(sheet.parameters, tokens, quantisation=loaded, card=card) / 3600
                each = 1
            yield Need(
                stage,
                kind,
                jobs[stage],
                loads,
                round(tokens.read + tokens.written),
                (work + each * loads * loading / 3600) if number else 0.0,
                sheet.bytes[loaded][stage] / 1e9 if number else 0.0,
                sheet.max_length if stage == "finetune" else 2048,
                jobs[stage] * sheet.left / 1e9 if stage == "finetune" else 0.0,
            )


def smallest(gb: float) -> float:
    """The memory of the smallest usual card that holds so much."""
    sizes = sorted({card.memory_gb for card in cards().values() if card.memory_gb is not None})
    return next((size for size in sizes if size >= gb), float("inf"))


def gpu_lines(sheet: ModelSheet, root: Path) -> Iterator[Line]:
    """GPU-hours of one model, by stage; `root` is the results folder."""
    for need in needs(sheet, root):
        yield Line(
            need.stage,
            sheet.name,
            f"{need.jobs} jobs",
            "projected",
            tokens=need.tokens,
            gpu_hours=need.hours,
            loads=need.loads,
            gpu_gb=need.gb,
            disk_gb=need.disk_gb,
        )


def gpu_rows(sheets: Iterable[ModelSheet], root: Path) -> Iterator[GpuRow]:
    """Rows of gpu.csv: every model, stage and way of loading; `used` is the study's own way."""
    for sheet in sheets:
        for need in needs(sheet, root, sheet.bytes):
            yield GpuRow(
                sheet.name,
                need.quantisation,
                int(need.quantisation == sheet.quantisation),
                need.stage,
                need.length,
                card_of(sheet).name,
                round(need.gb, 1),
                smallest(need.gb),
                need.jobs,
                need.loads,
                need.tokens,
                round(need.hours, 4),
            )


def text_of(found: Sequence[GpuRow], sheets: Sequence[ModelSheet]) -> str:
    """The rows as a table of models, and what another way of loading would save."""
    by_engine = list(engine_lines(sheets))
    if not any(row.gpu_hours for row in found):
        return "\n".join(by_engine)
    lines = [
        "GPU memory in GB, at least (training / reading), and GPU-hours, by finetune.quantisation"
        " (* as it is)",
        f"{'':<16}{'int8':>20}{'nf4':>20}{'none (16 bits)':>20}  card",
    ]
    totals = dict.fromkeys(("int8", "nf4", "none"), 0.0)
    used = 0.0
    for sheet in sheets:
        own = [row for row in found if row.model == sheet.name]
        if not any(row.gpu_hours for row in own):
            continue
        cells = []
        for kind in totals:
            part = [row for row in own if row.quantisation == kind]
            if not part:  # all weights are trained, in the one way that there is
                totals[kind] += sum(row.gpu_hours for row in own)
                cells.append("-")
                continue
            hours = sum(row.gpu_hours for row in part)
            totals[kind] += hours
            used += hours if part and part[0].used else 0.0
            by = {row.stage: row.gpu_gb for row in part}
            read = max(by.get("evaluate", 0.0), by.get("answer", 0.0))
            mark = "*" if part and part[0].used else ""
            cells.append(f"{by.get('finetune', 0.0):.0f} / {read:.0f}, {hours:.1f} h{mark}")
        card = card_of(sheet)
        lines.append(
            f"{sheet.name:<16}" + "".join(f"{cell:>20}" for cell in cells) + f"  {card.name}"
        )
    lines.append(f"{'all':<16}" + "".join(f"{hours:>18.1f} h" for hours in totals.values()))
    basis = sorted({card_of(sheet).basis for sheet in sheets})
    lines.append(
        f"Speeds of cards: {', '.join(basis)} (resources/gpus.yaml; bench/gpu.py --calibrate measures"
        " them). Memory is computed from a model's size, or its config.json where it is a folder."
    )
    lines += by_engine
    if any(sheet.whole for sheet in sheets):
        lines.append(
            "Training all weights is counted as 6 operations per weight and token, LoRA as 4, on whatever"
            " modules it is; neither is measured on a GPU (docs/performance.md)."
        )
    if totals["none"] < used:
        lines.append(
            f"finetune.quantisation: none would take {totals['none']:.1f} GPU-hours instead of"
            f" {used:.1f}, on cards that hold 16-bit weights."
        )
    if any(sheet.auto for sheet in sheets):
        lines.append(
            "finetune.quantisation is auto: a model's first job chooses; until then int8 is counted"
            " where nothing is known of the card (finetune.gpu_type)."
        )
    return "\n".join(lines)


def engine_lines(sheets: Sequence[ModelSheet]) -> Iterator[str]:
    """What the figures say of stages that another engine computes, a line for each engine."""
    engines = sheets[0].engines if sheets else {}
    for name, told in ELSEWHERE.items():
        if stages := [stage for stage in STAGES if engines.get(stage) == name]:
            yield f"{' and '.join(stages)} by engine: {name}: {told}"


def disk_text(sheets: Iterable[ModelSheet]) -> str:
    """What full fine-tunings take on disk, a line for each model; "" without any."""
    return "\n".join(
        f"{sheet.name}: {len(sheet.sets)} full fine-tunings leave up to {sheet.left / 1e9:,.1f} GB each"
        f" (all weights of the best and of the last epoch), and each takes up to"
        f" {sheet.unfinished / 1e9:,.1f} GB more while it runs (two checkpoints with AdamW's averages)."
        for sheet in sheets
        if sheet.whole and sheet.sets
    )
