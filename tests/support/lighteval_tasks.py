"""Two tasks for lighteval 0.13, with rows of files below LIGHTEVAL_ROWS (`lighteval … --custom-tasks`)."""

import os

from lighteval.metrics.metrics import Metrics
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc

ROWS = os.environ["LIGHTEVAL_ROWS"]


def choose(line, task_name=None):
    choices = [f" {word}" for word in line["choices"]]
    return Doc(line["question"], choices, line["answer"], task_name=task_name)


def write(line, task_name=None):
    return Doc(line["question"], [line["choices"][line["answer"]]], 0, task_name=task_name)


def task(name, prompt, metric):
    return LightevalTaskConfig(
        name=name, prompt_function=prompt, hf_repo=f"{ROWS}/{name}", hf_subset="default",
        metrics=[metric], hf_avail_splits=["test"], evaluation_splits=["test"],
        few_shots_split="test", generation_size=2, stop_sequence=["\n"], version=3,
    )  # fmt: skip


TASKS_TABLE = [
    task("sights", choose, Metrics.loglikelihood_acc),
    task("names", write, Metrics.exact_match),
]
