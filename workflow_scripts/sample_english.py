"""English rows to be translated for one scope: as many per language as it has native rows.

Drawn without replacement; in the multilingual scope every language gets different English rows
(`origin.target_language` says whose). A language may bring its own list (`english_rows`). Without a
file of native rows, all English rows are taken, from which portions are drawn later.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from mothertongue.evaluate.contamination import Decontamination
from mothertongue.files import write_json
from mothertongue.process.log import log_to
from mothertongue.sample.draw import characters, dataset_rows, draw_english
from mothertongue.sample.lists import ENGLISH, listed_rows
from mothertongue.sample.rows import Row, read_rows, write_rows
from mothertongue.sample.source import english_table
from mothertongue.translate.checks.rows import check_languages


def main(
    *,
    dataset: dict[str, Any],
    english: dict[str, Any],
    english_rows: dict[str, str],
    scope: str,
    seed: int,
    max_characters: int | None,
    empty: str,
    duplicates: str,
    language_check: str = "report",
    decontaminate: Decontamination | None = None,
    native_file: Path | None,
    english_file: Path,
    report_file: Path,
) -> None:
    """Draw the English rows of one scope."""
    rules = {"max_characters": max_characters, "empty": empty, "duplicates": duplicates}
    sizes = {scope: 0}
    if native_file is not None:
        sizes = dict(sorted(Counter(row.language for row in read_rows(native_file)).items()))
    counts: dict[str, int] = {}
    english_split: list[Row] = []
    if set(sizes) - set(english_rows) or english_rows:
        table = english_table(english, dataset)
        english_split, counts = dataset_rows(table, ENGLISH, **rules)
    checked = check_languages(english_split, ENGLISH)
    if language_check == "drop":
        english_split = checked.kept(english_split)
    held = decontaminate.held(english_split) if decontaminate else {}
    tested = set().union(*held.values())
    english_split = [row for row in english_split if row.id not in tested]
    pools = {
        language: listed_rows(english_rows[language], language, english_split, rules)
        if language in english_rows
        else english_split
        for language in sizes
    }
    if native_file is None:
        sizes = {language: len(pool) for language, pool in pools.items()}
    drawn, shortfall = draw_english(pools, sizes, seed, scope)
    for language, missing in shortfall.items():
        print(f"warning: English falls {missing} rows short of {language}'s {sizes[language]}")
    write_json(
        report_file,
        {
            "scope": scope,
            "english": counts,
            "languages": checked.as_json(),
            "test_items": {name: len(ids) for name, ids in held.items()},
            "pools": {language: len(pool) for language, pool in pools.items()},
            "asked": sizes,
            "shortfall": shortfall,
            "rules": {**rules, "seed": seed},
            "rows": len(drawn),
            "characters": characters(drawn),
        },
    )
    write_rows(english_file, drawn)
    print(f"{scope}: {len(drawn)} English rows")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        native = snakemake.input.get("native")  # none for the pool
        main(
            dataset=snakemake.params.dataset,
            english=snakemake.params.english,
            english_rows=snakemake.params.english_rows,
            scope=snakemake.wildcards.scope,
            seed=snakemake.params.seed,
            max_characters=snakemake.params.max_characters,
            empty=snakemake.params.empty,
            duplicates=snakemake.params.duplicates,
            **(snakemake.params.get("language_check") or {}),
            decontaminate=Decontamination.of(
                snakemake.params.get("decontaminate"), snakemake.input.get("tests")
            ),
            native_file=Path(native) if native else None,
            english_file=Path(snakemake.output.english),
            report_file=Path(snakemake.output.report),
        )
