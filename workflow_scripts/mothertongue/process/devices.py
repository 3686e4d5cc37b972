"""Choose the device that a job computes on: what it asked for, what this host has, and what is free.

A job says how many GPUs it asks for (`resources: gpu`). With none it computes on the CPU, also on
a host that has GPUs. With one or more it leases them (`leased`), so that several jobs of one host
use different cards, and it stops with one line where it cannot have them: a model that trains on a
CPU because a driver is missing costs days. Nothing here imports torch or starts CUDA, except
`pick_device`, which runs where the model is loaded.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO

from ..errors import InputError

ASKED = "MOTHERTONGUE_GPUS"  # in the environment of the process that computes: GPUs it asked for
VISIBLE = "CUDA_VISIBLE_DEVICES"
ON_CPU = "set `gpus: 0` in the study (finetune, or the translator) to compute on the CPU"


def private_folder() -> Path | None:
    """A directory that only this user can enter; None if somebody else holds the name."""
    folder = Path(tempfile.gettempdir()) / f"mothertongue-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    if status.st_uid != os.getuid() or not folder.is_dir() or folder.is_symlink():
        return None
    if status.st_mode & 0o077:
        return None
    return folder


@cache
def _installed() -> int:
    """Number of NVIDIA devices of this host, by their device files or, without any, `nvidia-smi`."""
    files = [path for path in Path("/dev").glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)]
    if files or not shutil.which("nvidia-smi"):
        return len(files)
    try:  # such as the Linux of Windows, which has no device files
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.split("\n"))


def visible() -> list[str]:
    """GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them; asks no driver."""
    named = os.environ.get(VISIBLE)
    if named is None:
        return [str(number) for number in range(_installed())]
    found = []
    for name in (part.strip() for part in named.split(",")):
        if not name or name.startswith("-"):
            break  # CUDA ignores what stands behind an invalid entry
        found.append(name)
    return found


def gpus_to_ask(wanted: int | None, *, local: bool) -> int | None:
    """GPUs that a job of a model asks for, where the study leaves it open (None).

    A run on this very host (`local`) that has no GPU computes on the CPU; elsewhere None stays,
    and the size of the model decides (finetune/resources.py).
    """
    return 0 if wanted is None and local and not visible() else wanted


def refuse_without_gpus(asked: int) -> None:
    """End with one line where a job asks for more GPUs than are visible (asks no driver)."""
    found = len(visible())
    if found >= asked:
        return
    if VISIBLE in os.environ:
        why = f"{VISIBLE} is '{os.environ[VISIBLE]}', which names {found}: name more, or unset it"
    elif found:
        why = f"this host has {found}: ask for fewer (finetune.gpus)"
    else:
        why = "this host has no NVIDIA device or driver: run it on a host with a GPU"
    raise InputError(f"this job asks for {asked} GPU(s), but {why}; or {ON_CPU}")


def pick_device() -> str:
    """`cpu`, or `cuda:N` with the number of this process among those that share a training.

    A process that asked for GPUs and finds none raises InputError; one that asked for nothing in
    particular (a library call) takes a GPU if there is one.
    """
    import torch

    asked = os.environ.get(ASKED)
    if asked == "0":
        return "cpu"
    if not torch.cuda.is_available():
        if not asked:
            return "cpu"
        refuse_without_gpus(int(asked))
        build = torch.version.cuda
        why = (
            f"torch {torch.__version__} is a build for CPUs: install one for CUDA (docs/gpu.md)"
            if build is None
            else f"torch {torch.__version__} (CUDA {build}) finds none: the driver may be too old for it"
            f" (nvidia-smi shows its version), or {VISIBLE} ('{os.environ.get(VISIBLE, '')}') is wrong"
        )
        raise InputError(f"this job asks for {asked} GPU(s), but {why}; or {ON_CPU}")
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


def card_of(device: str) -> str:
    """The name of the card behind a device of torch; `cpu` for the host itself."""
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else "cpu"


def _lock_files(names: list[str], folder: Path) -> dict[str, Path]:
    """The lock file of each device. Inside a Slurm job, numbers count the job's own devices."""
    scope = os.environ.get("SLURM_JOB_ID", "host")
    slugs = {name: re.sub(r"[^\w-]", "_", name) for name in names}
    return {name: folder / f"gpu-{scope}-{slug}.lock" for name, slug in slugs.items()}


def _try_lock(path: Path) -> IO[str] | None:
    """Lock a file if nobody else does; the lock ends with this process, however it ends."""
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


@contextlib.contextmanager
def leased(count: int, use: str = "", *, poll: float = 0.5) -> Iterator[list[str]]:
    """Yield `count` GPUs that no other job of this user on this host uses; wait until there are.

    A device that was last used for the same thing (`use`, such as a base that is still loaded
    there) is preferred. Raises InputError where the host has fewer.
    """
    if count <= 0:
        yield []
        return
    refuse_without_gpus(count)
    names, folder = visible(), private_folder()
    if folder is None:
        yield names[:count]
        return
    held: dict[str, IO[str]] = {}
    said = False
    while True:
        locks = _lock_files(names, folder)
        for name in sorted(names, key=lambda name: not _was_used_for(locks[name], use)):
            if len(held) < count and (file := _try_lock(locks[name])) is not None:
                held[name] = file
        if len(held) == count:
            break
        for file in held.values():  # holding some while waiting for others could block two jobs
            file.close()
        held.clear()
        if not said:
            print(
                f"waiting for {count} of the GPUs {', '.join(names)}", file=sys.stderr, flush=True
            )
            said = True
        time.sleep(poll)
    try:
        for file in held.values():
            file.truncate(0)
            file.write(use)
            file.flush()
        yield sorted(held, key=names.index)
    finally:
        for file in held.values():
            file.close()


def _was_used_for(path: Path, use: str) -> bool:
    """Whether a device was last leased for `use`."""
    try:
        return bool(use) and path.read_text(encoding="utf-8") == use
    except OSError:
        return False


def environment_of(names: list[str]) -> dict[str, str]:
    """Environment variables of a process that computes on these devices, or on the CPU."""
    return {VISIBLE: ",".join(names), ASKED: str(len(names))}
