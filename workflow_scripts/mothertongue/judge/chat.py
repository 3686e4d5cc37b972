"""A chat model as judge, through the engine of `mothertongue.api`: OpenAI-compatible or Cohere.

Every reply is in the store the moment it arrives. A reply without a readable rating is asked for
again (`api.check_retries` times), then its answer is left unscored. `form` says whether the rating
is asked for in brackets or as JSON.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..api import Ask, CallSettings, Engine, Store, make_client, request_key
from ..api import Reply as ApiReply
from ..api.engine import DECLINED
from ..api.types import Request
from ..errors import InputError
from ..prompts.checks import shows_reference
from .batch import Batches
from .form import Chooser, expected
from .parse import Parsed, parse_rating
from .prompt import BRACKETS, JSON, judge_prompt
from .records import Item, Rated, Reply
from .settings import JudgeCalls, JudgeSpec
from .structured import SCHEMA, parse_json

NUMBERS = re.compile(r"\[\[[^\[\]]*\]\]|“[^”]*”|\d+(?:[.,]\d+)?")
READERS = {BRACKETS: parse_rating, JSON: parse_json}


def read_reply(reply: ApiReply, answer: str, form: str = BRACKETS) -> Parsed:
    """Read the rating of a reply; one that was cut off or declined has none."""
    if reply.finish == DECLINED:
        return Parsed(None, f"the server declines the request: {(reply.raw or {}).get('error')}")
    if not isinstance(reply.text, str) or not reply.text.strip():
        return Parsed(None, f"no text in the reply ({reply.finish})")
    if reply.finish == "length":
        return Parsed(None, "the reply was cut off at the token limit")
    return READERS[form](reply.text, answer)


def checker(answer: str, form: str) -> Callable[[ApiReply], list[str]]:
    """The engine's check of a reply about `answer`.

    A second attempt may tell the judge what was wrong: no number of the first one stands in it.
    """

    def check(reply: ApiReply) -> list[str]:
        problem = read_reply(reply, answer, form).problem
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
        self.form = expected(self.calls.store, name, self.spec)

    def request(self, item: Item, repeat: int, form: str) -> Request:
        """The request of one repeat; more repeats later leave the earlier ones as they are."""
        prompt = self.spec.prompts.get(form)
        return self.client.chat_request(
            judge_prompt(item.prompt, item.answer, item.reference, form=form, prompt=prompt),
            temperature=self.spec.temperature,
            max_tokens=self.spec.max_tokens,
            seed=repeat if repeat else None,
            schema=SCHEMA if form == JSON else None,
        )

    def lacks_reference(self, item: Item) -> bool:
        """Whether the prompt shows a reference answer, and the item has none."""
        return item.reference is None and any(map(shows_reference, self.spec.prompts.values()))

    def ask(self, item: Item, form: str, repeat: int = 0, tag: Any = None) -> Ask:
        """The ask of one repeat of one item."""
        return Ask(self.request(item, repeat, form), checker(item.answer, form), tag)

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
                    answer = items[outcome.tag].answer
                    replies[outcome.tag].append(rating_reply(outcome.reply, answer, self.form))
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


def rating_reply(reply: ApiReply, answer: str, form: str = BRACKETS) -> Reply:
    """What the ratings file keeps of a reply."""
    parsed = read_reply(reply, answer, form)
    model = reply.raw.get("model") if isinstance(reply.raw, dict) else None
    return Reply(reply.text or "", parsed.rating, parsed.problem, model)
