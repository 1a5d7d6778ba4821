"""What stands on every way in, and the gate that is open to all."""

from __future__ import annotations

import asyncio
from typing import Protocol

from starlette.requests import Request

from scoreline.core.access import ANYONE, Access, Needs
from scoreline.core.errors import Forbidden
from scoreline.web.gate.passes import Guest, Pass, Stranger

GATE = "gate"
"""Under this name a request's scope has the gate, …"""
BY = "by"
"""… and the name of the key or the user, where one was found, whether they may come in or not."""

Known = Pass | Stranger
"""What was found out about a credential."""


class Gate(Protocol):
    """Lets requests in."""

    @property
    def open_to(self) -> Access | None:
        """What who sends no key, or one that does not hold, may do; None: nothing."""
        ...

    async def admit(self, request: Request, needs: Needs, *, anywhere: bool = False) -> Access:
        """Return who sends ``request``; where it needs ``nothing``, nobody asks who that is.

        ``anywhere``: a right in any space is enough, and the view asks ``check_reach``.

        Raises Unauthenticated when it says not who, Forbidden when whoever it is may not do so in the space that is
        meant, NotFound when there is no such space for them, TooManyRequests when they send more than they may.
        """
        ...

    def known(self, credential: bytes, space: bytes) -> Known | None:
        """Return what is known of a credential in a space (empty: its own); None: ``look_up`` finds it out.

        ``credential`` is a key, a token, or what a header of HTTP would hold.
        """
        ...

    def look_up(
        self, credential: bytes, space: bytes, origin: str, loop: asyncio.AbstractEventLoop
    ) -> asyncio.Future[Known]:
        """Find it out in a thread, and say so in ``loop``. ``origin`` is the address of the caller."""
        ...

    def note_refusal(self, known: Known, needs: Needs, asked: str, origin: str) -> None:
        """Have it recorded that a caller who is ``known``, and let in by its ``admit`` or not, may not do so."""
        ...

    def start(self) -> None:
        """Follow what changes, until ``close``."""
        ...

    def close(self) -> None: ...


class OpenGate:
    """Knows nobody: all may see and score, and nobody may change anything. For an application without keys."""

    open_to = ANYONE

    def __init__(self) -> None:
        self._everyone = Guest(
            ANYONE, Forbidden("nobody may change anything here", hint="the server was made without a gate for keys")
        )

    async def admit(self, request: Request, needs: Needs, *, anywhere: bool = False) -> Access:
        return self._everyone.admit(needs)

    def known(self, credential: bytes, space: bytes) -> Known | None:
        return self._everyone

    def look_up(
        self, credential: bytes, space: bytes, origin: str, loop: asyncio.AbstractEventLoop
    ) -> asyncio.Future[Known]:
        found: asyncio.Future[Known] = loop.create_future()
        found.set_result(self._everyone)
        return found

    def note_refusal(self, known: Known, needs: Needs, asked: str, origin: str) -> None:
        pass

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass
