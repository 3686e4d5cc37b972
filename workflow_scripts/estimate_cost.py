"""What the study will cost before anything is spent: calls, characters, tokens, money, hours.

`counted`: the very requests that would be sent, less those answered in the store. `projected`:
their texts do not exist yet (a round trip's way back, answers, what a GPU reads), so they follow
from texts that do and from the assumptions below.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mothertongue.api import Price, Store, request_key
from mothertongue.api.forecast import FAILING, answered, further_calls
from mothertongue.api.prices import prompt_of, tokens_of
from mothertongue.api.types import Ask
from mothertongue.correlate.planning import POWER_COLUMNS, plan_power
from mothertongue.estimate import gpu as gpu_estimate
from mothertongue.estimate.sheets import ModelSheet
from mothertongue.files import atomic
from mothertongue.judge import open_judge
from mothertongue.judge.prompt import judge_prompt
from mothertongue.judge.records import read_items
from mothertongue.judge.settings import JudgeCalls, JudgeSpec
from mothertongue.process.log import log_to
from mothertongue.report.power import plan_text
from mothertongue.study.inference_jobs import OTHER_TASK, TASKS, Tokens, seconds
from mothertongue.translate import make_translator
from mothertongue.translate.languages import weight
from mothertongue.translate.rows import RowTranslator, iterate_dataset
from mothertongue.translate.settings import TranslatorSettings, languages_of

COLUMNS = ("stage", "who", "what", "basis", "requests", "in_store", "attempts", "characters")
COLUMNS += ("tokens", "usd", "hours", "gpu_hours", "loads", "gpu_gb")
GROWTH = 1.3  # tokens of a translation per token of its source
QUESTION = 40  # tokens of an open question
RATING = 150  # tokens of a judge's reply: a brief explanation and the rating
BATCH_HOURS = 24.0  # within which a batch is answered
Line = dict[str, Any]


def line(stage: str, who: str, what: str, basis: str, **numbers: float | None) -> Line:
    """One line of the estimate; what is not given is zero, what is not known is None."""
    head = {"stage": stage, "who": who, "what": what, "basis": basis}
    return {**dict.fromkeys(COLUMNS, 0), **head, **numbers}


def hours(api: dict[str, Any], calls: float, characters: float, tokens: float) -> float:
    """Hours at the configured limits, or at a second a call and the configured concurrency."""
    minutes = [calls / 60.0 / api["concurrency"]]
    for kind, amount in (("requests", calls), ("characters", characters), ("tokens", tokens)):
        if api.get(f"{kind}_per_minute"):
            minutes.append(amount / api[f"{kind}_per_minute"])
    return max(minutes) / 60.0


def dollars(sheet: dict[str, Any], characters: float, into: float, out: float) -> float | None:
    """The price of calls; None where a service is paid but the table has no price."""
    if not sheet["priced"]:
        return None
    price = Price(**sheet["price"])
    usd = price.characters * characters + price.input_tokens * into + price.output_tokens * out
    return usd / 1e6


def services(
    sheet: dict[str, Any],
    calls: list[tuple[int, int, int]],
    share: float = 1.0,
    further: float = 0.0,
) -> Line:
    """The numbers of calls, each (characters, tokens in, tokens out).

    `further`: attempts per call after replies that fail a check; every number but `requests` holds
    them.
    """
    characters, into, out = (
        (round((1 + further) * sum(column)) for column in zip(*calls, strict=True))
        if calls
        else [0] * 3
    )
    usd = dollars(sheet, characters, into, out)
    attempts = round(further * len(calls))
    return {
        "requests": len(calls),
        "attempts": attempts,
        "characters": characters,
        "tokens": round(into + out),
        "usd": None if usd is None else share * usd,
        "hours": hours(sheet["api"], len(calls) + attempts, characters, into + out),
    }


def translation_lines(
    store: Store | None,
    sheet: dict[str, Any],
    source: Path,
    pivot: Path,
    languages: dict[str, Any],
    seen: set[str],
    store_file: Path,
) -> Iterator[Line]:
    """One set by one translator; a round trip has two lines, out and back.

    `seen`: requests of earlier sets, which are sent once in all.
    """
    if sheet["entry"]["backend"] == "recorded":
        yield line(sheet["stage"], sheet["name"], sheet["what"], "recorded")
        return
    settings = TranslatorSettings.of({**sheet["entry"], "api": sheet["api"]})
    facts = languages_of(languages)
    backend = make_translator(settings, facts)
    same = getattr(backend, "deterministic", False)
    further = further_calls(store_file, sheet["name"], sheet["api"]["check_retries"], same)

    def counted(target: str, file: Path) -> tuple[Line, list[tuple[int, int, int]]]:
        """Numbers of the requests that are not answered yet, and the way back of all of them."""
        work = RowTranslator(
            backend, name=sheet["name"], target=target,
            scripts={code: one.script for code, one in facts.items()},
            limit=settings.max_characters or backend.limit,
            protect_code=settings.protect_code,
        )  # fmt: skip
        asks: dict[str, Ask] = {}
        calls, back = {}, []
        for ask in work.asks(iterate_dataset(file)):
            key, prompt = request_key(ask.request), prompt_of(ask.request)
            if key in seen:
                continue
            seen.add(key)
            asks[key] = Ask(ask.request, ask.check)  # without its row
            segment = ask.tag.source
            tokens, own = tokens_of(prompt), tokens_of(segment)
            calls[key] = (len(prompt), tokens, round(GROWTH * own))
            english = round(weight(segment))  # about as long in English, in Latin letters
            frame = len(prompt) - len(segment)
            back.append((english + frame, tokens - own + english // 4, own))
        known = answered(store, asks, deterministic=same)
        new = [call for key, call in calls.items() if key not in known]
        return {**numbers_of(new), "in_store": len(known)}, back

    def numbers_of(some: list[tuple[int, int, int]]) -> Line:
        """Numbers of calls; how long a local model takes is not known."""
        local = settings.backend == "huggingface" and some
        return services(sheet, some, further=further) | ({"hours": None} if local else {})

    numbers, back = counted(sheet["target"], source)
    trip = sheet["stage"] == "roundtrip"
    out = f"{sheet['what']} out" if trip else sheet["what"]
    yield line(sheet["stage"], sheet["name"], out, "counted", **numbers)
    if trip and pivot.is_file():
        numbers, _ = counted("source_language", pivot)
        yield line("roundtrip", sheet["name"], f"{sheet['what']} back", "counted", **numbers)
    elif trip:
        numbers = numbers_of(back)
        yield line("roundtrip", sheet["name"], f"{sheet['what']} back", "projected", **numbers)


def judge_lines(
    store: Store | None, sheet: dict[str, Any], root: Path, store_file: Path
) -> Iterator[Line]:
    """One judge: requests about answers that exist are counted, the others projected."""
    calls_of = JudgeCalls.of({"api": sheet["api"], "store": store_file})
    judge = open_judge(sheet["name"], JudgeSpec.of(sheet["spec"]), calls_of)
    further = further_calls(store_file, sheet["name"], sheet["api"]["check_retries"], False)
    longest = tokens_of(judge_prompt("", "")) + QUESTION + sheet["answer_tokens"]
    asks: dict[str, Ask] = {}
    calls: dict[str, tuple[int, int, int]] = {}
    later: list[tuple[int, int, int]] = []
    for answers, questions in sheet["answers"]:
        if (root / answers).is_file():
            for ask in judge.asks(read_items(root / answers)):
                key, prompt = request_key(ask.request), prompt_of(ask.request)
                asks[key] = ask
                calls[key] = (len(prompt), tokens_of(prompt), RATING)
        else:
            each = [(4 * longest, longest, RATING)]
            later += each * (questions * sheet["spec"]["repeats"])
    known = answered(store, asks)
    new = [call for key, call in calls.items() if key not in known]
    for basis, some in (("counted", new), ("projected", later)):
        if some or (basis == "counted" and known):
            numbers = services(sheet, some, 1 - sheet["discount"], further)
            if sheet["discount"]:
                numbers["hours"] = BATCH_HOURS if some else 0.0
            how = "in batches" if sheet["discount"] else "singly"
            stored = len(known) if basis == "counted" else 0
            yield line("judge", sheet["name"], f"ratings, {how}", basis, **numbers, in_store=stored)


def gpu_lines(sheet: ModelSheet, root: Path) -> Iterator[Line]:
    """GPU-hours of one model, by stage."""
    for need in gpu_estimate.needs(sheet, root):
        yield line(need.stage, sheet.name, f"{need.jobs} jobs", "projected", tokens=need.tokens,
                   gpu_hours=need.hours, loads=need.loads, gpu_gb=need.gb)  # fmt: skip


def total_of(lines: list[Line]) -> Line:
    """The last line: sums of what is known; tokens are those of services."""
    total = line("total", "", "", "")
    total |= {name: sum(row[name] or 0 for row in lines) for name in COLUMNS[4:]}
    total["gpu_gb"] = max((row["gpu_gb"] for row in lines), default=0)
    return total | {"tokens": sum(row["tokens"] for row in lines if row["requests"])}


def shown(column: str, value: Any) -> str:
    """A cell of the table as people read it."""
    if value is None:
        return "no price" if column == "usd" else "?"
    if isinstance(value, str):
        return value
    if column == "usd":
        return f"{value:,.2f}" if value else "-"
    if column in ("hours", "gpu_hours", "gpu_gb"):
        return (f"{value:,.1f}" if value >= 0.05 else "<0.1") if value else "-"
    return f"{value:,.0f}" if value else "-"


def table(lines: list[Line], dated: str) -> str:
    """Lines in columns, numbers to the right, and what a reader must know about them."""
    cells = [[name.replace("_", " ") for name in COLUMNS]]
    cells += [[shown(name, row[name]) for name in COLUMNS] for row in lines]
    widths = [max(len(row[place]) for row in cells) for place in range(len(COLUMNS))]
    text = [
        "  ".join(
            cell.ljust(width) if place < 4 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    rule = "-" * max(map(len, text))
    notes = [
        f"US dollars by the price table of {dated}.",
        "Hours at the configured limits, services one after another; GPU-hours of "
        "the card that is named below. counted: the requests themselves; projected: their texts do not exist yet.",
        "attempts: expected further calls after replies that fail a check, as many as in the store of"
        f" replies, else {100 * FAILING:g} % of the texts up to api.check_retries times; characters,"
        " tokens, money and hours hold them.",
        "loads: how often a base is loaded, once for all jobs that share one on a cluster;"
        " gpu_gb: GPU memory that jobs ask for.",
    ]
    for who in dict.fromkeys(row["who"] for row in lines if row["usd"] is None):
        notes.append(f"{who}: no price for its model in prices.per_million; the total lacks it.")
    for who in dict.fromkeys(row["who"] for row in lines if row["hours"] is None):
        notes.append(
            f"{who}: a local model; its hours are not estimated, and the totals lack them."
        )
    return "\n".join([*text[:1], rule, *text[1:-1], rule, text[-1], "", *notes])


def write_table(path: Path, columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> None:
    """Write rows as CSV; numbers have four decimals at most."""
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(columns))
        writer.writeheader()
        writer.writerows(
            {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows
        )


def main(
    *,
    translations: list[dict[str, Any]],
    judges: list[dict[str, Any]],
    gpu: list[dict[str, Any]],
    languages: dict[str, Any],
    dated: str,
    store_file: Path,
    table_file: Path,
    power: list[dict[str, Any]] | None = None,
    power_file: Path | None = None,
    published: Path = Path("nowhere"),
    gpu_file: Path | None = None,
) -> str:
    """Write the estimate as CSV; returns it as text. `table_file` is <results>/estimate/….

    `gpu_file` gets what each model takes of a card, by quantisation. `power`: benchmarks as `plan_power` wants them, for `power_file`: what the study would find.
    """
    root = table_file.parents[1]
    lines: list[Line] = []
    seen: set[str] = set()
    store = Store(store_file) if store_file.is_file() else None
    try:
        for sheet in translations:
            folder = {"roundtrip": "native", "translate": "english"}[sheet["stage"]]
            source = root / "sample" / folder / f"{sheet['what']}.jsonl"
            pivot = root / "roundtrip" / sheet["name"] / f"{sheet['what']}.pivot.jsonl"
            lines += translation_lines(store, sheet, source, pivot, languages, seen, store_file)
        for sheet in judges:
            lines += judge_lines(store, sheet, root, store_file)
    finally:
        if store:
            store.close()
    models = [ModelSheet.from_params(one) for one in gpu]
    for model in models:
        lines += gpu_lines(model, root)
    order = ("translate", "roundtrip", "finetune", "evaluate", "answer", "judge")
    lines.sort(key=lambda row: order.index(row["stage"]))
    lines.append(total_of(lines))
    write_table(table_file, COLUMNS, lines)
    text = table(lines, dated)
    if gpu_file is not None:
        found = list(gpu_estimate.rows(models, root))
        write_table(gpu_file, gpu_estimate.COLUMNS, found)
        part = gpu_estimate.text_of(found, models)
        text += f"\n\n{part}" if part else ""
    if power_file is not None:
        rows = plan_power(
            with_hours(power or [], models, lines),
            root / "correlate" / "study" / "variance.csv",
            published,
        )
        write_table(power_file, POWER_COLUMNS, rows)
        text += "\n\n" + plan_text(rows) if rows else ""
    return text


def with_hours(
    power: list[dict[str, Any]], models: list[ModelSheet], lines: list[Line]
) -> list[dict[str, Any]]:
    """Planned benchmarks with the GPU-hours of one more seed, model, or thousand items."""
    total = lines[-1]["gpu_hours"]
    found = []
    for sheet in power:
        size, into, out = TASKS.get(sheet["task"], OTHER_TASK)
        thousand = Tokens(1000 * into, 1000 * out)
        items = sum(
            seconds(
                model.parameters,
                thousand,
                quantisation=model.quantisation,
                card=gpu_estimate.card_of(model),
            )
            / 3600
            for model in models
            for task, _ in model.evaluated
            if task == sheet["task"]
        )
        limit = sheet["items"]
        more = {"seed": total / max(1, sheet["seeds"]), "model": total / max(1, sheet["models"])}
        more["items"] = None if sheet["rating"] else items
        items_now = sheet["items"] if sheet["rating"] else min(size, limit or size)
        found.append({**sheet, "items": items_now, "hours": more})
    return found


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        text = main(
            translations=snakemake.params.translations,
            judges=snakemake.params.judges,
            gpu=snakemake.params.gpu,
            languages=snakemake.params.languages,
            dated=snakemake.params.dated,
            store_file=Path(snakemake.params.store),
            table_file=Path(snakemake.output[0]),
            power=snakemake.params.power,
            power_file=Path(snakemake.output[1]),
            gpu_file=Path(snakemake.output[2]),
            published=Path(snakemake.params.published),
        )
        print(text)
    print(text)  # on the terminal too: it is what was asked for
