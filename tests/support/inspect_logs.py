"""Logs that Inspect itself writes: two tasks, answered by its mock model. Runs where inspect_ai is.

python inspect_logs.py FOLDER FORMAT EPOCHS
"""

import random
import sys


def without_network() -> None:
    """Count tokens by bytes: the mock model's tokenizer would be fetched."""
    import tiktoken

    by_bytes = {bytes([number]): number for number in range(256)}
    own = tiktoken.Encoding("bytes", pat_str=r"[\s\S]", mergeable_ranks=by_bytes, special_tokens={})
    tiktoken.get_encoding = lambda _: own


def tasks(count: int):
    """A task with a letter for right and wrong, and one of three choices."""
    from inspect_ai import Task, task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.scorer import choice, match
    from inspect_ai.solver import generate, multiple_choice

    @task
    def sums():
        own = [Sample(id=n, input=f"{n} + {7 - n} =", target="7") for n in range(count)]
        return Task(dataset=MemoryDataset(own, name="sums"), solver=generate(), scorer=match())

    @task
    def picks():
        own = [
            Sample(id=f"p{n}", input=f"Pick {n}", choices=["x", "y", "z"], target="A")
            for n in range(count)
        ]
        solver = multiple_choice()
        return Task(dataset=MemoryDataset(own, name="picks"), solver=solver, scorer=choice())

    return {sums: ("7", "8"), picks: ("ANSWER: A", "ANSWER: B")}


def main(folder: str, form: str, epochs: int, count: int = 30) -> None:
    """Two runs, `one` and `two`, of which the second is right more often."""
    from inspect_ai import eval as evaluate
    from inspect_ai.model import ModelOutput, get_model

    without_network()
    for name, share in (("one", 0.3), ("two", 0.9)):
        luck = random.Random(name)
        for make, (right, wrong) in tasks(count).items():
            replies = [right if luck.random() < share else wrong for _ in range(count * epochs)]
            outputs = [ModelOutput.from_content("mockllm/model", text) for text in replies]
            model = get_model("mockllm/model", custom_outputs=outputs)
            (log,) = evaluate(
                make(), model=model, log_dir=f"{folder}/{name}", log_format=form, epochs=epochs,
                display="none",
            )  # fmt: skip
            assert log.status == "success", log.error


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
