# Shared by every stage: the checked study, the objects whose methods are input functions
# (mothertongue/rules/), and constraints: what needs Snakemake's globals. Holds no rules.
# Reads `config`; a mistake in it ends the run with all mistakes listed, before any planning.

import os
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.enums import Quietness

ROOT = Path(str(workflow.current_basedir)).parent
if str(ROOT / "workflow_scripts") not in sys.path:
    sys.path.insert(0, str(ROOT / "workflow_scripts"))

from mothertongue.errors import InputError
from mothertongue.inference.staging import FOLDER as STAGE
from mothertongue.process.locks import refuse_to_unlock
from mothertongue.rules.correlate import Correlating
from mothertongue.rules.judge import Judging
from mothertongue.rules.models import Models
from mothertongue.rules.plan import Plan
from mothertongue.rules.probe import Probing
from mothertongue.rules.report import Reporting
from mothertongue.study import read_study
from mothertongue.study.mixes import NAME as SLUG
from mothertongue.study.mixes import SEGMENT, SIZED
from mothertongue.study.paths import CONDITION as COND
from mothertongue.study.paths import PAIRS, RATINGS, STUDY_ITEMS
from mothertongue.study.versions import VERSIONS


def refusal(error):
    """What ends a run with one clear line. `--quiet all` drops Snakemake's lines, errors too."""
    settings = workflow.output_settings
    if settings and Quietness.ALL in (settings.quiet or ()) and not workflow.dryrun:
        print(error, file=sys.stderr)
    return WorkflowError(str(error))


# the language whose benchmarks are asked for (benchmarks.smk): of the command line, not of a study
LANGUAGE = workflow.config_settings.config.get("language")
if LANGUAGE is not None:
    config.pop("language", None)
# the effect that is planted (plant.smk): of the command line as well
EFFECT = workflow.config_settings.config.get("effect")
if EFFECT is not None:
    config.pop("effect", None)

if "PLAN" not in globals() or PLAN.config is not config:  # every stage includes this file
    try:
        refuse_to_unlock(sys.argv[1:], Path(".snakemake"))
        is_module = Path(workflow.main_snakefile).resolve() != (ROOT / "Snakefile").resolve()
        files = [] if is_module else workflow.configfiles
        STUDY = read_study(config, ROOT, files, module=is_module)
    except InputError as error:
        raise refusal(error) from None
    config = STUDY.config  # complete, with defaults, numbers of their type, keys sorted
    PLAN = Plan(
        STUDY,
        ROOT,
        workflow.pathvars.apply("<results>"),
        local=workflow.local_exec and not workflow.remote_exec,
        refusal=refusal,
    )
    MODELS = Models(PLAN)

if config["stage"]:  # for this process's scripts; a job on a node reads this file there
    os.environ[STAGE] = os.path.abspath(os.path.expandvars(config["stage"]))
LOCK = PLAN.lock
TASKS = PLAN.tasks_from(os.getcwd())
PUBLISHED = os.path.relpath(ROOT / "resources" / "published")  # the paper's scores
JUDGING = Judging(STUDY, PLAN.store)
PROBING = Probing(STUDY)
CORRELATING = Correlating(
    STUDY,
    PUBLISHED,
    has_items=bool(STUDY.evaluations or STUDY.judgements or STUDY.checked_answers)
    or os.path.isfile(PLAN.files.at(STUDY_ITEMS)),
)
REPORTING = Reporting(STUDY, workflow)


def one_of(names):
    """A pattern that any of these names matches, and nothing else; nothing at all without one."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    model=SLUG,
    data=SEGMENT,
    scope=SLUG,
    lr=SLUG,
    seed=r"\d+",
    language="[a-z]{2,3}",
    benchmark=SLUG,
    questions=SLUG,
    translator=f"(?!(?:{one_of(STUDY.translated)})[/_.]){SLUG}" if STUDY.translated else SLUG,
    judge=f"(?!(?:{one_of(STUDY.juries)})/){SLUG}" if STUDY.juries else SLUG,
    jury=one_of(STUDY.juries),
    against=SLUG,
    source="study|published",
