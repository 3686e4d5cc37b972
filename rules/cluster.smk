# What only the study's own workflow does before it starts jobs; modules do not include it.
# Holds no rules.


include: "common.smk"


import os

from mothertongue.process.attempts import forget, put_back
from mothertongue.process.cluster import refuse_double_run
from mothertongue.files import refuse_dates_ahead, refuse_unwritable
from mothertongue.hub import read_lock
from mothertongue.rules.engines import absent_engine, reading
from mothertongue.rules.input_files import unreadable
from mothertongue.study.owner import takes_over
from mothertongue.study.paths import FINISHED
from mothertongue.study.requirements import job_needs, looks_ahead, missing, refuse_absent

if workflow.remote_exec:  # in a submitted job: nodes often have no internet, and wait long for it
    os.environ.setdefault("HF_HUB_OFFLINE", "1")


for folder in map(workflow.pathvars.apply, ("<results>", "<logs>", "<benchmarks>")):
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise refusal(f"{folder}: not a folder, so nothing can be written into it; move it away")


if looks_ahead(sys.argv[1:]) and workflow.is_main_process:
    try:  # before anything is planned: every file and address that the study names
        for line in refuse_absent(STUDY, PLAN.tasks, read_lock(LOCK)):
            print(line, file=sys.stderr)
    except InputError as error:
        raise refusal(error) from None


def lacking(jobs, why=None):
    """What jobs read from elsewhere and cannot have, in lines (needs.py)."""
    cells = [(job.rule.name, job.wildcards_dict) for job in jobs]
    needs = (n for rule, cell in cells for n in job_needs(STUDY, PLAN.tasks, rule, cell))
    return missing(needs, read_lock(LOCK), why)


TRAINS = ("finetune_lora", "finetune_full")
ON_GPUS = (*TRAINS, "evaluate_benchmark", "answer_questions")
FALLS_BACK = MODELS.fall_back_to_cpu()
READERS = {  # how a model is read by a stage's engine
    "evaluate_benchmark": reading(PLAN, "evaluate"),
    "answer_questions": reading(PLAN, "answer"),
}


def on_gpus(jobs):
    """Jobs of models that compute here, on a GPU where there is one, and how each loads its model."""
    for job in jobs:
        models = READERS.get(job.rule.name, MODELS)
        if job.rule.name in ON_GPUS and models.computes_here:
            yield job, models


def beyond_cards(jobs):
    """Lines about models that may be larger than their card, before anything runs."""
    cells = [
        (job.rule.name, job.wildcards.model)
        for job, models in on_gpus(jobs)
        if models.gpus_to_read(job.wildcards)
    ]
    yield from MODELS.warnings(cells)


KEPT = PLAN.files.at(FINISHED)  # below results


def forget_kept():
    """What earlier attempts of groups had finished; not by a run beside one that submits jobs."""
    if not workflow.local_exec:
        forget(KEPT)


onstart:
    # Runs where the study is started, never inside a submitted job; see docs/cluster.md.
    jobs = [job for job in workflow.dag.needrun_jobs() if job.output]
    here = workflow.local_exec and not workflow.deployment_settings.deployment_method
    if here and (line := absent_engine(config, {job.rule.name for job in jobs})):
        raise refusal(InputError(line))
    if FALLS_BACK and any(on_gpus(jobs)):
        print(
            "No GPU on this host: models compute on its CPU (finetune.gpus: 1 insists on a GPU)",
            file=sys.stderr,
        )
    if jobs:
        try:
            refuse_double_run(Path.cwd(), submits=not workflow.local_exec)
            forget_kept()
            made = {str(path) for job in jobs for path in job.output}
            refuse_dates_ahead({str(path) for job in jobs for path in job.input} - made)
            refuse_unwritable(made)
            refuse_unwritable(
                str(path) for job in jobs for path in [*job.log, job.benchmark] if path
            )
            sent = [job for job in jobs if not (workflow.local_exec or job.is_local)]
            here = [job for job in jobs if workflow.local_exec or job.is_local]
            off = (
                None if "HF_HUB_OFFLINE" in os.environ else "submitted jobs do not ask the hub"
            )
            cells = [(job.rule.name, job.wildcards_dict) for job in jobs]
            lines = [*lacking(here), *lacking(sent, off)]
            lines += unreadable(STUDY, PLAN.tasks, cells)
            if lines:
                raise InputError("\n".join(dict.fromkeys(lines)))
            trained = [job.wildcards.model for job in jobs if job.rule.name in TRAINS]
            replaced = takes_over(Path(PLAN.results), STUDY.config["study"], made)
            for line in (*replaced, *beyond_cards(jobs), *MODELS.frames(trained)):
                print(line, file=sys.stderr)
        except InputError as error:
            raise refusal(error) from None


onerror:
    if not workflow.local_exec and (back := put_back(PLAN.results, KEPT)):
        print(f"{len(back)} files that failed jobs had finished are put back", file=sys.stderr)
    forget_kept()


onsuccess:
    forget_kept()
