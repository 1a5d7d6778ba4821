"""A request, and what came of it."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from starlette.types import Scope

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.errors import ScorelineError
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked
from scoreline.web.gate import BY

GONE = 499
"""The status of a request whose caller left before it was whole; nginx has it so."""


class Ended(NamedTuple):
    """A request that has its answer, or will have none."""

    method: str
    path: str
    status: int
    started_at: float
    """On the plane's clock."""
    request_id: str
    caller: str
    trace: str = ""
    """The ``traceparent`` that it came with or, where spans are made, that of its span."""
    route: str = ""
    """The path with names in place of values; empty: nothing is there."""
    dialect: str = ""
    """Empty: it is no score request."""
    deployment: str | None = None
    """The one that was asked for, whether there is such a one or not; None: the default one."""
    active: Active | None = None
    n_rows: int | None = None
    """How many rows were scored for it; None: no run has answered it."""
    error: type[ScorelineError] | None = None
    """What kind of error was the answer."""
    space: str = DEFAULT_SPACE
    """The caller's."""
    by: str = ""
    """Name of the key or the user; empty: nobody knows."""


class Meant(Protocol):
    """What a call that scores asks for, as its address or its message says. It can be hashed."""

    @property
    def verb(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def dialect(self) -> Any: ...
    @property
    def name(self) -> str | None: ...


class Scored(Protocol):
    """A call of any way in that reads calls of its own, and not by ASGI."""

    active: Active
    request_id: str
    caller: str
    trace: str
    span: Any
    started_at: float
    n_rows: int | None
    space: str
    by: str

    @property
    def target(self) -> Meant: ...


def of_call(call: Scored, status: int, error: ScorelineError | None = None) -> Ended:
    """Return what came of a call."""
    target = call.target
    return Ended(
        target.verb,
        target.path,
        status,
        call.started_at,
        call.request_id,
        call.caller,
        call.trace,
        target.route,
        target.dialect.name,
        target.name,
        getattr(call, "active", None),
        call.n_rows,
        None if error is None else type(error),
        call.space,
        call.by,
    )


def of_scope(scope: Scope, path: str, status: int, started_at: float) -> Ended:
    """Return what came of a request that ASGI describes so, and the endpoint that has answered it."""
    asked: Asked | None = scope.get("asked")
    route = scope.get("route")
    client = scope.get("client")
    return Ended(
        scope["method"],
        path,
        status,
        started_at,
        scope["request_id"],
        client[0] if client else "",
        header(scope, b"traceparent"),
        getattr(route, "path", ""),
        scope.get("dialect", ""),
        scope.get("path_params", {}).get("name"),
        scope.get("active"),
        asked.n_rows if asked is not None else None,
        scope.get("error"),
        scope["access"].space if "access" in scope else DEFAULT_SPACE,
        scope.get(BY, ""),
    )


def header(scope: Scope, name: bytes) -> str:
    """Return the first header of this name (lower case); empty: there is none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
