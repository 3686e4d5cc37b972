"""Find the job server that a job may share, or start it."""

import fcntl
import hashlib
import os
import socket
import sys
import time
from pathlib import Path

from ..process.children import alive
from ..process.devices import environment_of, private_folder
from .sockets import dial
from .steps import Start, start

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


def connect(*, begin: bool = True) -> socket.socket | None:
    """A connection to the server, started if need be; None if that does not work.

    `begin=False` finds a server that runs already.
    """
    folder = private_folder()
    if folder is None:
        return None
    address = folder / f"{_server_key()}.sock"
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection = dial(address)
            if connection is None and begin:
                process = _start(address)
                deadline = time.monotonic() + START_SECONDS
                while connection is None and time.monotonic() < deadline:
                    if not alive(process):
                        return None
                    time.sleep(0.02)
                    connection = dial(address)
        return connection
    except OSError:
        return None


def _start(address: Path) -> tuple[int, str]:
    """Start the server; its process id and birth.

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
    command = [sys.executable, "-m", "mothertongue.preload", str(address)]
    log = str(address.with_suffix(".log"))
    return start(Start(command, environment, os.getcwd(), log))
