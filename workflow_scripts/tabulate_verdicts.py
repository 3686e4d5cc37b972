"""What pairwise judges say, or judges beside one another, as one page of sortable tables."""

from pathlib import Path

from mothertongue.files import atomic
from mothertongue.judge.labels import with_warnings
from mothertongue.process.log import log_to
from mothertongue.report.judge_pages import judge_page
from mothertongue.report.page import render


def main(*, name: str, tables: dict[str, Path], page: Path, labels: dict) -> None:
    """Write the page `name`; a table without rows is named with the reason."""
    text = render(judge_page(name, tables, labels))
    with atomic(page) as temporary:
        temporary.write_text(text, encoding="utf-8")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            name=snakemake.params.page,
            tables={name: Path(path) for name, path in snakemake.input.items() if name != "warned"},
            page=Path(snakemake.output.page),
            labels=with_warnings(snakemake.params.labels, snakemake.input.warned),
        )
