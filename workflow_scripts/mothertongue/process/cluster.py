"""Guard against a second copy of jobs that still run after their Snakemake was killed.

Snakemake does not re-attach to jobs of an earlier run: started again (and unlocked), it would
start the same work once more, and both copies would write one file. `rules/cluster.smk` therefore
asks `refuse_double_run` before the first job of every run.

What counts as still running: SLURM jobs that were submitted from this folder (single ones, groups,
array tasks, whatever their name, also by a colleague who shares the folder), and on this host job
scripts that outlived their Snakemake.
"""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError

RECORD = Path(".snakemake") / "slurm-users"  # who has submitted jobs from this folder
JOB_SCRIPTS = f".snakemake{os.sep}scripts{os.sep}"  # where Snakemake puts a script while it runs


class Job(NamedTuple):
    """A job of an earlier run: SLURM's id or a process id, its state, and what it does."""

    identifier: str
    state: str
    what: str


class NoAnswer(Exception):
    """SLURM is installed, but does not say what runs."""


def user_name() -> str:
    """The name of the user whose process this is (not of $USER)."""
    return pwd.getpwuid(os.getuid()).pw_name


def _same_folder(a: str, b: Path) -> bool:
    try:
        return os.path.samefile(a, b)  # also where one folder is mounted under two names
    except OSError:
        return os.path.normpath(a) == os.path.normpath(b)


def _ask(command: list[str], timeout: float) -> str:
    try:
        reply = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"{command[0]} did not answer within {timeout:.0f} s") from None
    if reply.returncode != 0:
        reason = (reply.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoAnswer(f"{command[0]} failed ({reason})")
    return reply.stdout


def slurm_jobs(folder: Path, users: list[str], *, timeout: float = 60) -> list[Job]:
    """SLURM jobs of `users` that work in `folder`; raises `NoAnswer` if SLURM does not say."""
    listing = ["squeue", "--noheader", "--array", "--user", ",".join(users)]
    jobs = []
    for line in _ask([*listing, "--format", "%i\t%T\t%Z\t%k"], timeout).splitlines():
        identifier, state, workdir, comment = (line.split("\t") + [""] * 4)[:4]
        if _same_folder(workdir, folder):
            jobs.append(Job(identifier, state, comment))
    return jobs


def left_processes(folder: Path) -> list[Job]:
    """Job scripts in `folder` that outlived their Snakemake on this host."""
    import psutil

    jobs = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            if any(JOB_SCRIPTS in word for word in command) and _same_folder(process.cwd(), folder):
                script = next(word for word in command if JOB_SCRIPTS in word)
                jobs.append(Job(str(process.pid), "RUNNING", Path(script).name))
        except (psutil.Error, OSError):
            continue  # ended meanwhile, or somebody else's
    return jobs


def _known_users(folder: Path) -> list[str]:
    record = folder / RECORD
    return record.read_text(encoding="utf-8").split() if record.is_file() else []


def refuse_double_run(folder: Path, *, submits: bool) -> None:
    """Raise InputError naming the jobs of an earlier run that are still queued or running.

    `submits`: this run gives its jobs to SLURM. If so, or if an earlier run did, SLURM must answer;
    otherwise a workstation on which it is merely installed would be stopped for nothing.
    """
    users = _known_users(folder)
    needed = submits or bool(users)
    if submits and user_name() not in users:
        (folder / RECORD).parent.mkdir(exist_ok=True)
        with (folder / RECORD).open("a", encoding="utf-8") as record:
            record.write(user_name() + "\n")
    jobs: list[Job] = []
    if shutil.which("squeue") is not None:
        everybody = list(dict.fromkeys([*users, user_name()]))
        try:
            jobs = slurm_jobs(folder, everybody)
        except NoAnswer as problem:
            if needed:
                raise InputError(
                    f"{problem}; jobs of an earlier run may still be running in this folder and"
                    " would be started twice: try again when SLURM answers"
                ) from None
    elif users:
        raise InputError(
            "jobs were submitted to SLURM from this folder, but there is no squeue on this host:"
            " start the study where squeue can tell whether they still run (or, if you know that"
            f" none does, remove {RECORD})"
        )
    if jobs:
        raise InputError(_refusal(jobs, "SLURM job", "scancel"))
    if left := left_processes(folder):
        raise InputError(_refusal(left, "process", "kill"))


def _refusal(jobs: list[Job], kind: str, command: str) -> str:
    plural = ("es" if kind.endswith("s") else "s") if len(jobs) > 1 else ""
    identifiers = " ".join(job.identifier for job in jobs)
    return (
        f"{len(jobs)} {kind}{plural} of an earlier run of this folder still queued or running"
        f" ({_first([f'{job.identifier} {job.state}' for job in jobs])}). Wait, and start again"
        " when they have ended: what they finish is kept. Or end them first:"
        f" {command} {identifiers}"
    )


def _first(words: list[str], most: int = 5) -> str:
    more = f", and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
