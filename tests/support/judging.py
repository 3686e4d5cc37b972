"""Made-up answers, and arguments of the judging scripts."""

from mothertongue.files import write_jsonl

PRICE = {"characters": 0.0, "input_tokens": 10.0, "output_tokens": 30.0}


def answers(path, count=60):
    rows = [
        {"id": f"q{i:04}", "prompt": f"Pregunta {i}?", "answer": f"Respuesta número {i}, 回答 {i}."}
        for i in range(count)
    ]
    write_jsonl(path, rows)
    return rows


def arguments(folder, server, backend="openai", **changes):
    api = {"concurrency": 16, "backoff": 0.01, "check_retries": 4, "retries": 12, "timeout": 20}
    return {
        "answers": folder / "answers.jsonl",
        "ratings": folder / "ratings.jsonl",
        "judge": "judge",
        "spec": {
            "backend": backend,
            "model": "judge-1",
            "base_url": getattr(server, backend),
            "temperature": 0.0,
            "max_tokens": 256,
            "repeats": 1,
        }
        | changes,
        "operating": {
            "api": api,
            "replay": None,
            "store": str(folder / "s.sqlite"),
            "price": PRICE,
        },
    }


RUN = """
import sys; sys.path[:0] = {paths!r}
from pathlib import Path
import judge_answers
judge_answers.main(**eval({arguments!r}, {{"PosixPath": Path}}))
"""
