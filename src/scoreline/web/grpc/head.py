"""What the headers of a call say. They are read once for all calls of a connection that have the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from scoreline.core.access import Needs
from scoreline.core.errors import BadRequest, ScorelineError, Unsupported
from scoreline.web.gate import credentials
from scoreline.web.http2.hpack import Header
from scoreline.web.requests import LONGEST_KEY, valid_request_id

if TYPE_CHECKING:
    from scoreline.web.grpc.call import Call

ENCODINGS = ("identity", "gzip")
LONGEST_PATH = 200
"""What callers ask for goes into the log, up to so many characters."""
_TIMEOUT = re.compile(rb"([0-9]{1,8})([HMSmun])")
_UNITS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}


class Target(NamedTuple):
    """A method that can be called."""

    path: str
    route: str
    needs: Needs
    ask: Callable[[Call, bytes], None]
    """Is given a call, and its message or each of them."""
    dialect: Any = None
    """Where it scores."""
    name: None = None
    """The deployment, which stands in the message and not in the address."""
    is_stream: bool = False
    """Whether a caller may send any number of messages."""
    verb: str = "POST"
    """How the log calls what is asked of it."""


class Head(NamedTuple):
    """The headers of a call."""

    target: Target | None
    """None: there is no such method, or it is no call."""
    path: str
    problem: ScorelineError | None
    """What is wrong with it."""
    is_grpc: bool
    credential: bytes
    space: bytes
    key: str
    encoding: str
    headers: list[Header]
    request_id: str = ""
    """Empty: the caller gives it none."""
    trace: str = ""
    timeout: float | None = None
    """In seconds."""
    declared: int = -1
    """How long its body will be; -1: the caller has not said it."""


OWN = frozenset((b"grpc-timeout", b"x-request-id", b"traceparent", b"tracestate", b"content-length"))
"""Headers that a call may have for itself."""


def read_head(headers: list[Header], targets: Mapping[bytes, Target]) -> Head:
    """Read the headers that calls share."""
    said = dict(reversed(headers))
    path = said.get(b":path", b"")
    target = targets.get(path)
    problem: ScorelineError | None = None
    content_type = said.get(b"content-type", b"")
    encoding = said.get(b"grpc-encoding", b"identity").decode("latin-1")
    if said.get(b":method") != b"POST":
        problem = BadRequest("a call of gRPC is a POST", hint="use a gRPC client")
    elif target is None:
        problem = Unsupported(f"there is no method `{_text(path)}`", hint="server reflection lists the methods")
    elif encoding not in ENCODINGS:
        text = f"`{encoding[:100]}` is no encoding that is read here"
        problem = Unsupported(text, hint=f"one of {', '.join(ENCODINGS)}")
    credential, space = credentials.find(headers, b"")
    return Head(
        target=target,
        path=_text(path),
        problem=problem,
        is_grpc=content_type.partition(b"+")[0].partition(b";")[0] == b"application/grpc",
        credential=credential,
        space=space,
        key=said.get(b"x-scoreline-routing-key", b"")[:LONGEST_KEY].decode("latin-1"),
        encoding=encoding,
        headers=headers,
    )


def vary_head(head: Head, own: list[Header]) -> Head:
    """Add what a call says of itself alone."""
    said = dict(reversed(own))
    length, given = said.get(b"content-length", b""), said.get(b"x-request-id")
    timeout, problem = said.get(b"grpc-timeout"), head.problem
    seconds = None
    if timeout is not None:
        try:
            seconds = _seconds(timeout)
        except BadRequest as error:
            problem = problem or error
    return head._replace(
        problem=problem,
        timeout=seconds,
        request_id=(valid_request_id(given) if given else None) or "",
        trace=said.get(b"traceparent", b"").decode("latin-1"),
        declared=int(length) if length.isdigit() and len(length) < 20 else -1,
        headers=head.headers + own,
    )


def _seconds(timeout: bytes) -> float:
    found = _TIMEOUT.fullmatch(timeout)
    if found is None:
        raise BadRequest(
            "`grpc-timeout` is no number of up to 8 digits and a unit", hint="such as 500m for half a second"
        )
    return int(found[1]) * _UNITS[found[2]]


def _text(path: bytes) -> str:
    text = path[:LONGEST_PATH].decode("latin-1")
    return text if text.isprintable() else text.encode("unicode_escape").decode()
