"""Put a study's bundle together: a folder that others can check, cite and extend, and an archive of it."""

import tempfile
from pathlib import Path

from mothertongue.api import Store
from mothertongue.api.replay import export_replies
from mothertongue.bundle.contents import Sources, Texts, bundle, pack
from mothertongue.process.log import log_to
from mothertongue.study import Study


def main(
    *,
    study: Study,
    sources: Sources,
    texts: Texts,
    store: Path,
    folder: Path,
    archive: Path,
) -> None:
    """Fill the folder and write the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        replies = Path(place, "replies.parquet") if texts.included and store.is_file() else None
        if replies is not None:
            with Store(store) as replied:
                print(f"{export_replies(replied, replies)} replies exported")
        missing = bundle(folder, study, sources, texts, replies)
    pack(folder, archive)
    print(f"texts: {'in the bundle' if texts.included else 'left out'} {texts.why}".strip())
    print(f"no citation is known for: {', '.join(missing) or 'nothing'}")


if "snakemake" in globals():
    params = snakemake.params
    with log_to(snakemake.log[0]):
        lock = Path(params.beside["lock"])
        paths = [Path(path) for path in snakemake.input]
        main(
            study=Study(params.study),
            sources=Sources(
                top=Path(params.beside["top"]),
                results=(*paths, lock) if lock.is_file() else tuple(paths),
                textual=tuple(map(Path, params.textual)),
                root=Path(params.root),
                own={place: Path(path) for place, path in params.own.items()},
            ),
            texts=Texts(**params.texts),
            store=Path(params.beside["store"]),
            folder=Path(snakemake.output.folder),
            archive=Path(snakemake.output.archive),
        )
