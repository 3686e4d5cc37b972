"""Keep the finished requests of an evaluation, so that a killed job goes on where it was."""

import json
from pathlib import Path
from typing import Any


class Store:
    """Finished requests of one evaluation, kept as JSON Lines so that a killed job goes on.

    `key` must name everything the results depend on (adapter hash, base, settings, task); another
    key starts an empty file. A line that was cut off by the kill is ignored.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.path = Path(folder) / f"{key}.jsonl"
        self.found: dict[str, Any] = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = 0
        if self.path.is_file():
            with self.path.open("rb") as handle:
                for line in handle:
                    try:
                        entry = json.loads(line)
                    except ValueError:
                        break
                    if not line.endswith(b"\n"):
                        break
                    self.found.update(entry)
                    whole += len(line)
        self.resumed = len(self.found)
        self._handle = self.path.open("ab")
        self._handle.truncate(whole)

    def add(self, results: dict[str, Any]) -> None:
        """Keep the results of one chunk; a kill of this process loses none of them."""
        self._handle.write(json.dumps(results).encode() + b"\n")
        self._handle.flush()

    def close(self) -> None:
        """Remove the file: the evaluation is complete."""
        self._handle.close()
        self.path.unlink(missing_ok=True)
