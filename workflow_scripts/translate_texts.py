"""Translate a dataset: instruction and output of every row separately, ids kept.

Every reply is in the store before it is used, every output is checked, rows never disappear. The
report counts what happened; the quarantine file holds what failed a check, with the reason.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mothertongue.api import Engine, Price, Store
from mothertongue.errors import InputError
from mothertongue.files import atomic, write_json, write_jsonl
from mothertongue.log import log_to
from mothertongue.translate import make_translator
from mothertongue.translate.rows import RowTranslator, WholeTexts, iterate_dataset, report_of


def segment_limit(translator: dict[str, Any], backend: Any) -> int | None:
    """Characters of one call: the configured number, else the back end's own."""
    return translator.get("max_characters") or backend.limit


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
    entry = {**translator, "api": operating["api"], "batch": operating["batch"]}
    backend = make_translator(entry, languages)
    recorded = translator["backend"] == "recorded"
    shape = WholeTexts if recorded else RowTranslator
    work = shape(
        backend,
        name=name,
        target=target,
        scripts={code: facts["script"] for code, facts in languages.items()},
        limit=None if recorded else segment_limit(translator, backend),
        protect_code=translator.get("protect_code", True),
    )
    rows = iterate_dataset(source_file)
    calls: dict[str, Any] = {}
    with atomic(translated_file) as temporary:
        with temporary.open("w", encoding="utf-8") as handle:

            def write(row: dict[str, Any]) -> None:
                handle.write(json.dumps(row, ensure_ascii=False) + "\n")

            if recorded:
                for row in work.rows(rows):
                    write(row)
                backend.raise_missing(name)
            else:
                total = count_segments(source_file)
                with Store(store_file, replay=operating["replay"]) as store:
                    engine = Engine(
                        backend,
                        store,
                        account=name,
                        settings=operating["api"],
                        price=Price(**operating["price"]),
                        total=total,
                    )
                    for outcome in engine.run(work.asks(rows)):
                        work.place(outcome)
                        for row in work.finished():
                            write(row)
                    for row in work.finished():
                        write(row)
                    calls = {**asdict(engine.counts), "spent_usd": round(store.spent(name), 6)}
                    engine.raise_failures(str(translated_file))
        report = {"translator": name, "target": target, **report_of(work.tally), "calls": calls}
        write_jsonl(quarantine_file, work.quarantine)
        write_json(report_file, report)
        share = report["quarantined_share"]
        kept = quarantine_file.with_name(f"{quarantine_file.stem}.failed.jsonl")
        kept.unlink(missing_ok=True)  # of an earlier attempt
        if share > max_quarantined:  # Snakemake removes the outputs of a failed job, hence another
            write_jsonl(kept, work.quarantine)
            worst = ", ".join(f"{k} {v}" for k, v in work.tally.problems.most_common(3))
            raise InputError(
                f"{translated_file}: {100 * share:.1f} % of its rows failed a check ({worst}), "
                f"more than translate.max_quarantined allows ({100 * max_quarantined:g} %); "
                f"they are listed in {kept}"
            )
    print(
        f"{work.tally.rows} rows translated by {name}, {work.tally.quarantined_rows} of them "
        f"flagged, {sum(work.tally.passed_through.values())} segments passed through"
    )


def count_segments(source_file: Path) -> int:
    """Segments in the whole file, for the progress line (two texts a row is near enough)."""
    with source_file.open("rb") as handle:
        return 2 * sum(chunk.count(b"\n") for chunk in iter(lambda: handle.read(1 << 20), b""))


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
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
