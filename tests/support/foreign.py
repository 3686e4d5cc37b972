"""Somebody's own workflow that uses a rule file of this one as a module."""

SNAKEFILE = """import yaml


module one:
    snakefile:
        "mothertongue/rules/{rules}"
    config:
        yaml.safe_load(open("{study}", encoding="utf-8"))
    pathvars:
        results="ours",
        logs="our-logs",


use rule * from one as ours_*
"""
TARGET = """

rule every:
    default_target: True
    input:
        {wanted},
"""


def snakefile(rules: str, study: str = "study.yaml", wanted: str = "") -> str:
    """A Snakefile with the rules of a file, whose results lie in `ours`; `wanted`: input of its target."""
    found = SNAKEFILE.format(rules=rules, study=study)
    return found + TARGET.format(wanted=wanted) if wanted else found
