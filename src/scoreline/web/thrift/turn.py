"""Calls that are read in one turn of the event loop are scored together at its end."""

from __future__ import annotations

import asyncio

from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.large import large_bodies

LARGE_MESSAGE_BYTES = 16 * 1024
"""A message of this size is answered in a thread: it holds hundreds of rows."""
N_TOGETHER = 256


class Turn:
    """The calls of one turn."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._waiting: list[tuple[Asked, asyncio.Future[Reply | Exception]]] = []

    async def answer(self, asked: Asked) -> Reply | Exception:
        """Return the answer, or its error."""
        loop = asyncio.get_running_loop()
        if len(asked.body) >= LARGE_MESSAGE_BYTES:
            return (await loop.run_in_executor(large_bodies, self._plane.answer, (asked,)))[0]
        future: asyncio.Future[Reply | Exception] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._end)
        self._waiting.append((asked, future))
        return await future

    def _end(self) -> None:
        waiting, self._waiting = self._waiting[:N_TOGETHER], self._waiting[N_TOGETHER:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._end)
        answers = self._plane.answer([asked for asked, _ in waiting])
        for (_, future), answer in zip(waiting, answers, strict=True):
            if not future.done():  # nobody waits for it any more
                future.set_result(answer)
