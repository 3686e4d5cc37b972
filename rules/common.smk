# Shared by every stage: the checked study, constraints, and input functions. Holds no rules.
# Reads `config`; a mistake in it ends the run with all mistakes listed, before any planning.

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.enums import Quietness

ROOT = Path(str(workflow.current_basedir)).parent
if str(ROOT / "workflow_scripts") not in sys.path:
    sys.path.insert(0, str(ROOT / "workflow_scripts"))

from mothertongue.study import gpu_plan
from mothertongue.process.devices import gpus_to_ask
from mothertongue.errors import InputError
from mothertongue.study.training_jobs import gpus
from mothertongue.hub import commit_of, read_lock
from mothertongue.rules.correlate import STUDY_ITEMS, Correlating
from mothertongue.rules.judge import Judging
from mothertongue.rules.report import Reporting
from mothertongue.inference.staging import FOLDER as STAGE
from mothertongue.study import MULTI, ROUND_TRIP, read_study
from mothertongue.study.versions import VERSIONS


def refusal(error):
    """What ends a run with one clear line. `--quiet all` drops Snakemake's lines, errors too."""
    settings = workflow.output_settings
    if settings and Quietness.ALL in (settings.quiet or ()) and not workflow.dryrun:
        print(error, file=sys.stderr)
    return WorkflowError(str(error))


if "STUDY" not in globals() or STUDY.config is not config:  # every stage includes this file
    try:
        is_module = Path(workflow.main_snakefile).resolve() != (ROOT / "Snakefile").resolve()
        files = [] if is_module else workflow.configfiles
        STUDY = read_study(config, ROOT, files, module=is_module)
    except InputError as error:
        raise refusal(error) from None
    config = STUDY.config  # complete, with defaults, numbers of their type, keys sorted

if config["stage"]:  # for this process's scripts; a job on a node reads this file there
    os.environ[STAGE] = os.path.abspath(os.path.expandvars(config["stage"]))
RUNS_HERE = workflow.local_exec and not workflow.remote_exec  # jobs run on this very host
GPUS = gpus_to_ask(
    config["finetune"]["gpus"], local=RUNS_HERE
)  # of a model's job; None: by its size
STORE = workflow.pathvars.apply("<results>/.work/api/replies.sqlite")  # of replies, paid once
LOCK = workflow.pathvars.apply("<results>/prefetch/manifest.json")  # written by `prefetch`
PUBLISHED = os.path.relpath(ROOT / "resources" / "published")  # the paper's scores
JUDGING = Judging(STUDY, STORE)
CORRELATING = Correlating(
    STUDY,
    PUBLISHED,
    has_items=bool(STUDY.evaluations or STUDY.judgements)
    or os.path.isfile(workflow.pathvars.apply(STUDY_ITEMS)),
)
REPORTING = Reporting(STUDY, workflow)
QUANTISATIONS = {}  # by model, looked up once
SLUG = "[a-z0-9][a-z0-9-]*"
COND = "{model}/{data}/{scope}/{lr}/seed{seed}"


wildcard_constraints:
    model=SLUG,
    data=SLUG,
    scope=SLUG,
    lr=SLUG,
    seed=r"\d+",
    language="[a-z]{2,3}",
    benchmark=SLUG,
    questions=SLUG,
    translator=SLUG,
    judge=SLUG,
    source="study|published",


def dataset_of(wildcards, data=None):
    """The dataset file that (data, scope) of a condition stands for."""
    data = data or wildcards.data
    if data == "native":
        return f"<results>/sample/native/{wildcards.scope}.jsonl"
    if data.endswith(ROUND_TRIP):
        translator = data.removesuffix(ROUND_TRIP)
        return f"<results>/roundtrip/{translator}/{wildcards.scope}.jsonl"
    return f"<results>/translate/{data}/{wildcards.scope}.jsonl"


def base_of(wildcards):
    """Files of {model}'s base if the study builds it itself, else nothing (hub or local folder)."""
    if "build" not in config["models"][wildcards.model]:
        return []
    return [
        f"<results>/finetune/base/{wildcards.model}/{name}"
        for name in ("config.json", "model.safetensors", "tokenizer.json")
    ]


def with_lock(dataset):
    """A dataset entry that knows where the hub's lock is."""
    return {**dataset, "lock": LOCK} if dataset.get("hub") else dataset


NOT_FOR_LOADING = ("label", "family", "build", "parameters", "gated", "gpu_type")


def model_of(wildcards, input):
    """What a script needs to load {model}: its entry, `base` pointing at the folder if built.

    The rule names its input `base=base_of`; pathvars are not replaced in params, hence `input`.
    A revision that the study leaves open is the commit that `prefetch` found.
    """
    entry = config["models"][wildcards.model]
    entry = {k: v for k, v in entry.items() if k not in NOT_FOR_LOADING}
    if input.base:
        return {**entry, "base": str(Path(input.base[0]).parent)}
    commit = commit_of(read_lock(LOCK), "model", entry["base"], entry.get("revision"))
    return {**entry, "revision": commit}


def pinned_base(wildcards):
    """Which base {model} is. Beside `model_of`, since a param that looks at `input` re-runs nothing."""
    entry = config["models"][wildcards.model]
    return [entry.get("base"), entry.get("revision"), entry.get("trust_remote_code")]


def adapter_of(wildcards):
    """The adapter files of a condition; nothing for the untuned base."""
    if wildcards.data == "base":
        return []
    folder = f"<results>/finetune/{COND}".format(**wildcards)
    return [f"{folder}/{name}" for name in ("adapter_model.safetensors", "adapter_config.json")]


def inference_gpus(wildcards):
    """One GPU; none where fine-tuning takes none either (tiny models, or finetune.gpus: 0)."""
    return min(1, gpus(config["models"][wildcards.model]["parameters"], GPUS))


def configured_quantisation(model):
    """How the study says that {model}'s base is loaded: `auto` leaves it open."""
    if model not in QUANTISATIONS:
        results = Path(workflow.pathvars.apply("<results>"))
        QUANTISATIONS[model] = gpu_plan.configured(config, model, results)
    return QUANTISATIONS[model]


def choice_of(wildcards):
    """The file that says how {model}'s base is loaded, where the study leaves it open."""
    auto = configured_quantisation(wildcards.model) == "auto"
    return f"<results>/finetune/quantisation/{wildcards.model}.json" if auto else []


def quantisation_of(model):
    """How {model}'s base is loaded, as far as a plan can know."""
    path = workflow.pathvars.apply(f"<results>/finetune/quantisation/{model}.json")
    try:
        return gpu_plan.chosen(config, model, Path(path), card_of(model))
    except InputError as error:
        raise refusal(error) from None


def card_of(model):
    """The card of {model}'s jobs; None where it is not known."""
    return gpu_plan.card_of(config, model, local=RUNS_HERE)


def gpu_model(wildcards):
    """What SLURM calls the card that {model} asks for; nothing where any will do, or none."""
    return gpu_plan.gpu_type(config, wildcards.model) if inference_gpus(wildcards) else None


def gpu_memory(stage):
    """GPU memory in MB that jobs of a stage ask for; 0 on a CPU."""

    def memory(wildcards):
        if not inference_gpus(wildcards):
            return 0
        model = wildcards.model
        return gpu_plan.memory_mb(config, model, stage, quantisation_of(model))

    return memory
