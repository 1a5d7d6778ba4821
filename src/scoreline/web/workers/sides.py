"""Work beside the workers."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import NamedTuple

from scoreline.web.server import DRAIN_SECONDS
from scoreline.web.workers.child import Voice
from scoreline.web.workers.signals import Lifeline, event_of


class SideProcess(NamedTuple):
    """Something that runs as long as the server does, once, whatever the number of workers.

    It is started again when it ends, and asked to end when the last worker has. ``target`` is called after the fork, so
    it opens what it needs itself; it returns when the event is set.
    """

    name: str
    target: Callable[[threading.Event], None]


def attend(side: SideProcess, voice: Voice, lifeline: Lifeline) -> None:
    """Run ``side`` in this process until SIGTERM, or until the supervisor is gone."""
    stop = event_of(signal.SIGTERM)

    def alone() -> None:
        stop.set()
        threading.Event().wait(DRAIN_SECONDS)
        os._exit(1)

    lifeline.watch(alone)
    voice.ready()
    side.target(stop)
