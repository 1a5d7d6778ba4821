"""Requests that came in one turn of the event loop are answered together, as on the fast lane."""

from __future__ import annotations

import asyncio

from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.large import LARGE_BODY_BYTES, large_bodies

N_TOGETHER = 256
"""Requests that are answered together at most; the event loop turns before the next ones."""


class Turns:
    """Answers requests at the end of the turn in which they came; a large one in a thread."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._waiting: list[tuple[Asked, asyncio.Future[Reply]]] = []

    async def answer(self, asked: Asked, n_bytes: int) -> Reply:
        """Answer a request whose message has so many bytes. Raises ScorelineError."""
        loop = asyncio.get_running_loop()
        if n_bytes >= LARGE_BODY_BYTES:
            return await loop.run_in_executor(large_bodies, self._plane.answer_one, asked)
        found: asyncio.Future[Reply] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._end_turn, loop)
        self._waiting.append((asked, found))
        return await found

    def _end_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        turn, self._waiting = self._waiting[:N_TOGETHER], self._waiting[N_TOGETHER:]
        if self._waiting:
            loop.call_soon(self._end_turn, loop)
        turn = [each for each in turn if not each[1].done()]  # whose caller has gone, or whose time is over
        if not turn:
            return
        answers = self._plane.answer([asked for asked, _ in turn])
        for (_, found), answer in zip(turn, answers, strict=True):
            if isinstance(answer, Exception):
                found.set_exception(answer)
            else:
                found.set_result(answer)
