"""Rows of one scope that were translated elsewhere (`data`): as many of each language as native ones."""

from pathlib import Path
from typing import Any

from mothertongue.files import read_jsonl, write_json
from mothertongue.process.log import log_to
from mothertongue.sample.draw import characters, dataset_rows, ranked
from mothertongue.sample.rows import Row, read_rows, write_rows
from mothertongue.sample.source import read_source
from mothertongue.sample.translated import Beside, draw_translated, ids_by_language, notes


def main(
    *,
    name: str,
    scope: str,
    sources: dict[str, dict[str, Any]],
    parallel_to: str | None,
    seed: int,
    max_characters: int | None,
    empty: str,
    duplicates: str,
    native_file: Path,
    heldout_files: dict[str, Path],
    english_file: Path | None,
    translated_file: Path,
    report_file: Path,
) -> None:
    """Take the rows of one scope. `english_file`: the English rows, where their ids may be shared."""
    native = read_rows(native_file)
    ids = ids_by_language(native)
    english = ids_by_language(read_rows(english_file), target=True) if english_file else {}
    pools, counts = {}, {}
    for code, source in sources.items():
        pools[code], counts[code] = dataset_rows(
            read_source(source, f"data.{name}.{code}"),
            code,
            max_characters=max_characters,
            empty=empty,
            duplicates=duplicates,
        )
    beside = {
        code: Beside(
            len(ids[code]),
            ids[code],
            english.get(code, frozenset()),
            tuple(
                Row.from_json(row, str(heldout_files[code]))
                for row in read_jsonl(heldout_files[code])
            ),
        )
        for code in sources
    }
    drawn = draw_translated(pools, beside, name=name, asked=parallel_to, scope=scope, seed=seed)
    rows = ranked((row for one in drawn.values() for row in one.rows), seed, f"translated:{scope}")
    told = notes(drawn)
    write_json(
        report_file,
        {
            "translator": name,
            "scope": scope,
            "data": counts,
            "asked": len(native),
            "rows": len(rows),
            "held_out": {code: one.held_out for code, one in drawn.items()},
            "parallel_to": {code: one.parallel_to for code, one in drawn.items()},
            "parallel": {code: one.parallel for code, one in drawn.items()},
            "missing": [{"id": name} for one in drawn.values() for name in one.missing],
            "rules": {
                "max_characters": max_characters,
                "empty": empty,
                "duplicates": duplicates,
                "seed": seed,
            },
            "texts": characters(rows),
            "notes": told,
        },
    )
    write_rows(translated_file, rows)
    for code, one in drawn.items():
        if len(one.rows) < beside[code].size:
            print(
                f"warning: data.{name}.{code} falls {beside[code].size - len(one.rows)} rows short"
            )
    for note in told:
        print(f"{name}/{scope}, {note}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            name=snakemake.wildcards.data,
            scope=snakemake.wildcards.scope,
            sources=snakemake.params.sources,
            parallel_to=snakemake.params.parallel_to,
            seed=snakemake.params.seed,
            max_characters=snakemake.params.max_characters,
            empty=snakemake.params.empty,
            duplicates=snakemake.params.duplicates,
            native_file=Path(snakemake.input.native),
            heldout_files={
                code: Path(path)
                for code, path in zip(
                    snakemake.params.sources, snakemake.input.heldout, strict=True
                )
            },
            english_file=Path(snakemake.input.english[0]) if snakemake.input.english else None,
            translated_file=Path(snakemake.output.translated),
            report_file=Path(snakemake.output.report),
        )
