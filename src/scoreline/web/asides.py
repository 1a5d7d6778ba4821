"""Headers that a dialect reads of a request and tells beside its answer, on both ways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec
from starlette.requests import Request

from scoreline.serving.plane import clock
from scoreline.serving.protocols.dialect import Dialect, InHeaders, Outcome, Reply, Where

ASIDE = "aside"
"""Under this name a request's scope has its aside, where its dialect has any."""


class Aside:
    """What one request says in headers of its dialect. Only dialects that are ``InHeaders`` have one."""

    __slots__ = ("_dialect", "_said", "_started_at")

    def __init__(self, dialect: InHeaders, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        heeds = dialect.heeds
        self._started_at = clock()
        self._dialect = dialect
        self._said = {name: value for name, value in headers if name in heeds}

    @property
    def is_empty(self) -> bool:
        """Whether the request says nothing in them."""
        return not self._said

    def check(self, path: str, where: Where) -> Where:
        """Return which deployment is meant, at an address that means ``where`` by itself.

        Raises HeaderTooLarge or BadRequest where the dialect refuses what is said.
        """
        self._dialect.check_headers(self._said)
        return self._dialect.meant(self._said, path, where) if self._said else where

    def tell(self, reply: Reply, request_id: str, version: int) -> Reply:
        """Return the answer with the headers that the dialect tells."""
        outcome = Outcome(reply.status, request_id, version, clock() - self._started_at)
        told = self._dialect.answer_headers(self._said, outcome)
        return msgspec.structs.replace(reply, headers=(*reply.headers, *told)) if told else reply


def meant_by(request: Request) -> Where:
    """Return which deployment a request means. Raises what its dialect refuses of its headers."""
    aside: Aside | None = request.scope.get(ASIDE)
    where = Where(request.path_params.get("name"), request.path_params.get("version"))
    return where if aside is None else aside.check(request.scope["path"], where)


def in_headers(dialect: Dialect) -> InHeaders | None:
    """Return the dialect where it reads headers."""
    return cast("InHeaders", dialect) if hasattr(dialect, "heeds") else None
