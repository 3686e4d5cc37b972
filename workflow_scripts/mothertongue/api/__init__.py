"""One engine for every paid or rate-limited service: translators and judges.

What it promises: a reply is on disk the moment it arrives; nothing answered is asked again, not
after `kill -9`, not by another rule at the same time; failures are never stored as answers; limits
and the budget hold across all rules of one host; keys come from the environment and are written
nowhere; without network, an exported study replays.

How to use it (translators and judges do exactly this)::

    from mothertongue.api import Ask, CallSettings, Engine, Service, Store, make_client

    client = make_client(Service.of(entry))  # entry: backend, model, base_url, … (lazy registry)
    with Store(store_path, replay=None) as store:
        engine = Engine(client, store, account="gpt-4-turbo", settings=CallSettings.of(entry["api"]),
                        price=price)
        asks = (Ask(client.chat_request(prompt, temperature=0.0), check=problems, tag=row)
                for row in rows)
        for outcome in engine.run(asks):    # in the order of `asks`, as they become ready
            outcome.tag, outcome.status     # "ok" | "quarantined" | "failed"
            outcome.text                    # None when failed
            outcome.problems                # why quarantined or failed
        outcome.hard                    # the check calls the best reply unusable
        outcome.refused                 # failed, and a later run would hear the same
    engine.raise_failures("results/judge/…")  # one InputError if any ask has no reply at all

* `Ask.request` is a JSON-able dict that holds *everything that determines the reply*; its SHA-256
  is the key in the store. `Ask.check(reply)` names what is wrong with a reply, as a list of
  problems (empty: nothing) or as a `Verdict(problems, severity, hard)`. A reply with problems is
  asked for again `settings.check_retries` times, each time differently (`client.again`); then the
  one with the least severity is kept as "quarantined". A later run takes it as it is, unless its
  verdict is hard: then it asks on, from the next attempt. Stored replies are checked like new ones.
* A request that the service never answers is "failed" (`http_status`, `calls`); the set goes on.
  If the first `settings.give_up` replies of a set are all hard or refused, the run stops.
* A chat request is made by `client.chat_request(prompt, system=None, temperature=…,
  max_tokens=…, seed=…)`; see `clients.py`. `Reply` has text, finish ("stop", "length", …),
  input_tokens, output_tokens, raw (the server's whole answer as JSON).
* `CallSettings` is the config's `api` mapping ($defs/api in config.schema.yaml): concurrency,
  requests/characters/tokens per minute, timeout, retries, check_retries, budget, key. None of it
  determines a reply, so rules pass it by a params function that names `threads` (Snakemake does
  not compare such parameters: a new limit re-runs nothing).
* `price` is a `Price` (see `prices.py`); `price_of(prices, entry)` finds it in the config's table.
* Counting before spending: `Store.known(keys)` tells which requests are already answered.
* Modules: `types` (Ask, Verdict, Reply, errors), `store` with `ledger` (money and limits of accounts), `limits`,
  `engine`, `attempts`, `cold_start` (a set whose first replies are all unusable stops), `clients`, `web`, `progress`,
  `prices`, `replay` (export to and from one parquet file).
"""

from .clients import make_client
from .engine import Engine
from .prices import Price, price_of
from .settings import CallSettings, Service
from .store import Store, request_key
from .types import Ask, Outcome, Reply, Stop, Temporary, Unanswerable, Verdict

__all__ = [
    "Ask",
    "CallSettings",
    "Engine",
    "Outcome",
    "Price",
    "Reply",
    "Service",
    "Stop",
    "Store",
    "Temporary",
    "Unanswerable",
    "Verdict",
    "make_client",
    "price_of",
    "request_key",
]
