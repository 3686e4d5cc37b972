"""The engine: asks in, outcomes out, in order, with everything the package promises.

The main thread looks requests up in the store in batches and hands what is new to a pool of
threads; each thread waits for the limits, calls, checks, stores. A bounded window keeps memory
flat however many asks there are.
"""

import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from .limits import Ended, Limits
from .prices import Price
from .progress import Progress
from .store import ROUNDING, Store, request_key
from .types import ApiError, Ask, Outcome, Reply, Stop, Temporary, Unanswerable

WINDOW = 2048  # asks between the one handed out and the newest one read
BATCH = 256  # asks looked up in one statement
LONGEST_WAIT = 600.0  # seconds; a server that asks for more is taken at its word: come back later
DECLINED = "declined"  # how a reply ended, and what is wrong with it, if the service rejects a text
SETTINGS = {
    "concurrency": 8,
    "requests_per_minute": None,
    "characters_per_minute": None,
    "tokens_per_minute": None,
    "timeout": 60.0,
    "retries": 8,
    "check_retries": 2,
    "backoff": 1.0,
    "budget": None,
    "key": None,
}


@dataclass
class Counts:
    """What a run did."""

    asked: int = 0
    stored: int = 0
    repeated: int = 0
    sent: int = 0
    retried: int = 0
    rejected: int = 0
    quarantined: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    key: str
    future: Future | None
    result: Outcome | None


class Engine:
    """One account's calls through one client. `run` may be called several times."""

    def __init__(
        self,
        client: Any,
        store: Store,
        *,
        account: str,
        settings: Mapping[str, Any] | None = None,
        price: Price | None = None,
        total: int | None = None,
    ):
        """`total`: the number of asks, if known, for the progress line."""
        self.settings = {**SETTINGS, **(settings or {})}
        self.client, self.store, self.account = client, store, account
        self.price = price or Price()
        self.limits = Limits(store, account, self.settings)
        self.counts = Counts()
        self.total = total
        self.failures: list[str] = []
        # a client that always says the same is not asked again
        same = getattr(client, "deterministic", False)
        self._second_chances = 0 if same else int(self.settings["check_retries"])
        self._stop: Stop | None = None
        self._answered = False
        self._silent = 0  # calls in a row, over all threads, that brought nothing
        self._declined = 0  # requests that the service rejected before it answered any
        self._lock = threading.Lock()
        self._quarantined: dict[str, Outcome] = {}

    def run(self, asks: Iterable[Ask]) -> Iterator[Outcome]:
        """Yield one outcome per ask, in order. Ends with an `InputError` if no call can work."""
        progress = Progress(
            self.account,
            self.total,
            None if self.price.free else lambda: self.store.spent(self.account),
        )
        window: deque[_Waiting] = deque()
        running: dict[str, Future] = {}
        asks = iter(asks)
        pool = ThreadPoolExecutor(int(self.settings["concurrency"]), thread_name_prefix="api")
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
            self.limits.end.set()
            pool.shutdown(wait=True, cancel_futures=True)
            self.limits.end.clear()
            progress.close()
        if self._stop is not None:
            raise InputError(f"{self.account}: {self._stop}") from None

    def _start(
        self, batch: list[Ask], running: dict[str, Future], pool: ThreadPoolExecutor
    ) -> Iterator[_Waiting]:
        """Look a batch up; claim and submit what nobody has answered or is about to send."""
        keys = [request_key(ask.request) for ask in batch]
        known = self.store.lookup(set(keys))
        self._answered = self._answered or bool(known)
        new = {
            k for k in keys if k not in known and k not in running and k not in self._quarantined
        }
        mine: set[str] = set()
        if new and not self.store.replaying:
            mine = self.store.claim(new)
            # another process may have answered between the look-up and the claim
            for key, found in self.store.lookup(mine).items():
                known[key] = found
                mine.discard(key)
                self.store.release(key)
        for ask, key in zip(batch, keys, strict=True):
            result = future = None
            if key in known:
                status, reply, problems = known[key]
                result = Outcome(ask.tag, status, reply, problems, stored=True)
            elif key in running or key in self._quarantined:
                future = running.get(key)
                self.counts.repeated += 1
            elif self.store.replaying:
                problem = "the replayed replies hold no answer to it"
                result = Outcome(ask.tag, "failed", None, [problem])
            elif key in mine:
                future = running[key] = pool.submit(self._ask, ask, key)
            yield _Waiting(ask, key, future, result)

    def _finish(
        self, waiting: _Waiting, running: dict[str, Future], pool: ThreadPoolExecutor
    ) -> Outcome:
        """Wait for one ask; one that another process claimed is awaited in the store."""
        if waiting.result is not None:
            return waiting.result
        future = waiting.future
        if future is None and waiting.key in self._quarantined:
            earlier = self._quarantined[waiting.key]
            return Outcome(waiting.ask.tag, earlier.status, earlier.reply, earlier.problems, True)
        while future is None:
            future = running.get(waiting.key)
            if future is not None:
                break
            mine = self.store.claim([waiting.key])
            # looked up after claiming: the reply may have come, and its claim gone, just before
            found = self.store.lookup([waiting.key]).get(waiting.key)
            if found:
                self.store.release(waiting.key)
                return Outcome(waiting.ask.tag, found[0], found[1], found[2], stored=True)
            if mine:
                future = running[waiting.key] = pool.submit(self._ask, waiting.ask, waiting.key)
                break
            time.sleep(0.1)
        outcome: Outcome = future.result()
        first = running.pop(waiting.key, None) is not None
        if outcome.status != "ok":
            self._quarantined[waiting.key] = outcome
        # later asks of the same text find the reply in the store, or in `_quarantined`
        return Outcome(
            waiting.ask.tag, outcome.status, outcome.reply, outcome.problems, stored=not first
        )

    def _count(self, outcome: Outcome) -> None:
        self.counts.asked += 1
        self.counts.stored += outcome.stored
        if outcome.status == "quarantined":
            self.counts.quarantined += 1
        elif outcome.status == "failed":
            self.counts.failed += 1
            if len(self.failures) < 5:
                self.failures.append("; ".join(outcome.problems))

    def raise_failures(self, what: str) -> None:
        """One `InputError` if any ask brought no reply at all."""
        if self.counts.failed:
            raise InputError(
                f"{what}: {self.counts.failed} of {self.counts.asked} requests to {self.account} "
                f"brought no reply ({self.failures[0]}); what arrived is kept, run again"
            )

    # what runs in the pool's threads

    def _ask(self, ask: Ask, key: str) -> Outcome:
        """Call until there is a usable reply, the attempts are used up, or the run ends."""
        failures = 0
        best: tuple[int, Reply, list[str]] | None = None
        rejected = 0
        try:
            while True:
                self.limits.wait(ask.request)
                held = self._reserve(ask)
                try:
                    reply = self._send(ask)
                    problems = ask.check(reply)
                    cost = self.price.of(ask.request, reply)
                    self._silent, self._answered = 0, True
                    if not problems:
                        self.store.put(key, ask.request, reply, account=self.account, cost=cost)
                        return Outcome(ask.tag, "ok", reply)
                    self.store.reject(
                        key, reply, account=self.account, problems=problems, cost=cost
                    )
                except Temporary as error:
                    failures += 1
                    self._no_reply(error)
                    if failures > self.settings["retries"]:
                        return self._give_up(ask, key, best, str(error))
                    wait = self._back_off(failures, error.after)
                    problems = None
                except Unanswerable as error:
                    self._decline(error)
                    told = Reply("", DECLINED, 0, 0, raw={"error": str(error)})
                    return self._give_up(ask, key, best or (99, told, [DECLINED]), "")
                finally:
                    if held:
                        self.store.unreserve(self.account, held)
                if problems is None:
                    self.limits.sleep(wait)
                    continue
                rejected += 1
                with self._lock:
                    self.counts.rejected += 1
                if isinstance(reply.text, str) and reply.text.strip():
                    rank = (len(problems), reply, problems)
                    best = rank if best is None or rank[0] < best[0] else best
                elif best is None:
                    best = (99, reply, problems)
                if rejected > self._second_chances:
                    return self._give_up(ask, key, best, "")
                self.limits.sleep(self._back_off(rejected, None) / 4)
        except Stop as error:
            if self._stop is None:
                self._stop = error
            self.limits.end.set()
            raise Ended from None
        finally:
            if self.limits.end.is_set():
                self.store.release(key)

    def _send(self, ask: Ask) -> Reply:
        with self._lock:
            self.counts.sent += 1
        return self.client.send(ask.request, float(self.settings["timeout"]))

    def _reserve(self, ask: Ask) -> float:
        """Set money aside for one call; stop the run if the budget has no room for it."""
        budget = self.settings["budget"]
        if budget is None or self.price.free:
            return 0.0
        amount = self.price.at_most(ask.request)
        while not self.store.reserve(self.account, amount, budget):
            spent = self.store.spent(self.account)
            if spent + amount > budget + ROUNDING:
                raise Stop(
                    f"the budget of ${budget:.2f} has no room for the next call (${spent:.4f} is "
                    f"spent, it may cost ${amount:.4f}); raise api.budget to go on"
                )
            self.limits.sleep(0.05)  # calls in flight hold more than they will cost
        return amount

    def _no_reply(self, error: ApiError) -> None:
        """After very many calls in a row without one reply the service is down: stop."""
        with self._lock:
            self._silent += 1
            self.counts.retried += 1
        if isinstance(error, Temporary) and error.after is not None:
            if error.after > LONGEST_WAIT:
                raise Stop(f"the server asks to wait {error.after:.0f} s; run again after that")
            self.limits.pause(error.after)
        enough = max(3 * int(self.settings["concurrency"]), 10) * (
            int(self.settings["retries"]) + 1
        )
        if self._silent >= enough:
            raise Stop(f"{self._silent} calls in a row brought no reply ({error}); run again later")

    def _decline(self, error: Unanswerable) -> None:
        """One request may be at fault; when the first ones all are, it is the configuration."""
        with self._lock:
            self._declined += 1
        if not self._answered and self._declined >= max(2 * int(self.settings["concurrency"]), 10):
            raise Stop(f"the first {self._declined} requests were all rejected ({error})")

    def _back_off(self, attempt: int, after: float | None) -> float:
        """Exponential with jitter, capped at a minute, never less than the server asked for."""
        wait = min(60.0, float(self.settings["backoff"]) * 2 ** (attempt - 1))
        wait *= random.uniform(0.5, 1.0)
        return wait if after is None else after + wait * 0.1

    def _give_up(
        self, ask: Ask, key: str, best: tuple[int, Reply, list[str]] | None, error: str
    ) -> Outcome:
        """Keep the best of the replies that failed a check; without one, the ask failed."""
        if best is None:
            self.store.release(key)
            return Outcome(ask.tag, "failed", None, [error])
        _, reply, problems = best
        self.store.put(
            key,
            ask.request,
            reply,
            account=self.account,
            status="quarantined",
            problems=problems,
            cost=0.0,
        )
        return Outcome(ask.tag, "quarantined", reply, problems)
