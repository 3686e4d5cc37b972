"""What the study will cost before anything is spent: calls, characters, tokens, money, hours.

`counted`: the very requests that would be sent, less those answered in the store. `projected`:
their texts do not exist yet (a round trip's way back, answers, what a GPU reads), so they follow
from texts that do and from the assumptions of mothertongue.estimate.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mothertongue.api import Store
from mothertongue.correlate.exchange_planning import PLAN_COLUMNS, Wish, plan_row
from mothertongue.correlate.planning import POWER_COLUMNS, plan_power
from mothertongue.estimate.exchange import exchange_designs
from mothertongue.estimate.gpu import GpuRow, disk_text, gpu_lines, gpu_rows, text_of
from mothertongue.estimate.lines import Line, table, with_total, write_lines, write_table
from mothertongue.estimate.people import LabelRow, label_rows, labels_text
from mothertongue.estimate.power import with_hours
from mothertongue.estimate.services import Stored, judge_lines, translation_lines
from mothertongue.estimate.sheets import (
    JudgeSheet,
    ModelSheet,
    PeopleSheet,
    PowerSheet,
    TranslationSheet,
)
from mothertongue.process.log import log_to
from mothertongue.report.exchange_designs import designs_text
from mothertongue.report.power import plan_text
from mothertongue.translate.settings import languages_of


def main(
    *,
    translations: Sequence[dict[str, Any]],
    judges: Sequence[dict[str, Any]],
    gpu: Sequence[dict[str, Any]],
    languages: dict[str, Any],
    dated: str,
    store_file: Path,
    table_file: Path,
    power: Sequence[dict[str, Any]] = (),
    power_file: Path | None = None,
    published: Path = Path("nowhere"),
    gpu_file: Path | None = None,
    exchange: dict[str, Any] | None = None,
    people: dict[str, Any] | None = None,
) -> str:
    """Write the estimate as CSV; returns it as text. `table_file` is <results>/estimate/….

    `gpu_file` gets what each model takes of a card, by quantisation, and `power_file` what the study
    would find of the benchmarks in `power`. `exchange`: the study's section, whose designs are written
    beside the other tables. The sheets are those of `mothertongue.estimate.sheets`.
    """
    root = table_file.parents[1]
    lines: list[Line] = []
    facts = languages_of(languages)
    with ExitStack() as stack:
        store = stack.enter_context(Store(store_file)) if store_file.is_file() else None
        stored = Stored(store, store_file, set())
        for sheet in map(TranslationSheet.from_params, translations):
            if sheet.sources:
                files = ([root / file for file in some] for some in (sheet.sources, sheet.pivots))
                lines += translation_lines(stored, sheet, facts, *files)
                continue
            folder = "native" if sheet.stage == "roundtrip" else "english"
            source = root / "sample" / folder / f"{sheet.what}.jsonl"
            ending = "all" if sheet.stage == "keep" else "pivot"
            pivot = root / sheet.stage / sheet.name / f"{sheet.what}.{ending}.jsonl"
            lines += translation_lines(stored, sheet, facts, [source], [pivot])
        for one in map(JudgeSheet.from_params, judges):
            lines += judge_lines(stored, one, root)
    models = [ModelSheet.from_params(one) for one in gpu]
    for model in models:
        lines += gpu_lines(model, root)
    lines = with_total(lines)
    write_lines(table_file, lines)
    text = table(lines, dated)
    if gpu_file is not None:
        found = list(gpu_rows(models, root))
        write_table(gpu_file, GpuRow._fields, (row._asdict() for row in found))
        text += "".join(
            f"\n\n{part}" for part in (text_of(found, models), disk_text(models)) if part
        )
    if power_file is not None:
        sheets = map(PowerSheet.from_params, power)
        work = with_hours(sheets, models, lines[-1].gpu_hours)
        rows = plan_power(work, root / "correlate" / "study" / "variance.csv", published)
        write_table(power_file, POWER_COLUMNS, rows)
        text += "\n\n" + plan_text(rows) if rows else ""
    if exchange is not None:
        wish = Wish.from_params(exchange)
        designs = exchange_designs(wish, root)
        rows = [
            plan_row(plan, one.language, one.benchmark, one.measured)
            for one in designs
            for plan in one.plans
        ]
        write_table(table_file.with_name("exchange.csv"), PLAN_COLUMNS, rows)
        text += "\n\n" + designs_text(wish, designs)
    if people is not None:
        labels = label_rows(PeopleSheet.from_params(people), root / "correlate/people/gaps.csv")
        write_table(
            table_file.with_name("people.csv"), LabelRow._fields, (row._asdict() for row in labels)
        )
        text += "\n\n" + labels_text(labels)
    return text


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
            exchange=snakemake.params.exchange,
            people=snakemake.params.people,
        )
        print(text)
    print(text)  # on the terminal too: it is what was asked for
