"""Translate a dataset: instruction and output of every row separately, ids kept.

Every reply is in the store before it is used, and every output is checked. A row with a soft fault
is kept and flagged; one with a hard fault (no reply, a refusal, an error page, another language) is
left out. The report counts and names them; the quarantine file holds every faulty text.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mothertongue.api import Engine, Price, Store
from mothertongue.errors import InputError
from mothertongue.files import atomic, write_json, write_jsonl
from mothertongue.preload import claimed
from mothertongue.process.log import log_to
from mothertongue.sample.rows import Row, iterate_rows
from mothertongue.translate import make_translator
from mothertongue.translate.progress import count_segments, doubts, missing
from mothertongue.translate.rows import RowTranslator, WholeTexts
from mothertongue.translate.settings import TranslatorSettings, languages_of


def main(
    *,
    name: str,
    translator: dict[str, Any],
    operating: dict[str, Any],
    languages: dict[str, dict[str, str | None]],
    target: str,
    max_quarantined: float,
    store_file: Path,
    source_file: Path,
    translated_file: Path,
    report_file: Path,
    quarantine_file: Path,
) -> None:
    """Translate every row of `source_file` into `target` (see `rows.target_of`)."""
    calling = {"api": operating["api"], "batch": operating["batch"]}
    settings, facts = TranslatorSettings.of({**translator, **calling}), languages_of(languages)
    backend = make_translator(settings, facts)
    recorded = settings.backend == "recorded"
    shape = WholeTexts if recorded else RowTranslator
    work = shape(
        backend,
        name=name,
        target=target,
        scripts={code: one.script for code, one in facts.items()},
        limit=None if recorded else settings.max_characters or backend.limit,
        protect_code=settings.protect_code,
    )
    rows = iterate_rows(source_file)
    calls: dict[str, Any] = {}
    with atomic(translated_file) as temporary:
        with temporary.open("w", encoding="utf-8") as handle:

            def write(made: Iterable[Row]) -> None:
                handle.writelines(
                    json.dumps(row.as_json(), ensure_ascii=False) + "\n" for row in made
                )

            if recorded:
                write(work.rows(rows))
                backend.raise_missing(name)
            else:
                total = count_segments(source_file)
                with Store(store_file, replay=operating["replay"]) as store:
                    engine = Engine(
                        backend,
                        store,
                        account=name,
                        settings=settings.calls,
                        price=Price(**operating["price"]),
                        total=total,
                    )
                    try:
                        for outcome in engine.run(work.asks(rows)):
                            work.place(outcome)
                            write(work.finished())
                    except InputError as error:  # says why; which set it was is known here
                        raise InputError(f"{translated_file}: {error}") from None
                    write(work.finished())
                    calls = {**asdict(engine.counts), "spent_usd": round(store.spent(name), 6)}
                    calls["adapted"] = store.notes(name)
                    if operating["replay"]:  # a text that was not recorded is no fault of the text
                        engine.raise_failures(str(translated_file))
        tally = work.tally
        write_jsonl(quarantine_file, work.quarantine)
        write_json(
            report_file,
            {
                "translator": name,
                "target": target,
                **tally.as_report(),
                "calls": calls,
                "notes": list(getattr(backend, "notes", [])),
            },
        )
        kept = quarantine_file.with_name(f"{quarantine_file.stem}.failed.jsonl")
        kept.unlink(missing_ok=True)  # of an earlier attempt
        if tally.missing_share > max_quarantined or not tally.rows:
            write_jsonl(kept, work.quarantine)  # Snakemake removes the outputs of a failed job
            why = (
                f"more than translate.max_quarantined allows ({100 * max_quarantined:g} %)"
                if tally.rows
                else "no row is left"
            )
            raise InputError(
                f"{translated_file}: {missing(tally)}; {why}; all are listed in {kept}"
            )
    if tally.left_out:
        print(f"warning: {translated_file}: {missing(tally)}; the set goes on without them")
    for doubt in doubts(tally):
        print(
            f"warning: {translated_file}: {doubt}; look at {quarantine_file} before you train on it"
        )
    print(
        f"{tally.rows} rows translated by {name}, {tally.mended_rows} of them mended,"
        f" {tally.flagged_rows} flagged; {len(tally.left_out)} left out;"
        f" {sum(tally.passed_through.values())} segments passed through"
    )


if "snakemake" in globals():
    with log_to(snakemake.log[0]), claimed(snakemake.resources.get("gpu", 0)):
        main(
            name=snakemake.wildcards.translator,
            translator=snakemake.params.translator,
            operating=snakemake.params.operating,
            languages=snakemake.params.languages,
            target=snakemake.params.target,
            max_quarantined=snakemake.params.max_quarantined,
            store_file=Path(snakemake.params.store),
            source_file=Path(snakemake.input.source),
            translated_file=Path(snakemake.output.translated),
            report_file=Path(snakemake.output.report),
            quarantine_file=Path(snakemake.output.quarantine),
        )
