"""Parameters of rules/benchmarks.smk."""

from ..study import Study
from ..study.catalogue import language_name


def languages_to_show(study: Study, asked: str | None) -> dict[str, str]:
    """Code -> English name: the language that `--config language=` asks for, else the study's.

    Raises InputError for a language that is not in resources/languages.yaml.
    """
    if asked is not None:
        return {asked: language_name(asked)}
    return {code: language.label for code, language in study.languages.items()}
