"""The fast lane of a connection: recognises scoring requests at their headers and gathers their bodies."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from scoreline.core.errors import Forbidden, ScorelineError
from scoreline.serving.plane import clock
from scoreline.serving.protocols.dialect import Where
from scoreline.web.asides import Aside
from scoreline.web.body import no_length
from scoreline.web.fastlane.call import Call
from scoreline.web.fastlane.connection import N_PIPELINED
from scoreline.web.fastlane.heads import END, LONGEST_HEAD_KEPT, Head, head_of
from scoreline.web.fastlane.patience import PatientConnection
from scoreline.web.fastlane.targets import Target
from scoreline.web.fastlane.upgrade import head_without_offer, is_offered, make_parser
from scoreline.web.gate import Known
from scoreline.web.http2.preface import PREFACE, behind_preface
from scoreline.web.large import LARGE_BODY_BYTES
from scoreline.web.proxies import Came
from scoreline.web.reach import check_reach
from scoreline.web.requests import new_request_id

NO_HTTP = "Invalid HTTP request received."
PREFACE_IS_READ = "Pause on PRI/Upgrade"
"""What the parser says of the preface of HTTP/2 at its end, wherever the packets before were cut."""
LONGEST_HEAD_BYTES = 64 * 1024


class FastLane(PatientConnection):
    """Takes the scoring requests; every other one goes on to uvicorn as if this were not here."""

    _plain: Head | None = None
    """The head of the last call that came in this packet, if it may be kept."""

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        n_head = 0
        if not self._receiving:
            n_head = data.find(END, 0, LONGEST_HEAD_KEPT) + len(END)
            known = self._heads.find(data[:n_head])
            if known is not None and len(data) == n_head + known.n_bytes:
                self._begin_again(known, data[n_head:])
                return
            self._plain = None
        rest = self._feed(data)
        while rest is not None and not self._ending:
            head = head_without_offer(self.parser, self.url, self.headers)
            self.parser = make_parser(self)
            self._feed(head)
            # The head read again may be refused.
            rest = None if self._ending else self._feed(rest)  # type: ignore[redundant-expr]  # what is fed may end it
        if self._receiving:
            self._received_part(len(data))
        elif self._plain is not None:
            if len(data) == n_head + self._plain.n_bytes and n_head > len(END):
                self._heads.learn(data[:n_head], self._plain)
            self._plain = None

    def _feed(self, data: bytes | memoryview) -> memoryview | None:
        """Parse; return what comes behind the headers of a request that offers another protocol."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            is_first = self.cycle is None
            rest = behind_preface(data) if is_first and str(error) == PREFACE_IS_READ else None
            is_refused = self._lane.arrivals.refuse(self.scheme or "http")
            if rest is None or self._lane.http2 is None or is_refused:
                self.send_400_response(NO_HTTP)
            else:
                self._become_http2(self._lane.http2(self.loop, self.server_state.connections), rest)
        except httptools.HttpParserUpgrade as offer:
            if is_offered(self.parser):
                return memoryview(data)[offer.args[0] :]
        return None

    def _become_http2(self, http2: asyncio.Protocol, rest: bytes) -> None:
        """Hand the connection over, with what came behind the words that the parser has read."""
        transport, self._ending = self.transport, True
        self.server_state.connections.discard(self)
        self._lane.connections.discard(self)
        transport.set_protocol(http2)
        http2.connection_made(transport)
        http2.data_received(PREFACE + rest)

    def _received_part(self, n_bytes: int) -> None:
        """Take note of a request that is not whole at the end of a packet."""
        call = self._call
        if self._n_received is None:  # it began in this packet, behind others perhaps
            self._begun_at = self.loop.time()
            self._n_received = call.size if call is not None else 0
        else:
            self._n_received += n_bytes
        if self._ending:
            return
        if self._in_head and self._n_received > LONGEST_HEAD_BYTES:
            self._end_with(431, f"The headers are larger than {LONGEST_HEAD_BYTES} bytes.")
        elif call is not None and call.error is None:
            try:
                self.hold(call, call.size)
            except ScorelineError as error:
                self._refuse(call, error)

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._call = None
        self._in_head = True
        self._receiving = True
        self._n_received = None

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._ending:
            return
        parser = self.parser
        if is_offered(parser):
            return  # the parser will tell, and the headers are read again
        if parser.get_method() == b"POST":
            target = self._lane.targets.find(self.url)
            if target is not None:
                arrivals = self._arrivals
                if arrivals is None:
                    self._begin(target)
                    return
                came = arrivals.came(self.client, self.scheme or "http", self.headers)
                if came is not None:
                    self._begin(target, came)
                    return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        super().on_headers_complete()
        if self._draining:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        call = self._call
        if call is None:
            if not self._ending:
                super().on_body(body)
        elif call.error is None and call.add(body) > self._admission.body_bytes:
            self._check_size(call)

    def on_message_complete(self) -> None:
        self._receiving = False
        call = self._call
        if call is None:
            if not self._ending and not is_offered(self.parser):
                super().on_message_complete()
            return
        self._call = None
        if call.is_plain and not self.expect_100_continue:
            self._plain = head_of(call)
        call.complete = True
        call.whole_at = clock()
        if not call.keep_alive:
            self._ending = True
        if call.started and call.error is None and not call.unknown:
            self._lane.add(call)

    def _check_size(self, call: Call) -> None:
        try:
            self._admission.check_size(call.size)
        except ScorelineError as error:
            self._refuse(call, error)

    def _begin(self, target: Target, came: Came | None = None) -> None:
        http_version = self.parser.get_http_version()
        call = Call(
            self,
            target,
            keep_alive=http_version != "1.0" and self.parser.should_keep_alive() and not self._draining,
            started_at=clock(),
        )
        declared, content_type, said = call.read_headers(self.headers)
        if came is not None:
            call.caller = came.caller
        if self._lane.watch.tracing is not None:
            self._lane.watch.begin_call(call, came.scheme if came else self.scheme or "http", self.headers)
        call.expects = self.expect_100_continue and http_version != "1.0"
        if target.in_headers is not None:
            call.aside = Aside(target.in_headers, self.headers)
        if said or content_type != b"application/json":
            terms, call.problem = target.agreed.of(content_type, said)
            call.come_to(terms)
        elif target.agreed.usual is not None:
            call.come_to(target.agreed.usual)
        if declared < 0 and call.problem is None and b"transfer-encoding" not in said:
            call.problem = no_length()
        known = self._lane.gate.known(call.credential, call.wanted_space)
        if known is not None:
            self._let_in(call, declared, known)
        else:
            self._look_up(call, declared)
        self._call = call
        self._enter(call)

    def _begin_again(self, head: Head, body: bytes) -> None:
        """Begin a call, which is whole, with a head that was read before."""
        call = Call(self, head.target, keep_alive=not self._draining, started_at=clock())
        call.request_id = new_request_id()
        call.credential, call.wanted_space = head.credential, head.wanted_space
        if head.terms is not None:
            call.come_to(head.terms)
        if head.target.in_headers is not None:
            call.aside = Aside(head.target.in_headers)
        known = self._lane.gate.known(call.credential, call.wanted_space)
        call.body, call.size, call.complete = body, head.n_bytes, True
        if known is not None:
            self._let_in(call, head.n_bytes, known)
        else:
            self._look_up(call, head.n_bytes)
        if self._draining:
            self._ending = True
        self._enter(call)

    def _enter(self, call: Call) -> None:
        """Put a call behind the requests that were there before."""
        before: Any = self.cycle
        self.cycle = cast("RequestResponseCycle", call)
        if self.pipeline or not (before is None or before.response_complete or isinstance(before, Call)):
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
        else:
            self._start(call)

    def _look_up(self, call: Call, declared: int) -> None:
        """Have it found out who asks; nothing more is read meanwhile, unless it comes with what was read."""
        call.unknown = True
        self.flow.pause_reading()
        found = self._lane.gate.look_up(call.credential, call.wanted_space, call.caller, self.loop)
        found.add_done_callback(partial(self._looked_up, call, declared))

    def _looked_up(self, call: Call, declared: int, found: asyncio.Future[Known]) -> None:
        call.unknown = False
        if call.disconnected or found.cancelled():
            return
        if not self.pipeline and len(self._waiting) <= N_PIPELINED:
            self._resume_reading()
        if call.error is not None:  # it was too large, or too slow
            return
        self._let_in(call, declared, found.result())
        if call.goes_to_lane:
            self._lane.add(call)
        elif call.started and call.expects and self._waiting[0] is call:
            self._ask_to_continue(call)

    def _let_in(self, call: Call, declared: int, known: Known) -> None:
        """Let a call in that is allowed to come in, and has somewhere to go; refuse any other."""
        lane, target = self._lane, call.target
        name, version = target.name, target.model_version
        try:
            call.by = known.name
            access = known.admit("score")
            call.space = access.space
            if call.aside is not None:
                name, version = call.aside.check(target.path, Where(name, version))
            active = lane.deployments.route(name, call.key, access.space, access.deployments)
            if active.full_name not in known.reached:
                check_reach(lane.deployments, access, "score", active, name)
                known.reached.add(active.full_name)
            if version is not None:
                active = lane.deployments.of_version(active, version)
            call.active = active
            call.version = active.version
            if call.problem is not None:
                raise call.problem
            if declared >= LARGE_BODY_BYTES:
                self._admission.check_size(declared)
                self.hold(call, declared)
        except ScorelineError as error:
            if isinstance(error, Forbidden):
                lane.gate.note_refusal(known, "score", f"POST {call.target.path}", call.caller)
            call.refuse(error)
