"""Requests that take long are answered in threads, so that they do not hold up the others."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from scoreline.core.errors import Unavailable
from scoreline.serving.media.medium import Medium
from scoreline.web.memory import give_back

LARGE_BODY_BYTES = 64 * 1024
"""A body of this size takes milliseconds, …"""
N_MANY_ROWS = 1000
"""… and so does one of so many rows, however short they are."""
N_LARGE_AT_ONCE = 2
N_LARGE_WAITING = 1024
"""Their bodies count as held, so that many small ones may wait and few huge ones."""

LEAST_LARGE_BYTES = 3 * N_MANY_ROWS
"""Nothing smaller is large: ``{},`` is the shortest row."""


def is_large(body: bytes, medium: Medium | None = None, accept: Medium | None = None) -> bool:
    """Whether a body, written in ``medium`` and to be answered in ``accept``, is to be answered in a thread."""
    n_bytes = len(body)
    if medium is not None or accept is not None:
        if n_bytes >= LARGE_BODY_BYTES or (accept is not None and not accept.is_quick_to_write):
            return True
        if medium is not None:
            return not medium.is_quick(body)
    if n_bytes >= LARGE_BODY_BYTES:
        return True
    return n_bytes >= LEAST_LARGE_BYTES and body.count(b"{") + body.count(b"[") > N_MANY_ROWS


class _Threads(ThreadPoolExecutor):
    """Refuses what would wait too long, instead of letting any number wait."""

    def __init__(self) -> None:
        super().__init__(N_LARGE_AT_ONCE, "scoreline-large")
        self._places = threading.Semaphore(N_LARGE_AT_ONCE + N_LARGE_WAITING)

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        if not self._places.acquire(blocking=False):
            raise Unavailable(
                f"{N_LARGE_WAITING} large requests wait to be answered, as many as may",
                hint="send it again in a moment, or send fewer rows a request",
            )
        future = super().submit(fn, *arguments, **named)
        future.add_done_callback(lambda _: self._places.release())
        return future


large_bodies = _Threads()
"""Shared by both ways in. Submitting raises Unavailable while too many wait."""


def give_back_soon() -> None:
    """Give memory back from one of the threads, unless they have so much to do that it will be needed again."""
    with contextlib.suppress(Unavailable):
        large_bodies.submit(give_back)
