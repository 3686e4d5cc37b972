"""Compare the judges: coverage, agreement, answer length, and the gap by each of them."""

from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.process.log import log_to


def main(
    *,
    ratings: list[Path],
    judges: list[str],
    coverage: Path,
    agreement: Path,
    lengths: Path,
    gaps: Path,
    dependence: Path,
    resamples: int,
    confidence: float,
    seed: int,
    enough: float = 0.9,
    juries: list[str] = (),
) -> None:
    """Write five tables; those that need two judges are empty with one, and are without `juries`.

    `enough`: share of a set's answers that a judge must have scored for a gap to count.
    """
    from mothertongue.judge import agreement as agree
    from mothertongue.judge import gaps as gap
    from mothertongue.judge import length
    from mothertongue.judge import ratings as rated

    if not ratings:
        raise InputError("no ratings: the study asks no open questions or has no judge")
    every = rated.all_ratings(ratings)
    single = [name for name in judges if name not in juries]
    settings = {"resamples": resamples, "confidence": confidence, "seed": seed}
    tables = {
        coverage: rated.coverage(every, judges),
        agreement: agree.agreement(every, single, **settings),
        lengths: length.lengths(every, judges, confidence=confidence),
        gaps: gap.gaps(every, judges, confidence=confidence, coverage=enough),
        dependence: gap.dependence(every, single, confidence=confidence, coverage=enough),
    }
    rated.write_tables(tables)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            ratings=[Path(path) for path in snakemake.input.ratings],
            judges=snakemake.params.judges,
            coverage=Path(snakemake.output.coverage),
            agreement=Path(snakemake.output.agreement),
            lengths=Path(snakemake.output.lengths),
            gaps=Path(snakemake.output.gaps),
            dependence=Path(snakemake.output.dependence),
            resamples=snakemake.params.resamples,
            confidence=snakemake.params.confidence,
            seed=snakemake.params.seed,
            enough=snakemake.params.enough,
            juries=snakemake.params.get("juries", ()),
        )
