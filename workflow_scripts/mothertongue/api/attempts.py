"""The attempts at one request: call, store, check, ask again differently, keep the best.

A reply is stored the moment it arrives, then checked. One that fails its check is moved aside and
its attempt counted, so that no run ever sends the same attempt again; the next attempt says what
was wrong (`client.again`). A client that always answers the same is asked once.
"""

import random
import threading
import time
from dataclasses import dataclass

from .cold_start import ColdStart, stop_of
from .ledger import ROUNDING
from .limits import Ended, Limits
from .prices import Price, prompt_of
from .settings import CallSettings
from .store import Store
from .types import (
    ApiError,
    Ask,
    Counts,
    Outcome,
    Reply,
    Request,
    Sender,
    Stop,
    Temporary,
    Unanswerable,
    Verdict,
    verdict_on,
)

LONGEST_WAIT = 600.0  # seconds; a server that asks for more is taken at its word: come back later
TELLING = 20.0  # seconds between two lines of the log about calls without a reply
CHECKING = 2  # threads per call at a time: one calls while another checks its reply


@dataclass(slots=True)
class _Best:
    reply: Reply
    verdict: Verdict
    attempt: int


@dataclass(slots=True)
class Try:
    """One request on its way. `attempt`: the number of the last reply; `last`: of the last allowed."""

    ask: Ask
    key: str
    last: int
    attempt: int = 0
    problems: tuple[str, ...] = ()
    best: _Best | None = None
    failures: int = 0
    calls: int = 0
    waited: bool = False

    def judge(self, reply: Reply, attempt: int) -> Verdict:
        """Check a reply and keep it if it is the best so far."""
        verdict = verdict_on(self.ask.check, reply)
        self.attempt, self.problems = attempt, tuple(verdict.problems)
        if self.best is None or verdict.rank < self.best.verdict.rank:
            self.best = _Best(reply, verdict, attempt)
        return verdict


@dataclass(slots=True)
class Deferred:
    """Its first reply is unusable and so are all others so far: its second attempt has to wait."""

    attempt: Try


class Attempts:
    """What the pool's threads do. Shared by all of them."""

    def __init__(
        self,
        client: Sender,
        store: Store,
        account: str,
        settings: CallSettings,
        price: Price,
        counts: Counts,
    ):
        """`counts`: of these, `sent`, `retried` and `rejected` are counted here."""
        self.settings = settings
        self.client, self.store, self.account = client, store, account
        self.price, self.counts = price, counts
        local = getattr(client, "local", False)
        self.limits = Limits(store, account, self.settings, shared=not local)
        # a model in this process fills its batches from the threads that call, and limits nothing
        self.threads = self.settings.concurrency * (1 if local else CHECKING)
        self.cold = ColdStart(self.settings.give_up)
        self.deterministic = getattr(client, "deterministic", False)
        self.reread = getattr(client, "reread", lambda reply: reply)
        self.stop: Stop | None = None
        self._answered = False
        self._silent = 0  # calls in a row, over all threads, that brought nothing
        self._tell_at = 0.0  # when the log may say so again
        self._declined = 0  # requests that the service rejected before it answered any
        self._lock = threading.Lock()

    def begin(self, ask: Ask, key: str, tried: list[tuple[int, Reply]]) -> Try:
        """A request with its earlier replies, which count as attempts."""
        attempt = Try(ask, key, last=1 + self.settings.check_retries)
        for number, reply in tried:
            attempt.judge(self.reread(reply), number)
        if attempt.attempt >= attempt.last and attempt.best and attempt.best.verdict.hard:
            attempt.last += attempt.attempt  # an earlier run has used them up in vain
        if self.deterministic:
            attempt.last = 1
        return attempt

    def heard(self, hard: bool) -> None:
        """The service does answer; a reply that is not `hard` can be used, too."""
        self._silent, self._answered = 0, True
        if not hard:
            self.cold.good()

    def carry_out(self, attempt: Try) -> Outcome | Deferred:
        """Call until there is a usable reply, the attempts are used up, or the run ends."""
        try:
            while True:
                best = attempt.best
                if best is not None and not best.verdict.problems:
                    return self._settle(attempt)
                if attempt.attempt >= attempt.last:
                    return self._settle(attempt)
                if attempt.attempt and not self.cold.warm and not attempt.waited:
                    attempt.waited = True
                    return Deferred(attempt)
                wait = self._call(attempt)
                if isinstance(wait, Outcome):
                    return wait
                if wait:
                    self.limits.sleep(wait)
        except Stop as error:
            if self.stop is None:
                self.stop = error
            self.limits.end.set()
            raise Ended from None
        finally:
            if self.limits.end.is_set():
                self.store.release(attempt.key)

    def _call(self, attempt: Try) -> Outcome | float:
        """One call and its check; the outcome if nothing more is to be done, else seconds to wait."""
        number = attempt.attempt + 1
        request = self._request(attempt, number)
        self.cold.enter(self.limits.end)
        try:
            reply, cost = self._pay(attempt, request, number)
            return self._check(attempt, request, reply, cost, number)
        except Temporary as error:
            return self._no_reply(attempt, error)
        except Unanswerable as error:
            if attempt.best is not None:
                return self._settle(attempt)
            self._decline(error)
            return self._fail(attempt, error)
        finally:
            self.cold.leave()

    def _pay(self, attempt: Try, request: Request, number: int) -> tuple[Reply, float]:
        """Call once and store the reply, unchecked; the claim is kept until it is checked.

        The next call may start only when this reply is stored: a process that is killed loses no
        more paid replies than calls are allowed at a time.
        """
        held = 0.0
        try:
            with self.limits.call(request):
                held = self._reserve(request)
                attempt.calls += 1
                reply = self._send(request)
                cost = self.price.of(request, reply)
                self.store.put(
                    attempt.key,
                    attempt.ask.request,
                    reply,
                    account=self.account,
                    cost=cost,
                    attempt=number,
                    release=False,
                )
        finally:
            if held:
                self.store.unreserve(self.account, held)
        return reply, cost

    def _check(
        self, attempt: Try, request: Request, reply: Reply, cost: float, number: int
    ) -> Outcome | float:
        """Let a good reply be the answer; move a bad one aside."""
        first = not attempt.attempt
        verdict = attempt.judge(reply, number)
        self.heard(verdict.hard)
        if not verdict.problems:
            self.store.finished(attempt.key)
            return Outcome(attempt.ask.tag, "ok", reply, calls=attempt.calls)
        self.store.reject(
            attempt.key,
            reply,
            account=self.account,
            problems=verdict.problems,
            cost=cost,
            attempt=number,
            stored=True,
        )
        with self._lock:
            self.counts.rejected += 1
        if verdict.hard and first and self.cold.bad(verdict.problems):
            raise self._cold_stop(request, reply, verdict)
        return 0.0

    def _request(self, attempt: Try, number: int) -> Request:
        """The request of an attempt: the first as it is, later ones ask differently."""
        request = attempt.ask.request
        if number == 1:
            return request
        again = getattr(self.client, "again", None)
        if again is None:
            return {**request, "attempt": number}
        another: Request = again(request, number, attempt.problems)
        return another

    def _send(self, request: Request) -> Reply:
        with self._lock:
            self.counts.sent += 1
        return self.client.send(request, float(self.settings.timeout))

    def _settle(self, attempt: Try) -> Outcome:
        """Keep the best reply as the answer, with what is wrong with it."""
        best = attempt.best
        assert best is not None
        status = "quarantined" if best.verdict.problems else "ok"
        self.store.put(
            attempt.key,
            attempt.ask.request,
            best.reply,
            account=self.account,
            status=status,
            problems=best.verdict.problems,
            attempt=best.attempt,
        )
        return Outcome(
            attempt.ask.tag,
            status,
            best.reply,
            list(best.verdict.problems),
            hard=best.verdict.hard,
            calls=attempt.calls,
        )

    def _fail(self, attempt: Try, error: ApiError) -> Outcome:
        """No reply at all: the outcome names the last answer and the number of calls."""
        self.store.release(attempt.key)
        times = f"{attempt.calls} call{'s' * (attempt.calls > 1)}"
        return Outcome(
            attempt.ask.tag,
            "failed",
            None,
            [f"{error} ({times})"],
            refused=isinstance(error, Unanswerable),
            http_status=error.status,
            calls=attempt.calls,
        )

    def _reserve(self, request: Request) -> float:
        """Set money aside for one call; stop the run if the budget has no room for it."""
        budget = self.settings.budget
        if budget is None or self.price.free:
            return 0.0
        amount = self.price.at_most(request)
        while not self.store.reserve(self.account, amount, budget):
            spent = self.store.spent(self.account)
            if spent + amount > budget + ROUNDING:
                raise Stop(
                    f"the budget of ${budget:.2f} has no room for the next call (${spent:.4f} is "
                    f"spent, it may cost ${amount:.4f}); raise api.budget to go on"
                )
            self.limits.sleep(0.05)  # calls in flight hold more than they will cost
        return amount

    def _no_reply(self, attempt: Try, error: Temporary) -> Outcome | float:
        """How long to wait; after very many calls in a row without a reply the service is down."""
        attempt.failures += 1
        with self._lock:
            self._silent += 1
            self.counts.retried += 1
        retries = self.settings.retries
        self._tell(error)
        if error.after is not None:
            if error.after > LONGEST_WAIT:
                raise Stop(f"the server asks to wait {error.after:.0f} s; run again after that")
            self.limits.pause(error.after)
        enough = max(3 * self.settings.concurrency, 10) * (retries + 1)
        if self._silent >= enough:
            raise Stop(f"{self._silent} calls in a row brought no reply ({error}); run again later")
        if attempt.failures > retries:
            return self._fail(attempt, error) if attempt.best is None else self._settle(attempt)
        return self._back_off(attempt.failures, error.after)

    def _tell(self, error: Temporary) -> None:
        """Say in the log that calls bring no reply, at once and then now and then: it may take long."""
        now = time.monotonic()
        with self._lock:
            if now < self._tell_at:
                return
            self._tell_at = now + TELLING
        late = (
            "; raise api.timeout or lower api.concurrency"
            if "no reply within" in str(error)
            else ""
        )
        print(
            f"calls without a reply so far: {self.counts.retried}, the last: {error}{late} (a request"
            f" is tried up to {self.settings.retries + 1} times)",
            flush=True,
        )

    def _decline(self, error: Unanswerable) -> None:
        """One request may be at fault; when the first ones all are, it is the configuration."""
        with self._lock:
            self._declined += 1
        enough = self.settings.give_up or max(2 * self.settings.concurrency, 10)
        last = self.cold.bad(["refused"])
        if last or (not self._answered and self._declined >= enough):
            raise Stop(f"the first {self._declined} requests were all rejected ({error})")

    def _cold_stop(self, request: Request, reply: Reply, verdict: Verdict) -> Stop:
        hide = getattr(self.client, "hide", str)
        spent = self.store.spent(self.account)
        asked, told = prompt_of(request).split("\n\n")[-1], str(reply.text or "")
        return stop_of(self.cold, hide(asked), hide(told), verdict, spent)

    def _back_off(self, attempt: int, after: float | None) -> float:
        """Exponential with jitter, capped at a minute, never less than the server asked for."""
        wait: float = min(60.0, self.settings.backoff * 2.0 ** (attempt - 1))
        wait *= random.uniform(0.5, 1.0)
        return wait if after is None else after + wait * 0.1
