"""ModelInfer: calls that are read in one turn of the event loop are scored together, large ones in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from scoreline.serving.plane import clock
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.grpc.answers import ID, member
from scoreline.web.grpc.call import Call
from scoreline.web.grpc.head import Target
from scoreline.web.grpc.infer import Infer, InferMessage
from scoreline.web.grpc.inferring import Inferring, Request
from scoreline.web.grpc.messages import SERVICE, Messages
from scoreline.web.large import LARGE_BODY_BYTES, N_MANY_ROWS
from scoreline.web.reach import check_reach
from scoreline.web.service import Service
from scoreline.web.turn import Turn, in_loop


def is_large(call: Call) -> bool:
    """Whether a call is answered in a thread. One that has a known layout has one row."""
    infer = call.dialect
    return isinstance(infer, InferMessage) and (infer.n_rows > N_MANY_ROWS or len(call.body) >= LARGE_BODY_BYTES)


class Scoring:
    """Scores for all connections of a worker."""

    def __init__(self, service: Service, messages: Messages, loop: asyncio.AbstractEventLoop) -> None:
        path = f"/{SERVICE}/ModelInfer"
        self.target = Target(path, path, "score", self.ask, Infer)
        self._deployments, self._admission, self._watch = service.deployments, service.admission, service.watch
        self._loop = loop
        self._turn: Turn[Call] = Turn(service.plane, self._finish, is_large)
        self._inferring = Inferring(messages.methods["ModelInfer"])

    def ask(self, call: Call, message: bytes) -> None:
        """Have a call answered whose caller may score. Raises ScorelineError."""
        if len(message) >= LARGE_BODY_BYTES:
            call.work_in_thread(self._read_large, message)
        else:
            self._route(call, self._inferring.read(message))

    def _read_large(self, call: Call, message: bytes) -> None:
        try:
            found: Request | Exception = self._inferring.read_large(message)
        except Exception as error:
            found = error
        in_loop(self._loop, self._was_read, call, found)

    def _was_read(self, call: Call, found: Request | Exception) -> None:
        call.rest()
        if call.is_done:
            return
        if isinstance(found, Request):
            try:
                self._route(call, found)
            except Exception as error:
                call.refuse(error)
        else:
            call.refuse(found)
        call.stream.connection.flush()

    def _route(self, call: Call, asked: Request) -> None:
        access, deployments, name = call.access, self._deployments, asked.model_name
        call.deployment = name
        active = deployments.route(name, call.key, access.space, access.deployments)
        if active.full_name not in call.reached:
            check_reach(deployments, access, "score", active, name)
            call.reached.add(active.full_name)
        if asked.model_version:
            active = deployments.of_version(active, asked.model_version)
        call.active, call.version = active, active.version
        call.dialect, call.body, call.own_id = asked.dialect, asked.body, asked.id
        if is_large(call):
            call.hold(len(call.body))
            call.wait()
        if self._admission.counts_pending:
            self._admission.begin(active.full_name)
        call.work()
        try:
            self._turn.add(call, self._loop)
        except Exception:
            self._leave(call)
            raise

    def _leave(self, call: Call) -> None:
        call.rest()
        if self._admission.counts_pending:
            self._admission.end(call.active.full_name)

    def _finish(self, calls: Sequence[Call], answers: Sequence[Reply | Exception]) -> None:
        now, scored = clock(), []
        for call, answer in zip(calls, answers, strict=True):
            self._leave(call)
            if call.is_done:
                continue
            if isinstance(answer, Reply):
                call.reply(answer.body + member(ID, call.own_id.encode()) if call.own_id else answer.body)
                call.close()
                scored.append(call)
            else:
                call.refuse(answer)
        for connection in dict.fromkeys([call.stream.connection for call in calls]):
            connection.flush()
        self._watch.scored(scored, now)
