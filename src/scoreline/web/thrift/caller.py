"""Who calls on a connection, and the answers to the calls: whoever the key of the last ``login`` belongs to."""

from __future__ import annotations

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.errors import ScorelineError
from scoreline.serving.active import Active
from scoreline.serving.errors import http_status
from scoreline.serving.plane import Asked, clock
from scoreline.serving.protocols.answered import Answered
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.thrift import messages
from scoreline.serving.protocols.thrift.calls import METHODS, read_key
from scoreline.serving.protocols.thrift.dialect import THRIFT
from scoreline.serving.protocols.thrift.messages import Head
from scoreline.web.ended import Ended
from scoreline.web.endpoint import log_failure
from scoreline.web.reach import check_reach
from scoreline.web.requests import new_request_id
from scoreline.web.service import Service
from scoreline.web.thrift.turn import Turn

LOGIN = "login"
_LOGGED = frozenset((LOGIN, *METHODS))
"""What callers call goes into the log only where it is ours."""


class Caller:
    """The other end of a connection."""

    def __init__(self, service: Service, turn: Turn, origin: str) -> None:
        self._service = service
        self._turn = turn
        self._origin = origin
        self._credential = b""
        self.is_known = False
        """Whether a call of it was let in."""

    async def answer(self, message: bytes) -> bytes:
        """Answer a call; nothing, where nobody waits for an answer. Raises BadRequest for what is no call."""
        head = messages.read_head(message)
        call = _Call(head, message)
        watch = self._service.watch
        watch.n_in_flight += 1
        try:
            answer = await self._login(call) if head.method == LOGIN else await self._ask(call)
        except ScorelineError as error:
            call.error = error
            answer = messages.failure(head, error)
        except Exception as error:
            call.error = log_failure(error, call.request_id)
            answer = messages.failure(head, call.error)
        finally:
            watch.n_in_flight -= 1
        watch.ended(call.ended(self._origin))
        return b"" if head.one_way else answer

    async def _login(self, call: _Call) -> bytes:
        credential = read_key(call.message, call.head).encode()
        await self._service.gate.identify(credential, "score", origin=self._origin)
        self._credential = credential
        self.is_known = True
        return messages.nothing(call.head)

    async def _ask(self, call: _Call) -> bytes:
        service, named = self._service, call.head.deployment
        access = await service.gate.identify(self._credential, "score", origin=self._origin)
        self.is_known = True
        call.space = access.space
        active = service.deployments.route(named, "", access.space, access.deployments)
        check_reach(service.deployments, access, "score", active, named)
        call.active = active
        asked = Asked(
            THRIFT, call.message, active, request_id=call.request_id, caller=self._origin, started_at=call.started_at
        )
        with service.admission.pending(active.full_name):
            found = await self._turn.answer(asked)
        call.n_rows = asked.n_rows
        if isinstance(found, Reply):
            return found.body
        if isinstance(found, Answered):
            call.error = found.error
            return found.reply.body
        raise found


class _Call:
    """A call, and what came of it."""

    def __init__(self, head: Head, message: bytes) -> None:
        self.head = head
        self.message = message
        self.started_at = clock()
        self.request_id = new_request_id()
        self.active: Active | None = None
        self.n_rows: int | None = None
        self.error: ScorelineError | None = None
        self.space = DEFAULT_SPACE
        """The caller's."""

    def ended(self, origin: str) -> Ended:
        return Ended(
            "THRIFT",
            self.head.method if self.head.method in _LOGGED else "?",
            200 if self.error is None else http_status(self.error),
            self.started_at,
            self.request_id,
            origin,
            dialect=THRIFT.name,
            deployment=self.head.deployment,
            active=self.active,
            n_rows=self.n_rows,
            error=None if self.error is None else type(self.error),
            space=self.space,
        )
