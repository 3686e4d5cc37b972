"""A chat model as judge, through the engine of `mothertongue.api`: OpenAI-compatible or Cohere.

Every reply is in the store the moment it arrives. A reply without a readable rating is asked for
again (`api.check_retries` times), then its answer is left unscored.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..api import Ask, Engine, Price, Store, make_client, request_key
from ..api import Reply as ApiReply
from ..api.engine import DECLINED
from ..api.types import Request
from . import Item, Rated, Reply
from .batch import Batches
from .parse import Parsed, parse_rating
from .prompt import judge_prompt


def read_reply(reply: ApiReply, answer: str) -> Parsed:
    """Read the rating of a reply; one that was cut off or declined has none."""
    if reply.finish == DECLINED:
        return Parsed(None, f"the server declines the request: {(reply.raw or {}).get('error')}")
    if not isinstance(reply.text, str) or not reply.text.strip():
        return Parsed(None, f"no text in the reply ({reply.finish})")
    if reply.finish == "length":
        return Parsed(None, "the reply was cut off at the token limit")
    return parse_rating(reply.text, answer)


def checker(answer: str) -> Callable[[ApiReply], list[str]]:
    """The engine's check of a reply about `answer`."""

    def check(reply: ApiReply) -> list[str]:
        problem = read_reply(reply, answer).problem
        return [problem] if problem else []

    return check


class ChatJudge:
    """Rates through a chat service, `repeats` times per answer."""

    def __init__(self, *, name: str, spec: dict[str, Any], operating: dict[str, Any]):
        """Read the key (if the service needs one); nothing is sent yet."""
        self.name, self.spec, self.operating = name, spec, operating
        self.client = make_client({**spec, "api": operating["api"]})

    def request(self, item: Item, repeat: int) -> Request:
        """The request of one repeat; more repeats later leave the earlier ones as they are."""
        return self.client.chat_request(
            judge_prompt(item.prompt, item.answer),
            temperature=self.spec["temperature"],
            max_tokens=self.spec["max_tokens"],
            seed=repeat if repeat else None,
        )

    def asks(self, items: list[Item]) -> Iterator[Ask]:
        """One ask per item and repeat."""
        for place, item in enumerate(items):
            for repeat in range(self.spec["repeats"]):
                yield Ask(self.request(item, repeat), checker(item.answer), place)

    def ask_in_batches(self, items: list[Item]) -> dict[str, int]:
        """Fill the store through the Batch API, for all items of a study at once."""
        asks = {request_key(ask.request): ask for ask in self.asks(items)}
        path = Path(self.operating["store"])
        with Store(path) as store:
            return Batches(
                self.client.client(),
                store,
                path.parent / "batches" / self.name,
                account=self.name,
                settings=self.operating["batch"],
                price=Price(**self.operating["price"]),
                budget=self.operating["api"].get("budget"),
                hide=self.client.secret.hide,
            ).run(asks)

    def rate(self, items: list[Item]) -> list[Rated]:
        """Ask for what the store does not hold; raises if a request brought no reply at all."""
        replies: list[list[Reply]] = [[] for _ in items]
        with Store(self.operating["store"], replay=self.operating["replay"]) as store:
            engine = Engine(
                self.client,
                store,
                account=self.name,
                settings=self.operating["api"],
                price=Price(**self.operating["price"]),
                total=len(items) * self.spec["repeats"],
            )
            for outcome in engine.run(self.asks(items)):
                if outcome.reply is not None:
                    answer = items[outcome.tag].answer
                    replies[outcome.tag].append(rating_reply(outcome.reply, answer))
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


def rating_reply(reply: ApiReply, answer: str) -> Reply:
    """What the ratings file keeps of a reply."""
    parsed = read_reply(reply, answer)
    model = reply.raw.get("model") if isinstance(reply.raw, dict) else None
    return Reply(reply.text or "", parsed.rating, parsed.problem, model)
