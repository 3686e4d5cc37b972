"""Print the public benchmarks of languages: task, origin, kind, items, chance, licence and faults.

    snakemake benchmarks --cores 1 --quiet all --config language=sw

Below them stands the smallest suite that covers native and translated origin, structured and
generative, with what is missed. The facts are those of resources/benchmarks.yaml; docs/benchmarks.md
shows all of them.
"""

import sys
from collections.abc import Mapping

from mothertongue.errors import InputError
from mothertongue.process.tee import copied_to
from mothertongue.study.catalogue_pages import language_text


def main(*, languages: Mapping[str, str]) -> None:
    """Print a section per language (code -> English name)."""
    if not languages:
        raise InputError("no language to show; name one: --config language=sw")
    for code, name in languages.items():
        print(language_text(code, name), flush=True)


if "snakemake" in globals():
    try:
        with copied_to(snakemake.log[0]):
            main(languages=snakemake.params.languages)
    except InputError as error:
        sys.exit(f"Error: {error}")
