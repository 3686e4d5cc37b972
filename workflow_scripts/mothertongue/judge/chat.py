"""A chat model as judge, through the engine of `mothertongue.api`: OpenAI-compatible or Cohere.

Every reply is in the store the moment it arrives. A reply without a readable rating or verdict is
asked for again (`api.check_retries` times), then its answer is left unscored. `form` says whether it
is asked for in brackets, as JSON, or in a form of the prompt's own; `task` holds what is asked.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..api import Ask, CallSettings, Engine, Store, make_client, request_key
from ..api import Reply as ApiReply
from ..api.types import Request
from ..errors import InputError
from . import logprobs
from .batch import Batches
from .form import Chooser, expected
from .records import Item, Rated, Reply
from .settings import JudgeCalls, JudgeSpec
from .task import Task

NUMBERS = re.compile(r"\[\[[^\[\]]*\]\]|“[^”]*”|\d+(?:[.,]\d+)?")


def checker(task: Task, item: Item, form: str) -> Callable[[ApiReply], list[str]]:
    """The engine's check of a reply about an item.

    A second attempt may tell the judge what was wrong: no number of the first one stands in it.
    """

    def check(reply: ApiReply) -> list[str]:
        problem = task.read(reply, item, form).problem
        return [NUMBERS.sub("…", problem)] if problem else []

    return check


class ChatJudge:
    """Rates through a chat service, `repeats` times per answer."""

    def __init__(
        self,
        name: str,
        spec: JudgeSpec | Mapping[str, Any],
        operating: JudgeCalls | Mapping[str, Any],
    ):
        """Read the key (if the service needs one); nothing is sent yet.

        The records, or the two mappings that `rating_settings` and `calling_settings` give.
        """
        self.name, self.spec, self.calls = name, JudgeSpec.of(spec), JudgeCalls.of(operating)
        api = self.calls.api
        service = replace(self.spec.service, key=api.key, concurrency=api.concurrency)
        self.client = make_client(service)
        self.task = Task(self.spec)
        self.form = expected(self.calls.store, name, self.spec)

    def request(self, item: Item, repeat: int, form: str) -> Request:
        """The request of one repeat; more repeats later leave the earlier ones as they are."""
        request = self.client.chat_request(
            self.task.prompt(item, form),
            temperature=self.spec.temperature,
            max_tokens=self.spec.max_tokens,
            seed=repeat if repeat else None,
            schema=self.task.schema(form),
        )
        return request | logprobs.REQUEST if self.spec.logprobs else request

    def lacks_reference(self, item: Item) -> bool:
        """Whether the prompt shows a reference answer, and the item has none."""
        return item.reference is None and self.task.needs_reference

    def ask(self, item: Item, form: str, repeat: int = 0, tag: Any = None) -> Ask:
        """The ask of one repeat of one item."""
        return Ask(self.request(item, repeat, form), checker(self.task, item, form), tag)

    def asks(self, items: list[Item]) -> Iterator[Ask]:
        """One ask per item and repeat; none where the prompt wants a reference that is not there."""
        for place, item in enumerate(items):
            if self.lacks_reference(item):
                continue
            for repeat in range(self.spec.repeats):
                yield self.ask(item, self.form, repeat, place)

    def engine(
        self, store: Store, total: int | None = None, settings: CallSettings | None = None
    ) -> Engine:
        """An engine for this judge's calls; `settings` instead of its own."""
        return Engine(
            self.client,
            store,
            account=self.name,
            settings=settings or self.calls.api,
            price=self.calls.price,
            total=total,
        )

    def settle(self, store: Store, items: list[Item]) -> None:
        """Find out in which form the rating is asked for; most often without a call."""
        items = [item for item in items if not self.lacks_reference(item)]
        few = replace(self.calls.api, retries=min(2, self.calls.api.retries))
        self.form = Chooser(self, store, self.engine(store, settings=few)).choose(items)

    def ask_in_batches(self, items: list[Item], *, own: bool = False) -> dict[str, int]:
        """Fill the store through the Batch API, for all items of a study at once.

        `own`: for these items alone, beside other sets that do the same at the same time.
        """
        path, batch = self.calls.store, self.calls.batch
        if batch is None:
            raise InputError(f"judge.judges.{self.name}: has no batch settings")
        with Store(path) as store:
            self.settle(store, items)
            asks = {request_key(ask.request): ask for ask in self.asks(items)}
            folder = path.parent / "batches" / self.name
            if own:
                folder /= hashlib.sha256("".join(sorted(asks)).encode()).hexdigest()[:16]
            return Batches(
                self.client,
                store,
                folder,
                account=self.name,
                settings=batch,
                price=self.calls.price,
                budget=self.calls.api.budget,
            ).run(asks)

    def rate(self, items: list[Item]) -> list[Rated]:
        """Ask for what the store does not hold; raises if a request brought no reply at all."""
        if self.calls.own_batch and not self.calls.replay:
            print(f"{self.name}: {self.ask_in_batches(items, own=True)}")
        replies: list[list[Reply]] = [
            [Reply("", None, "no reference answer")] if self.lacks_reference(item) else []
            for item in items
        ]
        with Store(self.calls.store, replay=self.calls.replay) as store:
            self.settle(store, items)
            engine = self.engine(store, total=len(items) * self.spec.repeats)
            for outcome in engine.run(self.asks(items)):
                if outcome.reply is not None:
                    item = items[outcome.tag]
                    replies[outcome.tag].append(self.read(outcome.reply, item))
                elif outcome.refused:
                    told = f"the server declines the request: {'; '.join(outcome.problems)}"
                    replies[outcome.tag].append(Reply("", None, told))
            engine.raise_failures(f"judge {self.name}")
            counts, spent = engine.counts, store.spent(self.name)
        print(
            f"{self.name}: {counts.sent} requests sent, {counts.stored} replies from the store,"
            f" {counts.rejected} without a readable rating, ${spent:.4f} spent so far"
        )
        return [Rated(item.id, found) for item, found in zip(items, replies)]

    def read(self, reply: ApiReply, item: Item) -> Reply:
        """What a file of ratings or verdicts keeps of a reply."""
        parsed = self.task.read(reply, item, self.form)
        model = reply.raw.get("model") if isinstance(reply.raw, dict) else None
        return Reply(reply.text or "", *parsed[:2], model, parsed.criteria, parsed.said)
