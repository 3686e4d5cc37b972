"""What an evaluation or an answer set needs, from the size of its model (no heavy imports).

Upper estimates like those of fine-tuning (`finetune/resources.py`): a scheduler should get numbers
that are true enough, and a job that proves longer gets more with its next attempt, where it goes
on behind what it has finished.
"""

import math

from .finetune import resources as tuning

EVALUATION_TOKENS = 5e6  # read by a long benchmark: 14,000 questions with shared demonstrations
ANSWER_TOKENS = 1e6  # 50 answers of 512 tokens; a written token costs some forty read ones
CPU_FLOPS = 3e10  # what one core sustains
LIBRARIES_MB = 2000  # torch, transformers and lm-eval, beyond what tuning needs


def memory_mb(
    parameters: float, quantisation: str = "int8", attempt: int = 1, *, gpu: int = 1
) -> int:
    """Host memory in MB; half as much again on each further attempt."""
    needed = LIBRARIES_MB + tuning.memory_mb(parameters, quantisation, gpu=gpu)
    return math.ceil(needed * (1 + attempt) / 2)


def minutes(parameters: float, tokens: float, attempt: int = 1) -> int:
    """Minutes of reading `tokens` tokens: two operations per weight and token, and loading."""
    flops = tuning.GPU_FLOPS if tuning.gpus(parameters) else CPU_FLOPS
    reading = 2 * parameters * tokens / flops / 60
    return math.ceil((10 + 1.5 * reading) * attempt)
