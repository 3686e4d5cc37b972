"""1,000 ratings at 300 ms server latency: the engine against a serial loop over the same client.

    python bench/judge_throughput.py [ratings] [latency in seconds] [concurrency]

Both arms run in one process against the same stand-in server on loopback and must give the same
ratings. Prints seconds of either and their ratio.
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests/support"), str(ROOT / "tests")]

from mothertongue.judge import Item, open_judge  # noqa: E402
from mothertongue.judge.parse import parse_rating  # noqa: E402
from mothertongue.judge.settings import JudgeCalls, JudgeSpec  # noqa: E402
from standin_batch import JudgeServer  # noqa: E402


def main(ratings: int = 1000, latency: float = 0.3, concurrency: int = 64) -> None:
    items = [Item(f"q{i}", f"Question {i}?", f"Answer {i}.") for i in range(ratings)]
    with tempfile.TemporaryDirectory() as folder, JudgeServer(latency=latency) as server:
        spec = {
            "backend": "openai",
            "model": "judge-1",
            "base_url": server.openai,
            "temperature": 0.0,
            "max_tokens": 256,
            "repeats": 1,
        }
        operating = {
            "api": {"concurrency": concurrency},
            "replay": None,
            "store": f"{folder}/replies.sqlite",
            "price": {},
        }
        judge = open_judge("judge", JudgeSpec.of(spec), JudgeCalls.of(operating))
        judge.client.send(
            judge.request(Item("warm", "up", "!"), 0, judge.form), 30
        )  # imports, connection
        started = time.perf_counter()
        engine = [rated.replies[0].rating for rated in judge.rate(items)]
        fast = time.perf_counter() - started
        started = time.perf_counter()
        serial = []
        for item in items:
            reply = judge.client.send(judge.request(item, 0, judge.form), 30)
            serial.append(parse_rating(reply.text, item.answer).rating)
        slow = time.perf_counter() - started
    assert engine == serial
    print(
        f"{ratings} ratings at {1000 * latency:.0f} ms: serial loop {slow:.1f} s,"
        f" engine with concurrency {concurrency} {fast:.1f} s: {slow / fast:.1f}x"
    )


if __name__ == "__main__":
    kinds = (int, float, int)
    main(*(kind(value) for kind, value in zip(kinds, sys.argv[1:])))
