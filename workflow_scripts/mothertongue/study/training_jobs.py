"""What a fine-tuning asks of a scheduler, from the size of its model.

Simple upper estimates: the bytes of a quantised base, its loading, and tokens at a throughput that
a current GPU reaches. Imports no model library.
"""

import math

from .cards import Card, reference
from .gpu_memory import Shape, adapter_weights, passing, states

CPU_PARAMETERS = 5e7  # smaller models are trained on a CPU
CPU_TOKENS = 2048  # of a pass on a CPU (finetune/budget.py)
CPU_LIBRARIES = 1.8e9  # and what the allocator does not give back
GPU_LIBRARIES = 2.0e9
WRITINGS = 12  # checkpoints of a full run of the paper, and its best and last weights
TOKENS = 10 * 3944 * 350  # a full run of the paper: epochs x rows x tokens


def gpus(parameters: float, wanted: int | None = None) -> int:
    """GPUs of a job: as configured, else one unless the model is tiny."""
    if wanted is not None:
        return wanted
    return 0 if parameters < CPU_PARAMETERS else 1


def memory_mb(
    shape: Shape,
    *,
    gpu: int = 1,
    length: int = 512,
    tokens: int = CPU_TOKENS,
    checkpointing: bool = False,
    rank: int = 8,
    carriers: float = 3,
    whole: bool = False,
) -> int:
    """Host memory of one fine-tuning, in MB.

    On a GPU: libraries, and the 16-bit weights while they are read. If all weights are trained, each
    process holds their best epoch (4 bytes per weight) and, where it goes on from a checkpoint, reads
    that whole: weights, AdamW's averages and the best epoch, 16 bytes per weight.

    On a CPU everything is here, in float32: what `gpu_memory.states` counts (LoRA: 4 bytes per weight of
    the base; all weights: 16), 4 more per weight for the best epoch of all weights, and a pass over
    `tokens` tokens, at least one row of `length`. A model of 27 million weights took 2,474 MB with LoRA
    (2,719 asked) and 2,562 with all weights (3,171 asked) in passes of 2,048 tokens, and 813 and 1,255 in
    passes of 256 (tests/finetune/test_host_memory.py).
    """
    if gpu:
        own = gpu * 16 * shape.parameters if whole else 1.2 * 2 * shape.parameters
        return math.ceil((gpu * GPU_LIBRARIES + own) / 1e6)
    held = states(shape, "none", rank=rank, carriers=carriers, word=4, whole=whole)
    one = passing(
        shape,
        max(tokens, length),
        length,
        checkpointing=checkpointing,
        carriers=carriers,
        word=4,
        whole=whole,
    )
    best = 4 * shape.parameters if whole else 0
    return math.ceil((CPU_LIBRARIES + held + best + one) / 1e6)


def disk(
    shape: Shape,
    *,
    gpu: int,
    rank: int = 8,
    carriers: float = 3,
    word: int = 2,
    whole: bool = False,
) -> tuple[float, float]:
    """Bytes that one fine-tuning leaves on disk, and those it takes beside them while it runs.

    LoRA leaves the adapter in float32. All weights are left twice, as of the best and of the last epoch
    (once where these are one), in the type in which they are read: `word` bytes on a GPU, 4 on a CPU.
    A checkpoint has float32 weights, AdamW's averages and the best epoch, 16 bytes for each weight that
    is trained; the next one is written before it goes.
    """
    trained = shape.parameters if whole else adapter_weights(shape, rank, carriers)
    return (2 * (word if gpu else 4) if whole else 4) * trained, 2 * 16 * trained


def gpu_hours(
    parameters: float,
    tokens: float = TOKENS,
    *,
    quantisation: str = "int8",
    card: Card | None = None,
    whole: bool = False,
) -> float:
    """GPU-hours of training on `tokens` tokens, on a card or on the reference.

    All weights take half as much again: two operations per weight and token for their gradients,
    beside the four of a pass through a frozen base and back.
    """
    seconds = (card or reference()).seconds("train", quantisation, parameters, tokens)
    return (1.5 if whole else 1) * seconds / 3600


def runtime_minutes(
    parameters: float,
    attempt: int = 1,
    gpu: int = 1,
    *,
    quantisation: str = "int8",
    card: Card | None = None,
    whole: bool = False,
) -> int:
    """Minutes for the scheduler; half as much again, and more on each further attempt.

    Where all weights are trained, also the time to write a checkpoint after each epoch and the results.
    """
    hours = gpu_hours(parameters, quantisation=quantisation, card=card, whole=whole) / max(1, gpu)
    writing = WRITINGS * 16 * parameters / (card or reference()).load / 60 if whole else 0
    return math.ceil((20 + 90 * hours + writing) * attempt)
