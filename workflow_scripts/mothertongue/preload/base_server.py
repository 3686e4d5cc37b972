"""The process that loads a base once and serves the jobs that need it.

On a CPU it is forked from the job server, which has imported the libraries, and forks a child for
each job. On a GPU it is a Python of its own (`python -m mothertongue.preload.base_server FD`), because
a process in which CUDA has started cannot be forked, and does its jobs itself, one at a time.
"""

import contextlib
import gc
import os
import queue
import socket
import sys
import threading
import traceback

from ..process.children import die_with_parent
from .messages import Answer, Finished, Load, Request, receive, receive_with_fds, send
from .registry import keep
from .work import work


def load(wanted: Load) -> bool:
    """Load a base and hold it; False, with the reason in this process's log, if that fails.

    Jobs then load it themselves and report what is wrong.
    """
    import torch

    torch.set_num_threads(1)
    try:
        keep(wanted.key, wanted.base.load())
    except BaseException:
        traceback.print_exc()
        return False
    gc.collect()
    gc.freeze()
    return True


def _serve_in_this_process(link: socket.socket) -> None:
    """On a GPU: one job at a time; a job that comes while another runs is declined."""
    busy = threading.Lock()
    talking = threading.Lock()
    jobs: queue.Queue[tuple[Request, socket.socket, list[int]]] = queue.Queue()

    def finished(connection: socket.socket, answer: Answer, fds: list[int]) -> None:
        with contextlib.suppress(OSError):
            send(connection, answer)
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        for fd in fds:
            os.close(fd)
        with talking, contextlib.suppress(OSError):
            send(link, Finished())

    def listen() -> None:
        while True:
            request: Request | None = None
            fds: list[int] = []
            with contextlib.suppress(OSError):
                request, fds = receive_with_fds(link, 3)
            if request is None:  # the job server is gone or wants this process to go
                busy.acquire()
                os._exit(0)
            connection = socket.socket(fileno=fds[0])
            if busy.acquire(blocking=False):
                jobs.put((request, connection, fds[1:]))
            else:
                finished(connection, Answer("declined"), fds[1:])

    def watch(connection: socket.socket, over: threading.Event) -> None:
        with contextlib.suppress(OSError):
            connection.recv(1)  # returns when the job's process goes away, or at its end
        if not over.is_set():
            os._exit(137)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        request, connection, fds = jobs.get()
        over = threading.Event()
        send(connection, Answer("started"))
        threading.Thread(target=watch, args=(connection, over), daemon=True).start()
        saved = os.dup(1), os.dup(2)
        answer = work(request, fds)
        sys.stdout.flush()
        sys.stderr.flush()
        for number, fd in enumerate(saved, start=1):
            os.dup2(fd, number)
            os.close(fd)
        over.set()
        finished(connection, answer, fds)
        if answer.state == "error":  # such as a CUDA error: the next job starts afresh
            os._exit(1)
        busy.release()


def main() -> None:
    """Load the base that the first message names, on this process's GPU, and serve its jobs."""
    die_with_parent()
    link = socket.socket(fileno=int(sys.argv[1]))
    wanted: Load | None = receive(link)
    if wanted is not None and load(wanted):
        _serve_in_this_process(link)


if __name__ == "__main__":
    main()
