"""Judges beside one another: agreement of all, how far each is from the rest, and whose kin it is."""

from pathlib import Path

from mothertongue.process.log import log_to


def main(
    *,
    ratings: list[Path],
    verdicts: list[Path],
    judges: list[str],
    families: dict[str, list[str]],
    alpha: Path,
    members: Path,
    resamples: int,
    confidence: float,
    seed: int,
) -> None:
    """Write two tables. `judges`: without juries; `families`: judge -> models of its own family."""
    from mothertongue.judge import members as beside
    from mothertongue.judge.pair_data import Settings, all_verdicts
    from mothertongue.judge.ratings import all_ratings, write_tables

    values = beside.judged(all_ratings(ratings), all_verdicts(verdicts))
    settings = {"resamples": resamples, "confidence": confidence, "seed": seed}
    tables = {
        alpha: beside.alphas(values, judges, **settings),
        members: beside.members(values, judges, families, Settings(confidence, 0.0)),
    }
    write_tables(tables)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            ratings=[Path(path) for path in snakemake.input.ratings],
            verdicts=[Path(path) for path in snakemake.input.verdicts],
            judges=snakemake.params.judges,
            families=snakemake.params.families,
            alpha=Path(snakemake.output.alpha),
            members=Path(snakemake.output.members),
            resamples=snakemake.params.resamples,
            confidence=snakemake.params.confidence,
            seed=snakemake.params.seed,
        )
