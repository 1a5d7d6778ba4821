"""One request on the fast lane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.errors import ScorelineError
from scoreline.serving.plane import Asked
from scoreline.web.asides import Aside
from scoreline.web.fastlane.targets import Target
from scoreline.web.fastlane.terms import SELDOM, Terms
from scoreline.web.gate.credentials import CREDENTIAL_HEADERS, SPACE_HEADER
from scoreline.web.requests import ID_HEADERS, LONGEST_KEY, new_request_id, valid_request_id

if TYPE_CHECKING:
    from scoreline.web.fastlane.protocol import FastLane


_OF_CALL = ID_HEADERS | {b"traceparent", b"x-scoreline-routing-key", SPACE_HEADER}
_NOTHING: list[bytes] = []


class _Nobody:
    """Stands where a task of uvicorn's waits for a message: on the fast lane none does."""

    def set(self) -> None:
        pass


class Call(Asked):
    """A request from its headers to its answer.

    It stands in ``protocol.cycle``, where uvicorn keeps the last request of a connection, and so has the members that
    uvicorn touches there: ``response_complete``, ``disconnected``, ``keep_alive``, ``message_event``. ``active`` is not
    set when there is no such deployment.
    """

    __slots__ = (
        "answer",
        "aside",
        "by",
        "complete",
        "credential",
        "disconnected",
        "error",
        "expects",
        "has_own_id",
        "held",
        "in_thread",
        "keep_alive",
        "more",
        "problem",
        "protocol",
        "response_complete",
        "size",
        "space",
        "started",
        "target",
        "terms",
        "unknown",
        "version",
        "wanted_space",
    )
    message_event = _Nobody()

    def __init__(self, protocol: FastLane, target: Target, *, keep_alive: bool, started_at: float) -> None:
        self.protocol = protocol
        self.target = target
        self.dialect = target.dialect
        self.medium = self.accept = None
        self.caller = protocol.client[0] if protocol.client else ""
        self.request_id = self.key = self.trace = ""
        self.has_own_id = False
        """Whether its caller has given it its id."""
        self.space = DEFAULT_SPACE
        """The caller's: a deployment is found by its name in it."""
        self.by = ""
        """Name of the key or the user; empty: nobody knows."""
        self.version = 0
        """Which version answers; 0: none was chosen."""
        self.keep_alive = keep_alive
        self.started_at = self.whole_at = started_at
        self.n_rows = None
        self.terms: Terms | None = None
        """How it is to be read and answered; None: as usual."""
        self.aside: Aside | None = None
        """What goes with its answer in headers, where its dialect has such."""
        self.error: ScorelineError | None = None
        """Why it is refused before its body is looked at."""
        self.problem: ScorelineError | None = None
        """What is wrong with it, should it be let in."""
        self.credential = b""
        """As it stands in its header; empty: none."""
        self.wanted_space = target.space
        """The space that is asked for; empty: the caller's own."""
        self.unknown = False
        """Whether it is not known yet who asks."""
        self.expects = False
        """Whether the caller still waits for ``100 Continue``."""
        self.body = b""
        self.more: list[bytes] | None = None
        """What came of the body after its first part."""
        self.size = 0
        self.held = 0
        """How many bytes of the body are counted as held by the worker."""
        self.in_thread = False
        """Whether a thread has the body: then it is held until that is done, whether anybody still waits or not."""
        self.complete = False
        """Whether the body is whole."""
        self.started = False
        """Whether its turn has come: requests before it on the connection are the fast lane's too, or answered."""
        self.answer: bytes | None = None
        """The whole answer, waiting for those before it."""
        self.response_complete = False
        self.disconnected = False

    def read_headers(self, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes, list[bytes]]:
        """Take what is said of the call; return content length (-1: not there), content type, headers of ``SELDOM``.

        Of those, names and values follow one another.
        """
        declared, content_type, credential = -1, None, b""
        said: list[bytes] = _NOTHING
        for name, value in headers:
            if name == b"content-type":
                if content_type is None:
                    content_type = value
            elif name == b"content-length":
                declared = int(value)  # the parser has refused what is no number
            elif name in SELDOM:
                if value != b"*/*":
                    said = [*said, name, value]
            elif name in CREDENTIAL_HEADERS:
                credential = credential or value
            elif name in _OF_CALL:
                self._take(name, value)
        self.credential = credential
        self.has_own_id = bool(self.request_id)
        if not self.has_own_id:
            self.request_id = new_request_id()
        return declared, content_type or b"", said

    def _take(self, name: bytes, value: bytes) -> None:
        """Take a header of ``_OF_CALL``: of each the first that says something."""
        if name in ID_HEADERS:
            self.request_id = self.request_id or valid_request_id(value) or ""
        elif name == b"traceparent":
            self.trace = self.trace or value.decode("latin-1")
        elif name == b"x-scoreline-routing-key":
            self.key = self.key or value[:LONGEST_KEY].decode("latin-1")
        elif value and self.wanted_space is self.target.space:
            self.wanted_space = value

    def come_to(self, terms: Terms) -> None:
        """Be read and answered as was agreed."""
        self.terms = terms
        self.medium, self.accept = terms.medium, terms.accept
        if terms.dialect is not None:
            self.dialect = terms.dialect

    @property
    def is_plain(self) -> bool:
        """Whether its head says nothing that is of this call alone, and nothing was wrong with it."""
        own = self.has_own_id or self.trace or self.key
        silent = self.aside is None or self.aside.is_empty
        return self.keep_alive and not own and silent and self.error is None and self.problem is None

    @property
    def goes_to_lane(self) -> bool:
        """Whether the lane answers it, or has: its turn has come, and it is refused, or whole and let in."""
        return self.started and (self.error is not None or (self.complete and not self.unknown))

    def add(self, part: bytes) -> int:
        """Take a part of the body; return how many bytes there are now."""
        if not self.size:
            self.body = part
        elif self.more is None:
            self.more = [part]
        else:
            self.more.append(part)
        self.size += len(part)
        return self.size

    def join_body(self) -> None:
        """Make ``body`` whole, and let its parts go."""
        if self.more is not None:
            self.body = b"".join((self.body, *self.more))
            self.more = None

    def refuse(self, error: ScorelineError) -> None:
        """Answer with ``error``, whatever the body is."""
        self.error = error
        self.body, self.more = b"", None
