"""Rate translations by a learned estimate of quality without references (COMET family)."""

from pathlib import Path

from mothertongue.files import write_jsonl
from mothertongue.preload import claimed
from mothertongue.process.log import log_to
from mothertongue.translate.estimated import load, pairs


def main(
    *,
    model: str,
    gpus: int,
    batch: int,
    all_file: Path,
    english_file: Path,
    rated_file: Path,
) -> None:
    """Write one score per row: the mean of its texts', weighted by their lengths in characters."""
    texts = pairs(all_file, english_file)
    found = load(model).predict(
        [{"src": source, "mt": made} for _, source, made in texts],
        batch_size=batch,
        gpus=gpus,
        num_workers=0 if not gpus else None,
        progress_bar=False,
    )
    totals: dict[str, tuple[float, int]] = {}
    for (name, _, made), score in zip(texts, found["scores"], strict=True):
        total, weight = totals.get(name, (0.0, 0))
        size = max(len(made), 1)
        totals[name] = total + size * float(score), weight + size
    write_jsonl(
        rated_file,
        [{"id": name, "score": total / weight} for name, (total, weight) in totals.items()],
    )
    print(f"{len(totals)} rows rated by {model}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]), claimed(snakemake.resources.get("gpu", 0)):
        main(
            model=snakemake.params.model,
            gpus=snakemake.resources.get("gpu", 0),
            batch=16,
            all_file=Path(snakemake.input.all),
            english_file=Path(snakemake.input.english),
            rated_file=Path(snakemake.output.rated),
        )
