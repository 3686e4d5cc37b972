"""Find the job server that a job may share, or start it."""

import contextlib
import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ..process.devices import environment_of, private_folder

START_SECONDS = 180.0
READ_AT_IMPORT = (
    "HF_", "HUGGINGFACE_", "TRANSFORMERS_", "CUDA_", "TORCH", "PYTORCH_", "BNB_", "XDG_CACHE_HOME",
    "HOME", "PYTHONPATH", "LD_", "MOTHERTONGUE_",
)  # fmt: skip
OF_A_JOB = environment_of([])  # names of variables that differ between jobs of one server


def _scripts() -> Path:
    return Path(__file__).resolve().parent.parent.parent


def _server_key() -> str:
    """What two jobs must have in common to share a process."""
    code = [(str(path), path.stat().st_mtime_ns) for path in sorted(_scripts().rglob("*.py"))]
    seen = sorted(
        (k, v) for k, v in os.environ.items() if k.startswith(READ_AT_IMPORT) and k not in OF_A_JOB
    )
    facts = (
        socket.gethostname(),
        os.getcwd(),
        os.environ.get("SLURM_JOB_ID"),
        sys.executable,
        sys.version,
        code,
        seen,
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def connect(*, start: bool = True) -> socket.socket | None:
    """A connection to the server, started if need be; None if that does not work.

    `start=False` finds a server that runs already.
    """
    folder = private_folder()
    if folder is None:
        return None
    address = folder / f"{_server_key()}.sock"
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection = _dial(address)
            if connection is None and start:
                process = _start(address)
                deadline = time.monotonic() + START_SECONDS
                while connection is None and time.monotonic() < deadline:
                    if process.poll() is not None:
                        return None
                    time.sleep(0.02)
                    connection = _dial(address)
        return connection
    except OSError:
        return None


@contextlib.contextmanager
def short_name(address: Path) -> Iterator[str]:
    """Yield a name of a socket that fits the kernel's 107 characters, however deep its folder."""
    folder = os.open(address.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{address.name}"
    finally:
        os.close(folder)


def _dial(address: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_name(address) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        return None
    return connection


def _start(address: Path) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that Ctrl-C reaches it through its jobs only.

    It sees no GPU: a process in which CUDA has started cannot be forked, and importing bitsandbytes
    starts it. Jobs on a GPU get processes of their own (base_server.py).
    """
    address.unlink(missing_ok=True)
    environment = (
        os.environ
        | environment_of([])
        | {
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
            "PYTHONPATH": os.pathsep.join(
                [str(_scripts()), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
        }
    )
    with address.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "mothertongue.preload", str(address)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
