"""The multilingual pot: the same number of native rows of every language, mixed."""

from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.files import write_json
from mothertongue.process.log import log_to
from mothertongue.sample.draw import characters, draw_multi
from mothertongue.sample.rows import read_rows, write_rows


def main(
    *, natives: list[Path], rows: int | None, seed: int, native_file: Path, report_file: Path
) -> None:
    """Mix the languages' native rows, each down to `rows` (default: the smallest language)."""
    pools = {}
    for path in natives:
        pool = read_rows(path)
        pools[pool[0].language] = pool
    if len(pools) < 2:
        raise InputError("sample.multi.languages: a multilingual mix needs two languages or more")
    sizes = {language: len(pool) for language, pool in pools.items()}
    size = rows or min(sizes.values())
    mixed = draw_multi(pools, size, seed)
    write_json(
        report_file,
        {
            "scope": "multi",
            "native_rows": sizes,
            "rows_per_language": size,
            "smallest_language": min(sizes, key=sizes.__getitem__),
            "rules": {"rows": rows, "seed": seed},
            "rows": len(mixed),
            "characters": characters(mixed),
        },
    )
    write_rows(native_file, mixed)
    print(f"multi: {size} rows of each of {', '.join(pools)}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            natives=[Path(path) for path in snakemake.input.natives],
            rows=snakemake.params.rows,
            seed=snakemake.params.seed,
            native_file=Path(snakemake.output.native),
            report_file=Path(snakemake.output.report),
        )
