"""Calls that are read in one turn of the event loop are scored together at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.large import large_bodies

N_TOGETHER = 256

CallT = TypeVar("CallT", bound=Asked)
Finish = Callable[[Sequence[CallT], Sequence[Reply | Exception]], None]
"""Is given, in the event loop, calls and their answers or errors."""


class Turn(Generic[CallT]):
    """The calls of one turn. Those that are large are answered in threads."""

    def __init__(self, plane: Plane, finish: Finish[CallT], is_large: Callable[[CallT], bool]) -> None:
        self._plane = plane
        self._finish = finish
        self.is_large = is_large
        self._waiting: list[CallT] = []

    def add(self, call: CallT, loop: asyncio.AbstractEventLoop) -> None:
        """Answer ``call`` at the end of this turn, or in a thread. Raises Unavailable where that has too much to do."""
        if self.is_large(call):
            large_bodies.submit(self._answer_large, call, loop)
            return
        if not self._waiting:
            loop.call_soon(self._end, loop)
        self._waiting.append(call)

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        calls, self._waiting = self._waiting[:N_TOGETHER], self._waiting[N_TOGETHER:]
        if self._waiting:
            loop.call_soon(self._end, loop)
        self._finish(calls, self._plane.answer(calls))

    def _answer_large(self, call: CallT, loop: asyncio.AbstractEventLoop) -> None:
        in_loop(loop, self._finish, (call,), self._plane.answer((call,)))


def in_loop(loop: asyncio.AbstractEventLoop, what: Callable[..., None], *arguments: Any) -> None:
    """Go on in the event loop, from a thread."""
    try:
        loop.call_soon_threadsafe(what, *arguments)
    except RuntimeError:
        return  # the server gave up waiting, and its loop is closed
