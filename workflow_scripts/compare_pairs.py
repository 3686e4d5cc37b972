"""Compare conditions by the verdicts of pairwise judges, and the judges by what they lean to."""

from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.process.log import log_to


def main(
    *,
    verdicts: list[Path],
    judges: list[str],
    wins: Path,
    strengths: Path,
    biases: Path,
    confidence: float,
    enough: float = 0.9,
) -> None:
    """Write three tables; `enough`: share of the pairs that must have a verdict in both orders."""
    from mothertongue.judge import pair_biases, pair_strengths, pair_tables
    from mothertongue.judge.pair_data import Settings, all_verdicts
    from mothertongue.judge.ratings import write_tables

    if not verdicts:
        raise InputError(
            "no verdicts: the study has no judge with mode: pairwise, or no two conditions"
        )
    every, settings = all_verdicts(verdicts), Settings(confidence, enough)
    tables = {
        wins: pair_tables.wins(every, judges, settings),
        strengths: pair_strengths.strengths(every, judges, settings),
        biases: pair_biases.biases(every, judges, settings),
    }
    write_tables(tables)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            verdicts=[Path(path) for path in snakemake.input.verdicts],
            judges=snakemake.params.judges,
            wins=Path(snakemake.output.wins),
            strengths=Path(snakemake.output.strengths),
            biases=Path(snakemake.output.biases),
            confidence=snakemake.params.confidence,
            enough=snakemake.params.enough,
        )
