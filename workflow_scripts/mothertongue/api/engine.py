"""Sends requests in parallel and returns their outcomes in order; keeps every promise of the package.

The main thread looks requests up in the store in batches and hands what is new to a pool of
threads; each thread waits for the limits, calls, stores and checks (`attempts`). There are more
threads than calls at a time, so that the next call is on its way while a reply is checked. A bounded
window keeps memory flat however many asks there are.
"""

import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import InputError
from .attempts import Attempts, Deferred
from .limits import Ended
from .prices import Price
from .progress import Progress
from .settings import CallSettings
from .store import Store, Stored, request_key
from .types import DECLINED, Ask, Counts, Outcome, Reply, Sender, verdict_on

Running = dict[str, "Future[Outcome | Deferred]"]  # by key of the request
WINDOW = 2048  # asks between the one handed out and the newest one read
BATCH = 256  # asks looked up in one statement
__all__ = ["BATCH", "DECLINED", "WINDOW", "Counts", "Engine"]


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    key: str
    future: Future[Outcome | Deferred] | None
    result: Outcome | None


class Engine:
    """One account's calls through one client. `run` may be called several times."""

    def __init__(
        self,
        client: Sender,
        store: Store,
        *,
        account: str,
        settings: CallSettings | None = None,
        price: Price | None = None,
        total: int | None = None,
    ):
        """`total`: the number of asks, if known, for the progress line."""
        self.store, self.account = store, account
        self.price = price or Price()
        self.counts = Counts()
        self.attempts = Attempts(
            client, store, account, settings or CallSettings(), self.price, self.counts
        )
        self.settings = self.attempts.settings
        self.total = total
        self.failures: list[str] = []
        self._started = time.time()
        self._settled: dict[str, Outcome] = {}  # with problems: not looked up again in this run

    def run(self, asks: Iterable[Ask]) -> Iterator[Outcome]:
        """Yield one outcome per ask, in order. Ends with an `InputError` if no call can work."""
        progress = Progress(
            self.account,
            self.total,
            None if self.price.free else lambda: self.store.spent(self.account),
        )
        window: deque[_Waiting] = deque()
        running: Running = {}
        asks = iter(asks)
        end = self.attempts.limits.end
        pool = ThreadPoolExecutor(self.attempts.threads, thread_name_prefix="api")
        try:
            exhausted = False
            while window or not exhausted:
                while not exhausted and len(window) <= WINDOW - BATCH:
                    batch = list(itertools.islice(asks, BATCH))
                    exhausted = len(batch) < BATCH
                    window.extend(self._start(batch, running, pool))
                if not window:
                    break
                waiting = window.popleft()
                outcome = self._finish(waiting, running, pool)
                self._count(outcome)
                progress.add(sent=not outcome.stored)
                yield outcome
        except Ended:
            pass
        finally:
            end.set()
            pool.shutdown(wait=True, cancel_futures=True)
            end.clear()
            progress.close()
            self.store.note(self.account, self.notes)
        if self.attempts.stop is not None:
            raise InputError(f"{self.account}: {self.attempts.stop}") from None

    @property
    def notes(self) -> list[str]:
        """How requests were adapted to what the service takes, for provenance."""
        return list(getattr(self.attempts.client, "notes", []))

    def _from_store(self, ask: Ask, key: str, found: Stored) -> Outcome | None:
        """What a stored reply is worth by today's check; None if it has to be asked for anew."""
        reply = self.attempts.reread(found.reply)
        verdict = verdict_on(ask.check, reply)
        self.attempts.heard(verdict.hard)
        if not verdict.problems:
            return Outcome(ask.tag, "ok", reply, stored=True)
        if not self.store.replaying:
            final = self.attempts.deterministic or found.at > self._started
            if verdict.hard and not final:
                return None
            if found.status == "ok" and self.store.claimed(key):
                return None  # its process is about to check it, or was killed before it did
        return Outcome(
            ask.tag, "quarantined", reply, verdict.problems, stored=True, hard=verdict.hard
        )

    def _move_aside(self, key: str, found: Stored) -> None:
        """Count a stored reply that is no answer (any more) as an attempt. Its claim is ours."""
        if found.status == "ok":
            self.store.reject(
                key,
                found.reply,
                account=self.account,
                problems=found.problems,
                cost=0.0,
                attempt=found.attempt,
                stored=True,
            )

    def _start(
        self, batch: list[Ask], running: Running, pool: ThreadPoolExecutor
    ) -> Iterator[_Waiting]:
        """Look a batch up; claim and submit what nobody has answered or is about to send."""
        keys = [request_key(ask.request) for ask in batch]
        known: dict[str, Outcome] = {}

        def look_up(wanted: Iterable[str]) -> dict[str, Stored]:
            """Take what is an answer; return what is none."""
            asks = dict(zip(keys, batch, strict=True))
            others = {}
            for key, found in self.store.lookup(wanted).items():
                outcome = self._from_store(asks[key], key, found)
                if outcome is None:
                    others[key] = found
                else:
                    known[key] = outcome
            return others

        look_up(set(keys) - set(self._settled))
        new = {k for k in keys if not (k in known or k in running or k in self._settled)}
        mine: set[str] = set()
        tried: dict[str, list[tuple[int, Reply]]] = {}
        if new and not self.store.replaying:
            mine = self.store.claim(new)
            # another process may have answered between the look-up and the claim
            others = look_up(mine)
            for key in mine & set(known):
                mine.discard(key)
                self.store.release(key)
            for key in mine & set(others):
                self._move_aside(key, others[key])
            tried = self.store.tried(mine)
        for ask, key in zip(batch, keys, strict=True):
            result = future = None
            if key in known:
                result = known[key]
                result = Outcome(
                    ask.tag, result.status, result.reply, result.problems, True, result.hard
                )
            elif key in running or key in self._settled:
                future = running.get(key)
                self.counts.repeated += 1
            elif self.store.replaying:
                problem = "the replayed replies hold no answer to it"
                result = Outcome(ask.tag, "failed", None, [problem])
            elif key in mine:
                attempt = self.attempts.begin(ask, key, tried.get(key, []))
                future = running[key] = pool.submit(self.attempts.carry_out, attempt)
            yield _Waiting(ask, key, future, result)

    def _finish(self, waiting: _Waiting, running: Running, pool: ThreadPoolExecutor) -> Outcome:
        """Wait for one ask; one that another process claimed is awaited in the store."""
        ask, key = waiting.ask, waiting.key
        if waiting.result is not None:
            return waiting.result
        future = waiting.future
        if future is None and key in self._settled:
            return _again(self._settled[key], ask)
        while future is None:
            future = running.get(key)
            if future is not None:
                break
            mine = self.store.claim([key])
            # looked up after claiming: the reply may have come, and its claim gone, just before
            found = self.store.lookup([key]).get(key)
            known = self._from_store(ask, key, found) if found else None
            if known:
                self.store.release(key)
                return known
            if mine:
                if found:
                    self._move_aside(key, found)
                attempt = self.attempts.begin(ask, key, self.store.tried([key]).get(key, []))
                future = running[key] = pool.submit(self.attempts.carry_out, attempt)
                break
            time.sleep(0.1)
        outcome = future.result()
        while isinstance(outcome, Deferred):  # its second attempt, after all first ones
            future = running[key] = pool.submit(self.attempts.carry_out, outcome.attempt)
            outcome = future.result()
        first = running.pop(key, None) is not None
        if outcome.status != "ok":
            self._settled[key] = outcome
        # later asks of the same text find the reply in the store, or in `_settled`
        return outcome if first else _again(outcome, ask)

    def _count(self, outcome: Outcome) -> None:
        self.counts.asked += 1
        self.counts.stored += outcome.stored
        self.counts.hard += outcome.hard
        if outcome.status == "quarantined":
            self.counts.quarantined += 1
        elif outcome.status == "failed":
            self.counts.failed += 1
            self.counts.refused += outcome.refused
            if len(self.failures) < 5:
                self.failures.append("; ".join(outcome.problems))

    def raise_failures(self, what: str) -> None:
        """One `InputError` if an ask brought no reply that a later run may bring, or if all failed.

        A request that the service refuses (HTTP 400) while it answers others is the caller's to
        count: `Outcome.refused`.
        """
        counts = self.counts
        if counts.failed and (counts.failed > counts.refused or counts.failed == counts.asked):
            raise InputError(
                f"{what}: {counts.failed} of {counts.asked} requests to {self.account} "
                f"brought no reply ({self.failures[0]}); what arrived is kept, run again"
            )


def _again(outcome: Outcome, ask: Ask) -> Outcome:
    """The outcome of an earlier ask with the same request."""
    return Outcome(
        ask.tag,
        outcome.status,
        outcome.reply,
        outcome.problems,
        True,
        outcome.hard,
        outcome.refused,
        outcome.http_status,
    )
