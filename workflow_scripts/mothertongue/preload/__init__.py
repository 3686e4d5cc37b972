"""Run jobs in processes that have imported the heavy libraries and loaded a base already.

Starting Python with torch, transformers, peft and lm-eval costs about eight CPU seconds, and loading
a 7B base takes minutes. A study has hundreds of jobs, and Snakemake starts a fresh Python for each.
The first job that calls `run_preloaded` starts a background process that imports the libraries. From
then on a job's own Python only sends its arguments there, a *forked child* does the work, and the job
ends with the child's status. Snakemake keeps one output file per job, staleness, logs and retries;
only the start-up is shared.

A script calls it like this (evaluate_benchmark, answer_questions):

    with log_to(snakemake.log[0]):
        run_preloaded(
            "answer_questions",  # this script's own name
            dict(questions=…, …),  # what main() takes
            base=BaseSpec.of_model(model, quantisation, dtype),
        )

`run_preloaded` imports the script (from workflow_scripts/) in the child and calls its
`main(**keywords)`; keywords are Paths and plain values. `base` is anything with a `key` and a method
`load` (see `Loadable`). `held(key)` returns what a base server has loaded for that key;
`inference.base.borrowed` asks it. Jobs that need no loaded base (`finetune_lora`, `build_base`) leave
`base` out and share the imports only. Call `torch.set_num_threads(threads)` in `main`: the parent has
one thread, so that it can be forked. Code that must stay in its own process uses `claimed`.

* **Tree.** job server (imports) -> one base server per base (imports + base, one thread) -> one child
  per job. On a CPU the children share the base server's weights copy-on-write. A process in which
  CUDA has started cannot be forked. Therefore the job server sees no GPU, and the base server of a base
  on a GPU is a Python of its own that runs the jobs itself, one at a time, and takes adapters off
  after each. If it is busy, the next job runs in its own process.
* **GPUs.** A job that asks for GPUs leases them first (process/devices.py). A base server on a leased
  device that is not the job's own ends, and its memory is free, before the job starts. Jobs
  without a base (a fine-tuning) then run in their own process: compared with hours on a GPU, the start
  costs nothing.
* **Ownership.** There is one job server per user, host, folder of the study, Slurm job (SLURM_JOB_ID),
  Python, code (names and times of the files) and values of the environment variables that libraries
  read when they are imported. Its socket is in a directory that only the user can enter.
* **Groups on a cluster.** SLURM runs each job of a group as a step of its own, and ends with a step
  what it has started. The job server of a group is therefore started by the Snakemake above the
  steps (steps.py), and lives as long as that.
* **Logs.** The child writes to the job's own stdout and stderr (passed as file descriptors).
* **Kills.** A stop signal to the job's process is passed on to the child as SIGTERM, and the job
  waits for what the child still does (a training writes a checkpoint). When the job's process goes
  away, the child gets SIGTERM, too. Either way SIGKILL follows after `grace` seconds. When the
  child is killed, the job fails with that signal.
* **End.** The job server leaves within a second after the Snakemake process above it is gone, or
  after two minutes without work. SIGTERM (Slurm's end of a job) ends it and its children.
* **Without it.** With MOTHERTONGUE_WARM=0, on a system without fork or /proc, or when the server cannot
  be started or reached, `main` runs in the job's own process, as if this package did not exist.
* Snakemake's benchmark files then show the wall time of a job but not the child's memory and CPU
  time; score and provenance files carry their own seconds.
"""

from .client import JobFailed, claimed, run_preloaded
from .registry import Loadable, held

__all__ = ["JobFailed", "Loadable", "claimed", "held", "run_preloaded"]
