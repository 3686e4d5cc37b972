# ruff: noqa: E402
"""Peak memory of translating 1,000 and 100,000 real segments: one process each, whole stage.

Run: python bench/translate_memory.py ../shared/data [--segments 1000 100000]
Rows are read, split, asked, checked, stored, put together and written as in the rule; the service
answers at once in the same process. Segments beyond the data's own are made new by a number.
"""

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [
    str(ROOT / "workflow_scripts"),
    str(ROOT / "tests/support"),
    str(ROOT / "tests"),
    str(ROOT / "bench"),
]

from mothertongue.api import Reply
from mothertongue.translate import BACKENDS
from standin import invented

LANGUAGES = {code: {"name": code, "script": "Latn"} for code in ("en", "es")}


class Instant:
    """A translator without any latency."""

    limit = 1500

    def __init__(self, entry, languages):
        pass

    def request(self, text, source, target):
        return {"service": "instant", "source": source, "target": target, "text": text}

    def send(self, request, timeout):
        return Reply(invented(request["text"]), characters=len(request["text"]))


def write_rows(data: Path, number: int, path: Path) -> None:
    """Distinct rows of two segments each, from the real English rows, one at a time."""
    import polars as pl

    table = pl.read_parquet(data / "aya" / "aya_dataset.parquet")
    texts = table.filter(pl.col("language_code") == "eng").select("inputs", "targets").rows()
    texts = [pair for pair in texts if all(20 < len(text) < 1400 for text in pair)]
    with path.open("w", encoding="utf-8") as handle:
        for count, (one, two) in zip(range(number), itertools.cycle(texts), strict=False):
            again = f" ({count})" if count >= len(texts) else ""
            row = {
                "id": f"en-{count}",
                "language": "en",
                "instruction": one + again,
                "output": two + again,
                "origin": {"target_language": "es"},
            }
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def translate(folder: Path) -> None:
    """The stage itself; prints what it needed."""
    import translate_texts

    BACKENDS["instant"] = ("translate_memory:Instant", ())
    started = time.perf_counter()
    translate_texts.main(
        name="instant",
        translator={"backend": "instant"},
        operating={"api": {"check_retries": 0}, "batch": 1, "replay": None, "price": {}},
        languages=LANGUAGES,
        target="target_language",
        max_quarantined=1.0,
        store_file=folder / "replies.sqlite",
        source_file=folder / "source.jsonl",
        translated_file=folder / "made.jsonl",
        report_file=folder / "report.json",
        quarantine_file=folder / "quarantine.jsonl",
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peak_mb": peak, "seconds": time.perf_counter() - started}))


def measure(data: Path, segments: int) -> dict[str, float]:
    """Peak memory (MB) and seconds of a fresh process that translates `segments`."""
    with tempfile.TemporaryDirectory() as folder:
        write_rows(data, segments // 2, Path(folder) / "source.jsonl")
        command = [sys.executable, __file__, "--folder", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        report = json.loads((Path(folder) / "report.json").read_text())
        assert report["segments"] >= 0.95 * segments, report
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--segments", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--folder", type=Path, help="(used by the script itself)")
    options = parser.parse_args()
    if options.folder:
        return translate(options.folder)
    peaks = []
    for segments in options.segments:
        found = measure(options.data, segments)
        peaks.append(found["peak_mb"])
        print(f"{segments:>8,} segments: peak {found['peak_mb']:.0f} MB, {found['seconds']:.0f} s")
    print(f"ratio of the peaks: {peaks[-1] / peaks[0]:.2f}")
    return None


if __name__ == "__main__":
    main()
