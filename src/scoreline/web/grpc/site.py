"""What answers gRPC on all connections of a worker: who calls, what they ask, and the calls of one turn together."""

from __future__ import annotations

import asyncio
from functools import partial

from scoreline.core.errors import BadRequest, Forbidden, ScorelineError
from scoreline.web.compression import unpack, unpack_if_small
from scoreline.web.ended import Ended
from scoreline.web.gate import Known
from scoreline.web.grpc.call import PREFIX_BYTES, Call, too_late
from scoreline.web.grpc.head import OWN, Head, Target, read_head, vary_head
from scoreline.web.grpc.messages import Messages
from scoreline.web.grpc.scoring import Scoring
from scoreline.web.grpc.services import service_targets
from scoreline.web.grpc.status import NO_GRPC, NO_GRPC_HEADERS
from scoreline.web.http2.hpack import Header
from scoreline.web.http2.stream import Exchange, Stream
from scoreline.web.large import LARGE_BODY_BYTES
from scoreline.web.service import Service
from scoreline.web.turn import in_loop


class Grpc:
    """The services."""

    own_headers = OWN

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        self.admission, self.watch, self._gate = service.admission, service.watch, service.gate
        self._loop = loop
        messages = Messages()
        scoring = Scoring(service, messages, loop)
        self._targets: dict[bytes, Target] = {
            target.path.encode(): target for target in (scoring.target, *service_targets(service, messages))
        }

    def read_head(self, headers: list[Header]) -> Head:
        """Read the headers of a request."""
        return read_head(headers, self._targets)

    def vary_head(self, head: Head, own: list[Header]) -> Head:
        """Return the same with headers of one call."""
        return vary_head(head, own)

    def begin(self, stream: Stream, head: Head) -> Exchange:
        """Begin a call, or answer at once what is none."""
        connection = stream.connection
        call = Call(self, stream, head, connection.origin)
        self.watch.n_in_flight += 1
        stream.declared = head.declared
        if not head.is_grpc:
            self._turn_away(call)
            return call
        if self.watch.tracing is not None:
            self._begin_span(call)
        if head.problem is not None or head.target is None:
            call.refuse(head.problem or BadRequest("there is no such method"))
        elif head.target.needs == "nothing":
            call.is_admitted = True
        else:
            known = self._gate.known(head.credential, head.space)
            if known is not None:
                self._let_in(call, known)
            else:
                call.wait()
                found = self._gate.look_up(head.credential, head.space, call.caller, self._loop)
                found.add_done_callback(partial(self._looked_up, call))
        return call

    def _begin_span(self, call: Call) -> None:
        head = call.head
        scope = {
            "method": "POST",
            "scheme": "grpc",
            "path": head.path,
            "request_id": call.request_id,
            "client": (call.caller, 0),
            "headers": [header for header in head.headers if not header[0].startswith(b":")],
        }
        call.span = self.watch.begin_scope(scope, call.started_at)
        call.trace = call.span.traceparent

    def _turn_away(self, call: Call) -> None:
        connection, stream = call.stream.connection, call.stream
        connection.start(stream, NO_GRPC_HEADERS)
        if (b":method", b"HEAD") not in call.head.headers:
            connection.push(stream, NO_GRPC)
        connection.finish(stream, b"")
        call.close()
        ended = Ended("POST", call.head.path, 415, call.started_at, call.request_id, call.caller)
        self.watch.ended(ended)

    def _looked_up(self, call: Call, found: asyncio.Future[Known]) -> None:
        if call.is_done or found.cancelled():
            return
        self._let_in(call, found.result())
        body, call.body = call.body, b""
        if body and not call.is_done:
            self.ask(call, body)
        call.stream.connection.flush()

    def _let_in(self, call: Call, known: Known) -> None:
        call.by = known.name
        try:
            call.access = known.admit(call.target.needs)
        except Forbidden as error:
            self._gate.note_refusal(known, call.target.needs, f"POST {call.target.path}", call.caller)
            call.refuse(error)
        except ScorelineError as error:
            call.refuse(error)
        else:
            call.space, call.reached, call.is_admitted = call.access.space, known.reached, True
            call.stream.connection.is_known = True

    def ask(self, call: Call, body: bytes) -> None:
        """Answer a call of which the body is whole, or one of its messages."""
        try:
            if not call.is_admitted:
                call.hold(len(body))
                call.body = body
            elif call.is_late:
                call.refuse(too_late())
            elif int.from_bytes(body[1:PREFIX_BYTES]) != len(body) - PREFIX_BYTES or body[0] > 1:
                call.refuse(BadRequest("the body is no message of gRPC", hint="send one, behind its length"))
            else:
                self._ask(call, body)
        except Exception as error:
            call.refuse(error)

    def _ask(self, call: Call, body: bytes) -> None:
        if len(body) >= LARGE_BODY_BYTES:
            call.hold(len(body))
            call.wait()
        if not body[0]:
            call.target.ask(call, body[PREFIX_BYTES:])
            return
        if call.head.encoding != "gzip":
            raise BadRequest("the message is packed, and `grpc-encoding` says that it is not", hint="send gzip")
        limit = self.admission.body_bytes
        message, encoding = unpack_if_small("gzip", body[PREFIX_BYTES:], limit)
        if encoding:
            call.work_in_thread(self._unpack_large, message, limit)
        else:
            call.target.ask(call, message)

    def _unpack_large(self, call: Call, packed: bytes, limit: int) -> None:
        try:
            found: bytes | Exception = unpack("gzip", packed, limit)
        except Exception as error:
            found = error
        in_loop(self._loop, self._unpacked, call, found)

    def _unpacked(self, call: Call, found: bytes | Exception) -> None:
        call.rest()
        if call.is_done:
            return
        if isinstance(found, Exception):
            call.refuse(found)
        else:
            try:
                call.hold(len(found))
                call.target.ask(call, found)
            except Exception as error:
                call.refuse(error)
        call.stream.connection.flush()
