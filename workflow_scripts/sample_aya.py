"""Native rows of one language from Aya: filtered, cleaned by stated rules, capped, held out.

Writes the native rows in an order that depends on the seed and the rows alone, the held-out rows
(kept out of all training), and a report that counts what every rule did.
"""

from pathlib import Path
from typing import Any

from mothertongue.errors import InputError
from mothertongue.evaluate.contamination import Decontamination
from mothertongue.files import write_json, write_jsonl
from mothertongue.process.log import log_to
from mothertongue.sample.draw import characters, dataset_rows, hold_out, ranked
from mothertongue.sample.rows import write_rows
from mothertongue.sample.source import english_table, language_rows, read_aya, read_source
from mothertongue.translate.checks.rows import check_languages


def main(
    *,
    dataset: dict[str, Any],
    language: str,
    aya: dict[str, Any] | None,
    english: dict[str, Any],
    cap: int | str | None,
    heldout: int,
    seed: int,
    max_characters: int | None,
    empty: str,
    duplicates: str,
    language_check: str = "report",
    decontaminate: Decontamination | None = None,
    native_file: Path,
    heldout_file: Path,
    report_file: Path,
) -> None:
    """Sample one language. `aya`: which rows of the dataset are the language's; None: all of them.

    `language_check`: rows in another language than their label says are counted (report) or left out
    (drop). `decontaminate`: tests whose items no row may hold.
    """
    if aya is None:
        table = read_source(dataset, f"languages.{language}.native")
    else:
        table = language_rows(read_aya(dataset), aya, f"languages.{language}.aya")
    rows, counts = dataset_rows(
        table,
        language,
        max_characters=max_characters,
        empty=empty,
        duplicates=duplicates,
    )
    checked = check_languages(rows, language)
    if language_check == "drop":
        rows = checked.kept(rows)
    held = decontaminate.held(rows) if decontaminate else {}
    tested = set().union(*held.values())
    rows = [row for row in rows if row.id not in tested]
    usable = len(rows)
    if cap is not None:
        # English's size is that of the split as published, before its empty rows are left out
        limit = english_table(english, dataset).height if cap == "english" else cap
        rows = ranked(rows, seed, "native")[:limit]
    capped = usable - len(rows)
    heldout_rows, kept = hold_out(rows, heldout, seed)
    if len(heldout_rows) < heldout or not kept:
        raise InputError(
            f"sample.heldout: {heldout} rows are to be held out of {len(rows)} usable rows of "
            f"'{language}', which leaves none to train on; hold out fewer"
        )
    kept = ranked(kept, seed, "native")
    left_out = {
        "empty": counts["empty"],
        "over_long": counts["over_long"],
        "duplicates": counts["duplicates"] if duplicates == "drop" else 0,
        "other_language": len(checked.foreign) if language_check == "drop" else 0,
        "test_items": len(tested),
        "over_cap": capped,
        "held_out": len(heldout_rows),
        "duplicates_of_held_out": len(rows) - len(heldout_rows) - len(kept),
    }
    write_json(
        report_file,
        {
            "scope": language,
            "filter": aya,
            "rows_in_data": counts["rows"],
            "left_out": left_out,
            "exact_duplicates_seen": counts["duplicates"],
            "languages": checked.as_json(),
            "test_items": {name: len(ids) for name, ids in held.items()},
            "rules": {
                "empty": empty,
                "duplicates": duplicates,
                "max_characters": max_characters,
                "cap": cap,
                "seed": seed,
            },
            "rows": len(kept),
            "characters": characters(kept),
        },
    )
    write_jsonl(heldout_file, (row.as_json() for row in heldout_rows))
    write_rows(native_file, kept)
    if checked.foreign:
        print(
            f"warning: {language}: {len(checked.foreign)} of {checked.rows} rows are in another language"
            f" ({', '.join(f'{code} {n}' for code, n in checked.as_json()['other'].items())});"
            f" {'left out' if language_check == 'drop' else 'sample.language_check: drop leaves them out'}"
        )
    lost = [
        f"{n} {why.replace('_', ' ')}" for why, n in left_out.items() if n and why != "held_out"
    ]
    print(
        f"{language}: {counts['rows']} rows in the data, {len(heldout_rows)} held out, {len(kept)} native"
        + (f"; left out: {', '.join(lost)}" if lost else "")
    )


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            dataset=snakemake.params.dataset,
            language=snakemake.wildcards.language,
            aya=snakemake.params.aya,
            english=snakemake.params.english,
            cap=snakemake.params.cap,
            heldout=snakemake.params.heldout,
            seed=snakemake.params.seed,
            max_characters=snakemake.params.max_characters,
            empty=snakemake.params.empty,
            duplicates=snakemake.params.duplicates,
            **(snakemake.params.get("language_check") or {}),
            decontaminate=Decontamination.of(
                snakemake.params.get("decontaminate"), snakemake.input.get("tests")
            ),
            native_file=Path(snakemake.output.native),
            heldout_file=Path(snakemake.output.heldout),
            report_file=Path(snakemake.output.report),
        )
