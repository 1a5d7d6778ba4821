"""The gate of the ASGI way: finds out who asks, and whether they may."""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request

from scoreline.core.access import ANYONE, Access, Needs

GATE = "gate"
"""Under this name a request's scope has the gate."""


class Gate(Protocol):
    """Lets requests in."""

    async def admit(self, request: Request, needs: Needs) -> Access:
        """Return who sends ``request``; where it needs ``nothing``, that is anyone.

        Raises Unauthenticated when it says not who, and Forbidden when whoever it is may not do so in their space.
        """
        ...


class OpenGate:
    """Lets everyone in, to do anything."""

    async def admit(self, request: Request, needs: Needs) -> Access:
        return ANYONE
