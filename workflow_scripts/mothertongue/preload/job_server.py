"""The process that takes jobs and forks a child for each; the server and the holders are one.

Jobs that compute on a GPU are never forked: each base that is held on a GPU has a process of its
own, started by exec (holder.py).
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
from .bases import key_of
from .messages import receive, receive_with_fds, send
from .work import work

IDLE_SECONDS = 120.0
HOLDERS = 2  # bases held on the CPU at a time
WAIT_SECONDS = 10.0  # for a holder that was told to go
STOPS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)  # Slurm sends any of them to every process


class Job:
    """A running child and the connection of the job that waits for it."""

    def __init__(self, pid: int, connection: socket.socket, grace: float) -> None:
        self.pid = pid
        self.connection = connection
        self.grace = grace
        self.kill_at: float | None = None


class Holder:
    """A process that holds a base, and how many jobs it has been given and not finished."""

    def __init__(self, pid: int, link: socket.socket, devices: list[str]) -> None:
        self.pid = pid
        self.link = link
        self.devices = devices  # GPUs whose memory it takes
        self.waiting = 0
        self.used = time.monotonic()


class Forker:
    """Takes requests from `source` and forks a child for each; the server and holders are one."""

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
        self.holders: dict[str, Holder] = {}
        self.ended: list[int] = []  # holders that were told to go, until they are reaped
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
            watched += [holder.link for holder in self.holders.values()]
            watched += [] if self.leaving else [self.source]
            ready = select.select(watched, [], [], 0.2)[0]
            self._reap()
            for job in self.jobs:
                if job.connection in ready and job.kill_at is None:
                    self._stop(job)  # a waiting job says nothing: it is gone
            self._hear_holders(ready)
            if self.source in ready and not self.leaving:
                if self.listening:
                    self._take(self.source.accept()[0])
                else:
                    self._take_forwarded()
            if self._done():
                for key in list(self.holders):
                    self._dismiss(key)
                return

    def _on_term(self, *_: Any) -> None:
        self.leaving = True
        for job in self.jobs:
            self._stop(job)
        for holder in self.holders.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder.pid, signal.SIGTERM)

    def _done(self) -> bool:
        if self.jobs or any(holder.waiting for holder in self.holders.values()):
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

    # ---- holders

    def _hear_holders(self, ready: list[socket.socket]) -> None:
        for key, holder in list(self.holders.items()):
            if holder.link in ready:
                try:
                    message = receive(holder.link)
                except OSError:
                    message = None
                if message is None:
                    self._dismiss(key)
                else:
                    holder.waiting -= 1

    def _dismiss(self, key: str, *, wait: bool = False) -> None:
        """Let a holder go; with its link closed it ends when its jobs have ended.

        `wait` returns when it has ended, and its memory on a GPU is free.
        """
        holder = self.holders.pop(key)
        holder.link.close()
        if wait:
            deadline = time.monotonic() + WAIT_SECONDS
            while time.monotonic() < deadline:
                if os.waitpid(holder.pid, os.WNOHANG)[0]:
                    return
                time.sleep(0.02)
            with contextlib.suppress(ProcessLookupError):
                os.kill(holder.pid, signal.SIGKILL)
            os.waitpid(holder.pid, 0)
            return
        self.ended.append(holder.pid)

    def _make_room(self, wanted: str | None) -> None:
        """Close idle holders on the CPU until there is room for one more."""
        idle = [k for k, h in self.holders.items() if not (h.devices or h.waiting or k == wanted)]
        for key in sorted(idle, key=lambda key: self.holders[key].used):
            if sum(not holder.devices for holder in self.holders.values()) >= HOLDERS:
                self._dismiss(key)

    def _free(self, devices: list[str], wanted: str | None = None) -> None:
        """Close the holders on some GPUs, but for the wanted one, and wait until they are gone.

        The job that asks for them has leased these devices, so no holder there has work.
        """
        for key, holder in list(self.holders.items()):
            if key != wanted and set(devices) & set(holder.devices):
                self._dismiss(key, wait=True)

    def _forward(self, request: dict, connection: socket.socket, fds: list[int]) -> bool:
        """Pass a job to the process that holds its base; False if there is none to be had."""
        devices = request["devices"]
        key = key_of(request["base"], request["folder"]) + repr(devices)
        if devices:
            self._free(devices, key)
        if key not in self.holders:
            self._make_room(key)
            self._open_holder(key, request, [connection.fileno(), *fds])
        holder = self.holders[key]
        try:
            send(holder.link, {"request": request}, [connection.fileno(), *fds])
        except OSError:
            self._dismiss(key)
            return False
        holder.waiting += 1
        holder.used = time.monotonic()
        connection.close()
        return True

    def _open_holder(self, key: str, request: dict, fds: list[int]) -> None:
        """Start the process that holds a base; `fds` are the job's, which it must not keep open."""
        ours, theirs = socket.socketpair()
        if request["devices"]:
            pid = self._exec_holder(ours, theirs, request)
        else:
            pid = self._fork_holder(ours, theirs, request, fds)
        theirs.close()
        self.holders[key] = Holder(pid, ours, request["devices"])

    def _exec_holder(self, ours: socket.socket, theirs: socket.socket, request: dict) -> int:
        """A fresh Python: CUDA can be started in it, and it frees its memory when it ends."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mothertongue.preload.base_server", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd=request["folder"],
            env=request["environment"] | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        )
        process.returncode = 0  # this class waits for its processes itself
        send(ours, {"base": request["base"]})
        return process.pid

    def _fork_holder(
        self, ours: socket.socket, theirs: socket.socket, request: dict, fds: list[int]
    ) -> int:
        """A copy of this process, whose children share the weights of the base."""
        self._prepare()
        pid = os.fork()
        if pid == 0:
            try:
                from .base_server import hold

                die_with_parent()
                ours.close()
                self._close_inherited()
                for fd in fds:
                    os.close(fd)
                os.chdir(request["folder"])
                if hold(request["base"]):
                    Forker(theirs, listening=False).run()
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
        for holder in self.holders.values():
            holder.link.close()

    # ---- jobs

    def _take(self, connection: socket.socket) -> None:
        """A new job: to its holder, or to a child of this process."""
        try:
            request, fds = receive_with_fds(connection, 2)
        except (OSError, pickle.UnpicklingError, EOFError):
            request, fds = None, []
        if request is None:
            connection.close()
            return
        self.last_work = time.monotonic()
        if request["ancestor"]:
            self.ancestors.add(request["ancestor"])
            self.had_ancestor = True
        try:
            if "free" in request:
                self._free(request["free"])
                with contextlib.suppress(OSError):
                    send(connection, {"state": "done"})
                connection.close()
                return
            if request["base"] is not None and self._forward(request, connection, fds):
                return
            self._make_room(None)
            self._fork(request, connection, fds)
        finally:
            for fd in fds:
                os.close(fd)

    def _take_forwarded(self) -> None:
        """In a holder: a job from the server, or its end."""
        try:
            message, fds = receive_with_fds(self.source, 3)
        except OSError:
            message, fds = None, []
        if message is None:
            self.leaving = True
            return
        connection = socket.socket(fileno=fds[0])
        try:
            self._fork(message["request"], connection, fds[1:])
        finally:
            for fd in fds[1:]:
                os.close(fd)

    def _fork(self, request: dict, connection: socket.socket, fds: list[int]) -> None:
        self._prepare()
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                die_with_parent()
                for number in STOPS:
                    signal.signal(number, signal.SIG_DFL)
                self._close_inherited()
                send(connection, {"state": "started"})
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
        self.jobs.append(Job(pid, connection, request["grace"]))

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
                    send(job.connection, {"state": "killed", "signal": os.WTERMSIG(status)})
            job.connection.close()
            self.jobs.remove(job)
            if not self.listening:
                with contextlib.suppress(OSError):
                    send(self.source, {"finished": True})
