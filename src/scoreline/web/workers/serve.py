"""Serve with n workers; where processes cannot fork, with this one."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

from scoreline.core.errors import BadSetting
from scoreline.web.secure import Secure
from scoreline.web.server import run
from scoreline.web.workers.sides import SideProcess
from scoreline.web.workers.supervisor import Supervisor
from scoreline.web.workers.worker import Application, Worker

STUCK_SECONDS = 30.0
"""How long a worker's event loop may stand still, by default."""


def serve(
    application: Application,
    listening: socket.socket,
    *,
    secure: Secure | None = None,
    n_workers: int = 1,
    stuck_seconds: float = STUCK_SECONDS,
    ready: Callable[[str], None] | None = None,
    died: Callable[[int], None] | None = None,
    sides: Sequence[SideProcess] = (),
) -> None:
    """Answer on ``listening``, and by TLS on ``secure``, until SIGINT or SIGTERM; finish what was accepted and return.

    This process becomes the supervisor: it must have no thread, no connection and no session of ONNX Runtime, and must
    have imported what the workers need, so that they share it and are there at once. ``ready`` is called with the URL
    once all workers answer; ``died`` with the pid of each worker that has ended, for whatever reason. A worker whose
    event loop does not turn for ``stuck_seconds`` is ended and replaced; 0: never.

    Raises Unavailable when no worker could start, KeyboardInterrupt when a second SIGINT ended them before they had
    finished, BadSetting when there can be no more than one worker here.
    """
    if hasattr(os, "fork"):
        Supervisor(
            application,
            listening,
            secure=secure,
            n_workers=n_workers,
            stuck_seconds=stuck_seconds,
            ready=ready,
            died=died,
            sides=sides,
        ).run()
        return
    if n_workers > 1:
        listening.close()
        raise BadSetting("more than one worker needs a system that forks processes", hint="leave --workers at 1")
    with _threads(sides), application(Worker.here()) as app:
        run(app, listening, secure=secure, ready=ready)


@contextlib.contextmanager
def _threads(sides: Sequence[SideProcess]) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=side.target, args=(stop,), name=f"scoreline-{side.name}") for side in sides]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
