"""Who calls on a connection: whoever the key of the last ``login`` belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from scoreline.core.errors import Forbidden
from scoreline.serving.protocols.thrift import messages
from scoreline.serving.protocols.thrift.calls import read_key
from scoreline.web.gate import Known
from scoreline.web.reach import check_reach
from scoreline.web.service import Service
from scoreline.web.thrift.call import Call


class Caller:
    """The other end of a connection."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._credential = b""
        self.is_known = False
        """Whether a call of it was let in."""

    def let_in(self, call: Call, loop: asyncio.AbstractEventLoop, then: Callable[[Call], None]) -> bool:
        """Let a call in that may come in, and say so; one that asks for nothing more has its answer then.

        False: it has to be found out first who calls; ``then`` is called once it is let in, or has its error.
        """
        try:
            credential = read_key(call.body, call.head).encode() if call.is_login else self._credential
        except Exception as error:
            call.take(error)
            return True
        known = self._service.gate.known(credential, b"")
        if known is not None:
            self._enter(call, credential, known)
            return True
        found = self._service.gate.look_up(credential, b"", call.caller, loop)
        found.add_done_callback(partial(self._looked_up, call, credential, then))
        return False

    def _looked_up(
        self, call: Call, credential: bytes, then: Callable[[Call], None], found: asyncio.Future[Known]
    ) -> None:
        if not found.cancelled():
            self._enter(call, credential, found.result())
            then(call)

    def _enter(self, call: Call, credential: bytes, known: Known) -> None:
        try:
            access = known.admit("score")
            self.is_known = True
            call.by = known.name
            call.space = access.space
            if call.is_login:
                self._credential = credential
                call.answer = messages.nothing(call.head)
                return
            deployments, named = self._service.deployments, call.head.deployment
            active = deployments.route(named, "", access.space, access.deployments)
            if active.full_name not in known.reached:
                check_reach(deployments, access, "score", active, named)
                known.reached.add(active.full_name)
            call.active = active
            if self._service.admission.counts_pending:
                self._service.admission.begin(active.full_name)
                call.is_counted = True
        except Forbidden as error:
            self._service.gate.note_refusal(known, "score", call.asked, call.caller)
            call.take(error)
        except Exception as error:
            call.take(error)
