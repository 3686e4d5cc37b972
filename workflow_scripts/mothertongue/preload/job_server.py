"""The process that takes jobs and forks a child for each.

A base server on a CPU (base_server.py) runs the same loop; its jobs come from the job server. Jobs
that compute on a GPU are never forked: each base that is loaded on a GPU has a process of its own,
started by exec.
"""

import contextlib
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from ..process.children import alive, die_with_parent, kill_group, leave
from .messages import Answer, Finished, Free, Load, Request, receive, receive_with_fds, send
from .work import work

IDLE_SECONDS = 120.0
BASE_SERVERS = 2  # bases loaded on the CPU at a time
WAIT_SECONDS = 10.0  # for a base server that was told to go
STOPS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)  # Slurm sends any of them to every process


def _wanted(request: Request) -> Load:
    """What the base server of a job is to load."""
    if request.base is None or request.key is None:
        raise ValueError("a job without a base has no base server")
    return Load(request.base, request.key)


class Job:
    """A running child and the connection of the job that waits for it."""

    def __init__(self, pid: int, connection: socket.socket, grace: float) -> None:
        self.pid = pid
        self.connection = connection
        self.grace = grace
        self.kill_at: float | None = None


class BaseServer:
    """A process that has loaded a base, and how many jobs it has been given and not finished."""

    def __init__(self, pid: int, link: socket.socket, devices: list[str]) -> None:
        self.pid = pid
        self.link = link
        self.devices = devices  # GPUs whose memory it takes
        self.waiting = 0
        self.used = time.monotonic()


class JobServer:
    """Takes requests from `source` and forks a child for each.

    `listening`: `source` takes connections of jobs; otherwise it is the link to the job server, and
    this process is a base server.
    """

    def __init__(
        self,
        source: socket.socket,
        *,
        listening: bool,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """`prepare` is called once, before the first fork."""
        self.source = source
        self.listening = listening
        self.prepare = prepare
        self.jobs: list[Job] = []
        self.base_servers: dict[str, BaseServer] = {}
        self.ended: list[int] = []  # base servers that were told to go, until they are reaped
        self.ancestors: set[tuple[int, str]] = set()
        self.had_ancestor = False
        self.last_work = time.monotonic()
        self.leaving = False

    def run(self) -> None:
        """Serve until nobody needs this process any more."""
        for number in STOPS:
            signal.signal(number, self._on_term)
        while True:
            watched = [job.connection for job in self.jobs if job.kill_at is None]
            watched += [server.link for server in self.base_servers.values()]
            watched += [] if self.leaving else [self.source]
            ready = select.select(watched, [], [], 0.2)[0]
            self._reap()
            for job in self.jobs:
                if job.connection in ready and job.kill_at is None:
                    self._stop(job)  # a waiting job says nothing: it is gone
            self._hear_base_servers(ready)
            if self.source in ready and not self.leaving:
                if self.listening:
                    self._take(self.source.accept()[0])
                else:
                    self._take_forwarded()
            if self._done():
                for key in list(self.base_servers):
                    self._dismiss(key)
                return

    def _on_term(self, *_: Any) -> None:
        self.leaving = True
        for job in self.jobs:
            self._stop(job)
        for server in self.base_servers.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGTERM)

    def _done(self) -> bool:
        if self.jobs or any(server.waiting for server in self.base_servers.values()):
            self.last_work = time.monotonic()
            return False
        if self.leaving:
            return True
        if not self.listening:
            return False
        self.ancestors = {process for process in self.ancestors if alive(process)}
        if self.had_ancestor and not self.ancestors:
            return True
        return time.monotonic() - self.last_work > IDLE_SECONDS

    # ---- base servers

    def _hear_base_servers(self, ready: list[socket.socket]) -> None:
        for key, server in list(self.base_servers.items()):
            if server.link in ready:
                try:
                    message = receive(server.link)
                except OSError:
                    message = None
                if message is None:
                    self._dismiss(key)
                else:
                    server.waiting -= 1

    def _dismiss(self, key: str, *, wait: bool = False) -> None:
        """Let a base server go; with its link closed it ends when its jobs have ended.

        `wait` returns when it has ended, and its memory on a GPU is free.
        """
        server = self.base_servers.pop(key)
        server.link.close()
        if wait:
            deadline = time.monotonic() + WAIT_SECONDS
            while time.monotonic() < deadline:
                if os.waitpid(server.pid, os.WNOHANG)[0]:
                    return
                time.sleep(0.02)
            with contextlib.suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGKILL)
            os.waitpid(server.pid, 0)
            return
        self.ended.append(server.pid)

    def _make_room(self, wanted: str | None) -> None:
        """Close idle base servers on the CPU until there is room for one more."""
        idle = [
            k for k, h in self.base_servers.items() if not (h.devices or h.waiting or k == wanted)
        ]
        for key in sorted(idle, key=lambda key: self.base_servers[key].used):
            if sum(not server.devices for server in self.base_servers.values()) >= BASE_SERVERS:
                self._dismiss(key)

    def _free(self, devices: list[str], wanted: str | None = None) -> None:
        """Close the base servers on some GPUs, but for the wanted one, and wait until they are gone.

        The job that asks for them has leased these devices, so no base server there has work.
        """
        for key, server in list(self.base_servers.items()):
            if key != wanted and set(devices) & set(server.devices):
                self._dismiss(key, wait=True)

    def _forward(self, request: Request, connection: socket.socket, fds: list[int]) -> bool:
        """Pass a job to the process that has its base; False if there is none to be had."""
        devices = request.devices
        key = f"{request.key}{devices!r}"
        if devices:
            self._free(devices, key)
        if key not in self.base_servers:
            self._make_room(key)
            self._open_base_server(key, request, [connection.fileno(), *fds])
        server = self.base_servers[key]
        try:
            send(server.link, request, [connection.fileno(), *fds])
        except OSError:
            self._dismiss(key)
            return False
        server.waiting += 1
        server.used = time.monotonic()
        connection.close()
        return True

    def _open_base_server(self, key: str, request: Request, fds: list[int]) -> None:
        """Start the process that loads a base; `fds` are the job's, which it must not keep open."""
        ours, theirs = socket.socketpair()
        if request.devices or getattr(request.base, "alone", False):
            pid = self._exec_base_server(ours, theirs, request)
        else:
            pid = self._fork_base_server(ours, theirs, request, fds)
        theirs.close()
        self.base_servers[key] = BaseServer(pid, ours, request.devices)

    def _exec_base_server(
        self, ours: socket.socket, theirs: socket.socket, request: Request
    ) -> int:
        """A fresh Python: CUDA can be started in it, and it frees its memory when it ends."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mothertongue.preload.base_server", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd=request.folder,
            env=request.environment | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        )
        process.returncode = 0  # this class waits for its processes itself
        send(ours, _wanted(request))
        return process.pid

    def _fork_base_server(
        self, ours: socket.socket, theirs: socket.socket, request: Request, fds: list[int]
    ) -> int:
        """A copy of this process, whose children share the weights of the base."""
        self._prepare()
        pid = os.fork()
        if pid == 0:
            try:
                from .base_server import load

                die_with_parent()
                ours.close()
                self._close_inherited()
                for fd in fds:
                    os.close(fd)
                os.chdir(request.folder)
                if load(_wanted(request)):
                    JobServer(theirs, listening=False).run()
            except BaseException:
                traceback.print_exc()
            finally:
                leave(0)
        return pid

    def _prepare(self) -> None:
        if self.prepare is not None:
            self.prepare()
            self.prepare = None

    def _close_inherited(self) -> None:
        """In a child: let go of sockets that belong to the parent."""
        self.source.close()
        for job in self.jobs:
            job.connection.close()
        for server in self.base_servers.values():
            server.link.close()

    # ---- jobs

    def _take(self, connection: socket.socket) -> None:
        """A new job: to its base server, or to a child of this process."""
        request: Request | Free | None = None
        fds: list[int] = []
        with contextlib.suppress(OSError, pickle.UnpicklingError, EOFError):
            request, fds = receive_with_fds(connection, 2)
        if request is None:
            connection.close()
            return
        self.last_work = time.monotonic()
        try:
            if isinstance(request, Free):
                self._free(request.devices)
                with contextlib.suppress(OSError):
                    send(connection, Answer("done"))
                connection.close()
                return
            if request.ancestor:
                self.ancestors.add(request.ancestor)
                self.had_ancestor = True
            if request.base is not None and self._forward(request, connection, fds):
                return
            self._make_room(None)
            self._fork(request, connection, fds)
        finally:
            for fd in fds:
                os.close(fd)

    def _take_forwarded(self) -> None:
        """In a base server: a job from the job server, or its end."""
        request: Request | None = None
        fds: list[int] = []
        with contextlib.suppress(OSError):
            request, fds = receive_with_fds(self.source, 3)
        if request is None:
            self.leaving = True
            return
        connection = socket.socket(fileno=fds[0])
        try:
            self._fork(request, connection, fds[1:])
        finally:
            for fd in fds[1:]:
                os.close(fd)

    def _fork(self, request: Request, connection: socket.socket, fds: list[int]) -> None:
        self._prepare()
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                die_with_parent()
                for number in STOPS:
                    signal.signal(number, signal.SIG_DFL)
                self._close_inherited()
                send(connection, Answer("started"))
                answer = work(request, fds)
                sys.stdout.flush()
                sys.stderr.flush()
                send(connection, answer)
            except BaseException:
                traceback.print_exc()
            finally:
                leave(0)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        self.jobs.append(Job(pid, connection, request.grace))

    def _stop(self, job: Job) -> None:
        if job.kill_at is None:
            job.kill_at = time.monotonic() + job.grace
            kill_group(job.pid, signal.SIGTERM)

    def _reap(self) -> None:
        """Answer for children that were killed; close connections of those that ended."""
        self.ended = [pid for pid in self.ended if not os.waitpid(pid, os.WNOHANG)[0]]
        for job in list(self.jobs):
            if job.kill_at and time.monotonic() > job.kill_at:
                kill_group(job.pid, signal.SIGKILL)
            pid, status = os.waitpid(job.pid, os.WNOHANG)
            if pid == 0:
                continue
            kill_group(job.pid, signal.SIGKILL)  # what the child may have left behind
            if os.WIFSIGNALED(status):
                with contextlib.suppress(OSError):
                    send(job.connection, Answer("killed", signal=os.WTERMSIG(status)))
            job.connection.close()
            self.jobs.remove(job)
            if not self.listening:
                with contextlib.suppress(OSError):
                    send(self.source, Finished())
