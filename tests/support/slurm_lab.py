"""A real SLURM cluster on this host for tests: two nodes, accounting, one stand-in GPU each.

Several such clusters can run at once: each has its own ports, munge socket and folder, and sees
its own /etc/slurm and /run/munge (private mounts of this process and its children; jobs drop
SLURM_CONF, so only that place works).
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = ("slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "sacctmgr")
CARDS = {1: "l4", 2: "a100_80gb"}  # node -> the name of its stand-in GPU
CONFIG, MUNGE = Path("/etc/slurm"), Path("/run/munge")
CLONE_NEWNS = 0x00020000  # <linux/sched.h>: a mount namespace of one's own
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>: a signal when the parent ends


def missing() -> str | None:
    """Say why no cluster can be started here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    search = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    absent = [name for name in BINARIES if shutil.which(name, path=search) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _private(mounts: dict[Path, Path]) -> None:
    """Mount folders of this cluster's own, {where: folder}, for this process and its children."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "no mount namespace: run the tests in a real root shell")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for where, folder in mounts.items():
        where.mkdir(exist_ok=True)
        subprocess.run(["mount", "--bind", str(folder), str(where)], check=True)


def _slurm_conf(host: str, folder: Path, ports: list[int]) -> str:
    nodes = "\n".join(
        f"NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[i]} CPUs=4"
        f" RealMemory=10000 Gres=gpu:{card}:1"
        for i, card in CARDS.items()
    )
    return f"""
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=30
KillWait=5
MinJobAge=600
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherParams=OverMemoryKill,UsePss
JobAcctGatherFrequency=2
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStorageTRES=gres/gpu
AccountingStoragePort={ports[3]}
GresTypes=gpu
MpiDefault=none
{nodes}
PartitionName=cpu Nodes=ALL Default=YES MaxTime=INFINITE OverSubscribe=NO State=UP
"""


def _slurmdbd_conf(folder: Path, ports: list[int]) -> str:
    return f"""
AuthType=auth/munge
DbdHost=localhost
DbdPort={ports[3]}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct_db
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
"""


def _wait(command: list[str], seconds: float = 60, want: str = "") -> str:
    deadline = time.monotonic() + seconds
    while True:
        reply = subprocess.run(command, capture_output=True, text=True)
        if reply.returncode == 0 and want in reply.stdout:
            return reply.stdout
        if time.monotonic() > deadline:
            raise RuntimeError(f"{' '.join(command)}: {reply.stdout}{reply.stderr}")
        time.sleep(0.3)


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Start munge, MariaDB, slurmdbd, slurmctld and two slurmd; stop them by process id."""
    os.environ["PATH"] += ":/usr/sbin"
    processes: list[subprocess.Popen] = []

    def die_with_parent() -> None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def start(*command: object, **options: str) -> None:
        log = (folder / f"{Path(str(command[0])).name}.out").open("ab")
        processes.append(
            subprocess.Popen(
                [*map(str, command)],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # also when the tests are killed
                **options,
            )
        )

    try:
        for name in ("state", "spool/n1", "spool/n2", "db", "run", "etc", "munge"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        for parent in folder.parents:  # the users of MariaDB and munge must reach their folders
            if parent != Path("/") and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
        etc, munge = folder / "etc", folder / "munge"
        ports = _free_ports(5)  # slurmctld, n1, n2, slurmdbd, MariaDB
        host = socket.gethostname().split(".")[0]
        (etc / "slurm.conf").write_text(_slurm_conf(host, folder, ports))
        (etc / "slurmdbd.conf").write_text(_slurmdbd_conf(folder, ports))
        (etc / "slurmdbd.conf").chmod(0o600)
        (etc / "gres.conf").write_text(
            "".join(
                f"NodeName=n{i} Name=gpu Type={card} File=/dev/zero\n" for i, card in CARDS.items()
            )
        )
        _private({CONFIG: etc, MUNGE: munge})
        (munge / "key").write_bytes(os.urandom(1024))
        (munge / "key").chmod(0o400)
        shutil.chown(munge / "key", "munge")
        shutil.chown(munge, "munge")
        start(
            "munged",
            "--foreground",
            f"--key-file={munge}/key",
            f"--seed-file={munge}/seed",
            f"--log-file={munge}/log",
            user="munge",
            group="munge",
        )
        _wait(["munge", "-n"])
        mysql_socket = folder / "run" / "mysqld.sock"
        shutil.chown(folder / "db", "mysql")
        shutil.chown(folder / "run", "mysql")
        subprocess.run(
            ["mariadb-install-db", "--user=mysql", f"--datadir={folder}/db", "--skip-test-db"],
            check=True,
            capture_output=True,
        )
        start(
            "mariadbd",
            "--no-defaults",
            "--user=mysql",
            f"--datadir={folder}/db",
            f"--socket={mysql_socket}",
            f"--pid-file={folder}/run/mysqld.pid",
            "--bind-address=127.0.0.1",
            f"--port={ports[4]}",
        )
        _wait(
            [
                "mariadb",
                f"--socket={mysql_socket}",
                "-e",
                "create database if not exists slurm_acct_db",
            ]
        )
        os.environ["MYSQL_UNIX_PORT"] = str(mysql_socket)  # slurmdbd's client library reads it
        start("slurmdbd", "-D")
        _wait(["sacctmgr", "-i", "show", "cluster"])
        for arguments in (
            ["add", "cluster", "lab"],
            ["add", "account", "lab"],
            ["add", "user", "root", "Account=lab"],
        ):
            subprocess.run(["sacctmgr", "-i", *arguments], check=False, capture_output=True)
        start("slurmctld", "-D", "-c")
        for node in ("n1", "n2"):
            start("slurmd", "-D", "-N", node)
        _wait(["sinfo", "-h", "-o", "%T %D"], want="idle 2")
        yield
    finally:
        subprocess.run(["scancel", "--user", "root"], capture_output=True, timeout=30)
        for process in reversed(processes):
            try:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(timeout=10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                process.kill()
        os.environ.pop("MYSQL_UNIX_PORT", None)
        for where in (CONFIG, MUNGE):
            subprocess.run(["umount", str(where)], check=False, capture_output=True)
