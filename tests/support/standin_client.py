"""A service in this process, and a run of the engine that asks it."""

import time

from mothertongue.api import Ask, CallSettings, Engine, Reply, Store


class Client:
    """A service in this process; `reply` may raise."""

    def __init__(self, reply=lambda request: Reply("fine")):
        self.reply, self.sent = reply, []

    def send(self, request, timeout):
        self.sent.append((time.time(), request))
        return self.reply(request)


def run(folder, client, texts, *, check=None, **settings):
    """Outcomes of some asks; `folder` holds the store."""
    with Store(folder / "s.sqlite") as store:
        engine = Engine(
            client, store, account="a", settings=CallSettings(**{"backoff": 0.01, **settings})
        )
        check = {"check": check} if check else {}
        return list(engine.run(Ask({"text": text}, **check) for text in texts)), engine
