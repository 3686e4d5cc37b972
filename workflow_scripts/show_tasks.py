"""Print what every benchmark of a study is: source, licence, origin, metric, chance, one prompt.

What differs from lm-eval's task of the name stands below each (`harness` in the task's file). The
prompt is that of the first item in the benchmark's first language, built as the evaluation builds it.
At the end stands what the study's suites (`evaluate.suite`) hold and miss.
"""

import logging
import sys
import textwrap
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.evaluate.describe import WIDTH, described, differences, one_prompt, wrapped
from mothertongue.process.tee import copied_to
from mothertongue.study import Study
from mothertongue.study.catalogue_pages import suite_text
from mothertongue.study.suite import suite_languages
from mothertongue.study.tasks import Places


def main(*, study: Study, tasks: Places, results: Path, lock: Path) -> None:
    """Print a section per benchmark."""
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    for name, spec in study.benchmarks.items():
        lines = ["", f"{spec['label']} ({name})", "=" * WIDTH]
        lines += [wrapped(label, text) for label, text in described(study, name, tasks)]
        head, *rest = differences(spec, tasks)
        lines.append(wrapped("beside lm-eval", head))
        lines += [
            textwrap.fill(r.strip(), WIDTH, initial_indent=" " * 18, subsequent_indent=" " * 20)
            for r in rest
        ]
        try:
            prompt, scored = one_prompt(study, name, tasks, results, lock)
            lines += [
                f"prompt of one item ({spec['languages'][0]}):",
                "-" * WIDTH,
                prompt,
                "-" * WIDTH,
            ]
            lines.append(wrapped("what is scored", scored))
        except InputError as error:
            lines.append(wrapped("prompt", f"cannot be shown: {error}"))
        print("\n".join(lines), flush=True)
    for code in suite_languages(study.config):
        print(suite_text(code), flush=True)


if "snakemake" in globals():
    try:
        with copied_to(snakemake.log[0]):
            main(
                study=Study(snakemake.params.study),
                tasks=snakemake.params.tasks,
                results=Path(snakemake.params.results),
                lock=Path(snakemake.params.lock),
            )
    except InputError as error:
        sys.exit(f"Error: {error}")
