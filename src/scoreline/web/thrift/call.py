"""One call, and what came of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.errors import ScorelineError
from scoreline.serving.errors import http_status
from scoreline.serving.plane import Asked, clock
from scoreline.serving.protocols.answered import Answered
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.thrift import messages
from scoreline.serving.protocols.thrift.calls import METHODS
from scoreline.serving.protocols.thrift.dialect import THRIFT, Thrift
from scoreline.serving.protocols.thrift.messages import Head
from scoreline.web.admission import Body
from scoreline.web.ended import Ended, of_call
from scoreline.web.endpoint import log_failure
from scoreline.web.requests import new_request_id

if TYPE_CHECKING:
    from scoreline.web.thrift.connection import Connection

LOGIN = "login"
_LOGGED = frozenset((LOGIN, *METHODS))
"""What callers call goes into the log only where it is ours."""


class Target(NamedTuple):
    """What is called, as the log tells it."""

    path: str
    """The method, where it is ours: callers write what they like."""
    name: str | None
    """Name of the deployment; None for the default one."""
    route: str = ""
    dialect: Thrift = THRIFT
    verb: str = "THRIFT"


@lru_cache(maxsize=256)
def _target(method: str, deployment: str | None) -> Target:
    return Target(method if method in _LOGGED else "?", deployment)


class Call(Asked):
    """A call from its message to its answer. ``active`` is not set where there is no such deployment."""

    __slots__ = ("answer", "by", "connection", "error", "framed", "head", "held", "is_counted", "space", "target")

    def __init__(self, connection: Connection, head: Head, message: bytes, held: Body | None, *, framed: bool) -> None:
        self.connection = connection
        self.head = head
        self.held = held
        """Its bytes, where they are counted."""
        self.framed = framed
        """Whether it came in a frame."""
        self.answer: bytes | None = None
        """The message that it is answered with; None: it is not answered yet."""
        self.error: ScorelineError | None = None
        """What its answer tells instead of scores."""
        self.space = DEFAULT_SPACE
        """The caller's."""
        self.by = ""
        """Name of the caller's key or user; empty: nobody knows."""
        self.target = _target(head.method, head.deployment)
        self.is_counted = False
        """Whether it counts among those that its deployment has to answer."""
        self.dialect = THRIFT
        self.body = message
        self.caller = connection.origin
        self.medium = self.accept = None
        self.key = self.trace = ""
        self.n_rows = None
        self.request_id = new_request_id()
        self.started_at = self.whole_at = clock()

    @property
    def is_login(self) -> bool:
        """Whether it says who calls."""
        return self.head.method == LOGIN

    @property
    def asked(self) -> str:
        """What it asks for, as the audit log names it."""
        return f"THRIFT {f'{named}:' if (named := self.head.deployment) else ''}{self.target.path}"

    def take(self, found: Reply | Exception) -> None:
        """Take the answer, or the error that is to be told."""
        if isinstance(found, Reply):
            self.answer = messages.answer(self.head, found.body)
        elif isinstance(found, Answered):
            self.error, self.answer = found.error, found.reply.body
        else:
            self.error = found if isinstance(found, ScorelineError) else log_failure(found, self.request_id)
            self.answer = messages.failure(self.head, self.error)

    def written(self) -> bytes:
        """Return what is sent for it; nothing, where nobody waits for an answer."""
        answer = self.answer or b""
        if not answer or self.head.one_way:
            return b""
        return len(answer).to_bytes(4) + answer if self.framed else answer

    def ended(self) -> Ended:
        """Return what came of it."""
        return of_call(self, 200 if self.error is None else http_status(self.error), self.error)
