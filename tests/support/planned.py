"""A planned study for the input functions and parameters of rules, without Snakemake."""

import yaml
from conftest import ROOT, SMALL
from mothertongue.rules.plan import Plan
from mothertongue.study import read_study
from snakemake.iocontainers import Wildcards


class Refused(Exception):
    """What stands for Snakemake's WorkflowError."""


def plan(tmp_path, *changes, local=True) -> Plan:
    """The demo with changes (path.to.key, value)."""
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    for path, value in changes:
        place = config
        *parts, last = path.split(".")
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    return Plan(read_study(config, ROOT), ROOT, str(tmp_path), local, Refused)


def w(**wildcards) -> Wildcards:
    return Wildcards(fromdict=wildcards)
