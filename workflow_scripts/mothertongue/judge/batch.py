"""Ask through OpenAI's Batch API: half the price, within a day, killed and resumed at will.

A submission is written down before it is sent and carries its own name in the batch's metadata:
after a kill the next run finds it, at the server if need be, and submits nothing twice. Results go
into the same store that single requests use; what a batch leaves unanswered or unreadable is
asked singly afterwards.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..api import Ask, Price, Store, request_key
from ..api.clients import ChatClient
from ..api.shapes import UNREADABLE, read_chat
from ..api.types import Request, verdict_on
from ..errors import InputError
from ..files import read_json, write_json
from .settings import BatchSettings

ENDED = {"completed", "expired", "cancelled", "failed"}
Body = Callable[[Request], dict[str, Any]]
MARK = "mothertongue"  # key of a submission's name in the batch's metadata


def chunks(
    asks: dict[str, Ask], requests: int, megabytes: float, body: Body
) -> Iterator[dict[str, Ask]]:
    """Split asks so that no file holds more requests or bytes than allowed."""
    chunk: dict[str, Ask] = {}
    size = 0
    for key, ask in asks.items():
        length = len(json.dumps(body(ask.request), ensure_ascii=False).encode()) + 200
        if chunk and (len(chunk) >= requests or size + length > megabytes * 1e6):
            yield chunk
            chunk, size = {}, 0
        chunk[key] = ask
        size += length
    if chunk:
        yield chunk


class Batches:
    """One judge's batches; `folder` keeps the submissions."""

    def __init__(
        self,
        chat: ChatClient,
        store: Store,
        folder: Path,
        *,
        account: str,
        settings: BatchSettings,
        price: Price,
        budget: float | None,
    ):
        """`chat` is the judge's client; `settings`: its `batch` in the configuration."""
        self.client, self.body, self.hide = chat.client(), chat.body, chat.hide
        self.store, self.folder = store, folder
        self.account, self.settings, self.price = account, settings, price
        self.learn, self.budget = chat.learn, budget
        self.refused: list[tuple[Ask, dict[str, Any]]] = []  # requests and what the server says
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, asks: dict[str, Ask]) -> dict[str, int]:
        """Get what is not in the store; returns counts. Earlier submissions are collected first."""
        counts = {"submitted": 0, "collected": 0, "left": 0}
        pending = [read_json(path) for path in sorted(self.folder.glob("*.json"))]
        known = self.store.known(asks)
        waiting = {key for entry in pending for key in entry["keys"]}
        new = {key: ask for key, ask in asks.items() if key not in known and key not in waiting}
        mine = self.store.claim(new) if new else set()
        new = {key: ask for key, ask in new.items() if key in mine}
        self._afford(new)
        for chunk in chunks(new, self.settings.requests, self.settings.megabytes, self.body):
            entry = {"name": uuid.uuid4().hex, "batch": None, "keys": sorted(chunk)}
            write_json(self.folder / f"{entry['name']}.json", entry)
            self._submit(entry, chunk)
            pending.append(entry)
            counts["submitted"] += len(chunk)
        for entry in pending:
            counts["collected"] += self._finish(entry, asks)
        for key in mine:
            self.store.release(key)
        counts["left"] = len(asks) - len(self.store.known(asks))
        if counts["left"] and self._learnt():  # a parameter that the server declines
            again = self.run(asks)
            return {name: again[name] + counts[name] * (name != "left") for name in counts}
        return counts

    def _learnt(self) -> bool:
        """Whether refusals are about a parameter, which the next batch then leaves out."""
        refused, self.refused = self.refused, []
        for ask, told in refused[:1]:
            error = SimpleNamespace(message=told.get("message") or "", param=told.get("param"))
            return bool(self.learn(error, self.body(ask.request), ask.request))
        return False

    def _afford(self, new: dict[str, Ask]) -> None:
        if self.budget is None or self.price.free:
            return
        most = (1 - self.settings.discount) * sum(
            self.price.at_most(ask.request) for ask in new.values()
        )
        spent = self.store.spent(self.account)
        if spent + most > self.budget:
            raise InputError(
                f"{self.account}: the budget of ${self.budget:.2f} has no room for a batch of"
                f" {len(new)} requests (spent ${spent:.4f}, they may cost ${most:.4f}); raise"
                " api.budget to go on"
            )

    def _call(self, call: Callable[[], Any], attempts: int = 8) -> Any:
        """Call the server; what may pass is tried again, other errors are one line."""
        import openai

        for attempt in range(attempts):
            try:
                return call()
            except (openai.APIConnectionError, openai.APIStatusError) as error:
                status = getattr(error, "status_code", 503)
                if (status < 500 and status not in (408, 409, 429)) or attempt == attempts - 1:
                    raise InputError(
                        f"{self.account}: the batch service answers: {self.hide(error)[:300]}"
                    ) from None
                time.sleep(min(30.0, 0.2 * 2**attempt))
        return None

    def _submit(self, entry: dict[str, Any], asks: dict[str, Ask]) -> None:
        lines = (
            json.dumps(
                {
                    "custom_id": key,
                    "method": "POST",
                    "url": "/v1/chat/completions",
                    "body": self.body(ask.request),
                },
                ensure_ascii=False,
            )
            for key, ask in asks.items()
        )
        content = ("\n".join(lines) + "\n").encode()
        file = self._call(
            lambda: self.client.files.create(
                file=(f"{entry['name']}.jsonl", content), purpose="batch"
            )
        )
        # creating is not tried again blindly: a lost reply may hide a batch that exists
        for attempt in range(8):
            try:
                batch = self._call(
                    lambda: self.client.batches.create(
                        input_file_id=file.id,
                        endpoint="/v1/chat/completions",
                        completion_window="24h",
                        metadata={MARK: entry["name"]},
                    ),
                    attempts=1,
                )
                break
            except InputError:
                batch = self._adopt(entry["name"])
                if batch is not None:
                    break
                if attempt == 7:
                    raise
                time.sleep(min(30.0, 0.2 * 2**attempt))
        entry["batch"] = batch.id
        write_json(self.folder / f"{entry['name']}.json", entry)
        print(f"{self.account}: batch {batch.id} submitted, {len(asks)} requests", flush=True)

    def _adopt(self, name: str) -> Any:
        """The server's batch of a submission, if there is one."""
        batches = self._call(lambda: list(self.client.batches.list(limit=100)))
        return next((b for b in batches if (b.metadata or {}).get(MARK) == name), None)

    def _finish(self, entry: dict[str, Any], asks: dict[str, Ask]) -> int:
        """Wait for a batch and store its replies; returns how many became answers."""
        path = self.folder / f"{entry['name']}.json"
        own = {key: asks[key] for key in entry["keys"] if key in asks}
        if entry["batch"] is None:  # killed before the server's answer was written down
            found = self._adopt(entry["name"])
            if found is None:
                self._submit(entry, own)
            else:
                entry["batch"] = found.id
                write_json(path, entry)
        while True:
            batch = self._call(lambda: self.client.batches.retrieve(entry["batch"]))
            if batch.status in ENDED:
                break
            time.sleep(self.settings.poll)
        if batch.status == "failed":
            path.unlink(missing_ok=True)
            errors = getattr(batch.errors, "data", None) or []
            told = "; ".join(str(e.message) for e in errors[:3]) or "no reason given"
            raise InputError(f"{self.account}: the server rejects batch {batch.id}: {told}")
        stored = 0
        for file in (batch.output_file_id, batch.error_file_id):
            if file:
                content = self._call(partial(self._content, file))
                # JSON Lines end in \n alone: U+2028 and U+0085 are text of a reply
                lines = content.decode("utf-8").split("\n")
                stored += sum(self._keep(json.loads(x), own) for x in lines if x.strip())
        if len(own) == len(entry["keys"]):  # else another answer set still needs it
            path.unlink(missing_ok=True)
        print(f"{self.account}: batch {batch.id} {batch.status}, {stored} replies kept", flush=True)
        return stored

    def _content(self, file: str) -> bytes:
        """The content of a file of results."""
        content: bytes = self.client.files.content(file).content
        return content

    def _keep(self, line: dict[str, Any], own: dict[str, Ask]) -> bool:
        """Store one line of results if it is a usable reply."""
        ask = own.get(line.get("custom_id", ""))
        answered = line.get("response") or {}
        if ask is None or answered.get("status_code") != 200:
            body = answered.get("body")
            told = body.get("error") if isinstance(body, dict) else None
            if ask is not None and isinstance(told, dict):
                self.refused.append((ask, told))
            return False
        reply = read_chat(answered.get("body"))
        if reply.finish == UNREADABLE:
            return False
        key = request_key(ask.request)
        if self.store.known([key]):
            return False
        problems = verdict_on(ask.check, reply).problems
        cost = (1 - self.settings.discount) * self.price.of(ask.request, reply)
        if problems:
            self.store.reject(key, reply, account=self.account, problems=problems, cost=cost)
            return False
        self.store.put(key, ask.request, reply, account=self.account, cost=cost)
        return True
