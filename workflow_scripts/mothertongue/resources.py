"""What an evaluation or an answer set needs, from the size of its model (no heavy imports).

Upper estimates like those of fine-tuning (`finetune/resources.py`): a scheduler should get numbers
that are true enough, and a job that proves longer gets more with its next attempt, where it goes
on behind what it has finished.
"""

import math

from .finetune import resources as tuning

TASKS = {  # items of a benchmark; tokens read per item beside the shared prompt; tokens generated
    "cmmlu": (11582, 120, 0),
    "ceval": (1346, 120, 0),
    "mt-mmlu": (14042, 150, 0),
    "ht-mmlu": (14042, 150, 0),
    "xquad": (1190, 250, 50),
    "tydiqa": (812, 350, 50),
    "mgsm": (250, 150, 256),
}
OTHER_TASK = (1000, 250, 25)  # what is likely
WRITTEN = 40  # tokens read in the time of one written
EVALUATION_TOKENS = 5e6  # at most, where the task's size is not known: 14,000 long questions
ANSWER_TOKENS = 1e6  # 50 answers of 512 tokens
CPU_FLOPS = 3e10  # what one core sustains
LIBRARIES_MB = 2000  # torch, transformers and lm-eval, beyond what tuning needs


def memory_mb(
    parameters: float, quantisation: str = "int8", attempt: int = 1, *, gpu: int = 1
) -> int:
    """Host memory in MB; half as much again on each further attempt."""
    needed = LIBRARIES_MB + tuning.memory_mb(parameters, quantisation, gpu=gpu)
    return math.ceil(needed * (1 + attempt) / 2)


def evaluation_tokens(task: str, limit: int | None) -> float:
    """Tokens of one benchmark in one language, written ones by their time; an upper estimate."""
    if task not in TASKS:
        _, read, written = OTHER_TASK
        most = EVALUATION_TOKENS / (read + WRITTEN * written)
        return min(limit or most, most) * (read + WRITTEN * written)
    items, read, written = TASKS[task]
    return min(items, limit or items) * (read + WRITTEN * written)


def minutes(parameters: float, tokens: float, attempt: int = 1) -> int:
    """Minutes of reading `tokens` tokens: two operations per weight and token, and loading."""
    flops = tuning.GPU_FLOPS if tuning.gpus(parameters) else CPU_FLOPS
    reading = 2 * parameters * tokens / flops / 60
    return math.ceil((10 + 1.5 * reading) * attempt)
