"""What the connections of a server share: where the lane leads, the requests of one turn, the watch over the slow."""

from __future__ import annotations

import asyncio
from bisect import bisect
from collections.abc import Callable, Mapping, MutableSet, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Any

from uvicorn.server import ServerState

from scoreline.app.data_sets import NO_FOLDER, DataFolder
from scoreline.core.errors import ScorelineError, TooManyRequests, Unavailable
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.plane import Plane, clock
from scoreline.serving.protocols.answered import Answered
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.admission import Admission
from scoreline.web.arrivals import STRAIGHT, Arrivals
from scoreline.web.compression import unpack, unpack_if_small
from scoreline.web.cors import Cors
from scoreline.web.endpoint import log_failure, refusal
from scoreline.web.fastlane.call import Call
from scoreline.web.fastlane.connections import Connections
from scoreline.web.fastlane.heads import Heads, UnknownHeads
from scoreline.web.fastlane.response import Responses
from scoreline.web.fastlane.targets import Targets
from scoreline.web.gate import Gate
from scoreline.web.large import LARGE_BODY_BYTES, LEAST_LARGE_BYTES, is_large, large_bodies
from scoreline.web.media import DialectMedia
from scoreline.web.named_files import names_file, put_file
from scoreline.web.watch import Watch

N_TOGETHER = 256
"""Requests that are answered together at most; the event loop turns before the next ones."""
TOGETHER_BYTES = 2 * LARGE_BODY_BYTES
"""And so many bytes of theirs."""
PACKED_IN_THREAD_BYTES = 8 * 1024
"""The answers to bodies of this size take time to pack."""


Http2 = Callable[[asyncio.AbstractEventLoop, MutableSet[Any]], asyncio.Protocol]


class Lane:
    """Answers the requests that were read in one turn of the event loop together, at the end of the turn."""

    def __init__(
        self,
        deployments: ActiveDeployments,
        plane: Plane,
        admission: Admission,
        watch: Watch,
        media: Mapping[str, DialectMedia],
        gate: Gate,
        cors: Cors | None = None,
        aliases: Mapping[str, str] = {},
        data_folder: DataFolder = NO_FOLDER,
        arrivals: Arrivals = STRAIGHT,
        http2: Http2 | None = None,
    ) -> None:
        self.deployments = deployments
        self.admission = admission
        self.watch = watch
        self.gate = gate
        self.targets = Targets(media, cors, aliases)
        self.connections = Connections()
        self.arrivals = arrivals
        self.heads, self.unknown_heads = Heads(), UnknownHeads()
        self.http2 = http2
        """Makes the protocol of a connection that speaks HTTP/2."""
        watch.n_calls = lambda: self.connections.n_calls
        self._counts_pending = admission.counts_pending
        self._plane = plane
        self._data_folder = data_folder
        self._calls: list[Call] = []
        self._responses: Responses | None = None

    def responses(self, server_state: ServerState) -> Responses:
        """Return the writer of answers that all connections share."""
        if self._responses is None:
            self._responses = Responses(server_state)
        return self._responses

    def add(self, call: Call) -> None:
        """Answer ``call``, which is whole or refused, at the end of this turn; a large one in a thread."""
        if call.error is None:
            if self._counts_pending:
                self._count(call)
            is_slow = call.size >= LEAST_LARGE_BYTES or (call.terms is not None and call.terms.is_slow)
            if (is_slow or call.target.may_name_file) and self._goes_to_thread(call):
                return
        if not self._calls:
            call.protocol.loop.call_soon(self._end_turn)
        self._calls.append(call)

    def _count(self, call: Call) -> None:
        try:
            self.admission.begin(call.active.full_name)
        except TooManyRequests as error:
            call.refuse(error)

    def _goes_to_thread(self, call: Call) -> bool:
        """Have a large call answered in a thread. One that cannot wait for it is refused."""
        if call.error is not None:
            return False
        try:
            if not self._is_large(call):
                return False
            call.protocol.hold(call, call.size)
            large_bodies.submit(self._answer_large, call, call.protocol.loop)
        except ScorelineError as error:
            if self._counts_pending:
                self.admission.end(call.active.full_name)
            call.refuse(error)
            return False
        call.protocol.wait_for_thread(call)
        return True

    def _is_large(self, call: Call) -> bool:
        """Whether ``call`` takes long. Unpacks its body where that does not. Raises BadRequest."""
        if call.size >= LARGE_BODY_BYTES:
            return True
        terms = call.terms
        call.join_body()
        if terms is not None:
            if terms.encoding:
                call.body, encoding = unpack_if_small(terms.encoding, call.body, self.admission.body_bytes)
                if encoding:
                    return True
                call.terms = terms._replace(encoding="")
            if terms.dress is not None and terms.dress.pack_as and call.size >= PACKED_IN_THREAD_BYTES:
                return True
        return is_large(call.body, call.medium, call.accept) or names_file(call)

    def _end_turn(self) -> None:
        calls = self._calls[:N_TOGETHER]
        n = bisect(list(accumulate(map(_size, calls))), TOGETHER_BYTES, 1)
        self._calls = self._calls[n:]
        if self._calls:
            calls = calls[:n]
            calls[0].protocol.loop.call_soon(self._end_turn)
        self._finish(calls, self._answers(calls))

    def _answer_large(self, call: Call, loop: asyncio.AbstractEventLoop) -> None:
        answers = [_GONE if call.disconnected else self._answer_alone(call)]
        try:
            loop.call_soon_threadsafe(self._finish, [call], answers)
        except RuntimeError:
            return  # the server gave up waiting, and its loop is closed

    def _answer_alone(self, call: Call) -> Reply | Exception:
        terms = call.terms
        call.join_body()
        try:
            if terms is not None and terms.encoding:
                call.body = unpack(terms.encoding, call.body, self.admission.body_bytes)
            put_file(call, self._data_folder, self.admission.body_bytes)
        except ScorelineError as error:
            return error
        answer = self._answers([call])[0]
        if terms is not None and terms.dress is not None and isinstance(answer, Reply):
            call.terms = None
            return terms.dress.put_on(answer)
        return answer

    def _finish(self, calls: Sequence[Call], answers: Sequence[Reply | Exception]) -> None:
        now = clock()
        if self._counts_pending:
            for call in calls:
                if call.error is None:
                    self.admission.end(call.active.full_name)
        refused: list[tuple[Call, int, ScorelineError | None]] = []
        for call, answer in zip(calls, answers, strict=True):
            if isinstance(answer, Reply):
                reply = answer
            else:
                reply, error = _refusal(call, answer)
                refused.append((call, reply.status, error))
            if call.aside is not None:
                reply = call.aside.tell(reply, call.request_id, call.version)
            if call.terms is not None and call.terms.dress is not None:
                reply = call.terms.dress.put_on(reply)
            call.protocol.answer(call, reply)
        for protocol in dict.fromkeys([call.protocol for call in calls]):
            protocol.send()
        if refused:
            for call, status, error in refused:
                self.watch.refused(call, status, error)
            calls = [call for call in calls if call.n_rows is not None]
        self.watch.scored(calls, now)

    def _answers(self, calls: Sequence[Call]) -> Sequence[Reply | Exception]:
        """Answer those that are not refused yet together, and put the answers in order."""
        asked = [call for call in calls if call.error is None]
        for call in asked:
            call.join_body()
        found = self._plane.answer(asked)
        if len(found) == len(calls):
            return found
        rest = iter(found)
        return [call.error if call.error is not None else next(rest) for call in calls]


_GONE = Unavailable("the caller has gone")
_size = attrgetter("size")


def _refusal(call: Call, error: Exception) -> tuple[Reply, ScorelineError | None]:
    if isinstance(error, Answered):
        return error.reply, error.error
    told = error if isinstance(error, ScorelineError) else log_failure(error, call.request_id)
    return refusal(told, call.request_id, call.target.dialect.error), told
