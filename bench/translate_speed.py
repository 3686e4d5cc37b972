# ruff: noqa: E402
"""Real segments through the engine and through deep-translator's own loop, side by side.

Run: python bench/translate_speed.py ../shared/data [--segments 1000] [--serial 1000]
`--serial` segments go through `GoogleTranslator.translate_batch`; fewer are scaled up and said so.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests/support"), str(ROOT / "tests")]

import deep_translator.google
import polars as pl
import requests
from deep_translator import GoogleTranslator
from mothertongue.api import Ask, CallSettings, Engine, Reply, Store
from mothertongue.translate import make_translator
from mothertongue.translate.checks import problems
from mothertongue.translate.settings import TranslatorSettings, languages_of
from standin import invented

LANGUAGES = {
    code: {"name": code, "script": "Latn", "google": code, "flores": code} for code in ("en", "es")
}


class Instant:
    """A service without any latency."""

    def send(self, request, timeout):
        return Reply(invented(request["text"]))


@contextmanager
def service(latency):
    """The stand-in in a process of its own, as a service is; yields its address."""
    code = (
        f"import sys; sys.path[:0] = {sys.path[:2]!r}\n"
        f"from standin import StandIn\nprint(StandIn(latency={latency}).url, flush=True)\n"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        yield server.stdout.readline().strip()
        server.stdin.close()


def run(client, texts, concurrency):
    def check(text):
        pair = {"source_language": "en", "target_language": "es", "script": "Latn"}
        return lambda reply: problems(text, reply, **pair)

    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "s.sqlite") as store:
        settings = CallSettings(concurrency=concurrency, check_retries=0)
        engine = Engine(client, store, account="bench", settings=settings)
        make = getattr(client, "request", lambda t, s, g: {"text": t})
        started = time.perf_counter()
        done = sum(1 for _ in engine.run(Ask(make(t, "en", "es"), check(t)) for t in texts))
        assert done == len(texts)
        return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--segments", type=int, default=1000)
    parser.add_argument("--serial", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=32)
    options = parser.parse_args()
    table = pl.read_parquet(options.data / "aya" / "aya_dataset.parquet")
    texts = table.filter(pl.col("language_code") == "eng")["targets"].unique(maintain_order=True)
    texts = [t.strip() for t in texts if 20 < len(t) < 1400][: options.segments]
    run(Instant(), texts[:100], 8)  # builds the language identifier
    work = time.process_time()
    overhead = run(Instant(), texts, 8) / len(texts)
    work = (time.process_time() - work) / len(texts)
    print(
        f"engine, checks and store at zero latency: {1000 * overhead:.2f} ms per segment, of "
        f"which {1000 * work:.2f} ms on a CPU (the rest is other programs' share of the machine)"
    )
    with service(0.2) as url:
        entry = {"backend": "google", "base_url": url + "/m"}
        ours = run(
            make_translator(TranslatorSettings.of(entry), languages_of(LANGUAGES)),
            texts,
            options.concurrency,
        )
        peer = GoogleTranslator(source="en", target="es")
        peer._base_url = url + "/m"
        deep_translator.google.requests = requests
        started = time.perf_counter()
        peer.translate_batch(texts[: options.serial])
        theirs = (time.perf_counter() - started) * len(texts) / min(options.serial, len(texts))
    scaled = f" (scaled up from {options.serial})" if options.serial < len(texts) else ""
    print(
        f"{len(texts)} segments at 200 ms, concurrency {options.concurrency}: ours {ours:.1f} s, translate_batch {theirs:.1f} s{scaled}"
    )
    print(f"speed-up: {theirs / ours:.1f} x")


if __name__ == "__main__":
    main()
