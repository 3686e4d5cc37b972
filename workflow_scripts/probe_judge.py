"""Put one judge on trial in one language: questions with an answer that should win.

The file has a row per probe (`mothertongue.judge.probes.Result`). Replies go through the store like
those about answers, so that each is paid once.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.files import write_jsonl
from mothertongue.judge import open_judge
from mothertongue.judge.probes import asked, read_probes, results
from mothertongue.judge.settings import JudgeCalls, JudgeSpec
from mothertongue.process.log import log_to


def main(
    *, probes: Sequence[Path], language: str, found: Path, judge: str, spec: dict, operating: dict
) -> None:
    """Write what the judge says of every probe."""
    settings = JudgeSpec.of(spec)
    pairwise = settings.mode == "pairwise"
    wanted = read_probes(probes, language)
    items = asked(wanted, pairwise=pairwise)
    rated = open_judge(judge, settings, JudgeCalls.of(operating)).rate(items)
    rows = results(wanted, items, rated, pairwise=pairwise)
    read = [row.right for row in rows if row.right is not None]
    if not read:
        raise InputError(
            f"judge {judge}: no reply about {len(rows)} probes in '{language}' could be read; check the"
            " judge's model and settings (judge.judges), or leave judge.probe out"
        )
    write_jsonl(found, map(asdict, rows))
    print(f"{judge}, {language}: {sum(read):g} of {len(read)} probes right, {len(rows)} asked")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            probes=[Path(path) for path in snakemake.input.probes],
            language=snakemake.wildcards.language,
            found=Path(snakemake.output.found),
            judge=snakemake.wildcards.judge,
            spec=snakemake.params.spec,
            operating=snakemake.params.operating,
        )
