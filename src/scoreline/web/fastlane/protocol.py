"""The fast lane of a connection: recognises scoring requests at their headers and gathers their bodies."""

from __future__ import annotations

from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from scoreline.core.errors import ScorelineError
from scoreline.serving.plane import clock
from scoreline.web.body import check_json, too_large
from scoreline.web.fastlane.call import Call
from scoreline.web.fastlane.connection import Connection
from scoreline.web.fastlane.targets import Target

LONGEST_HEAD_BYTES = 64 * 1024


class FastLane(Connection):
    """Takes the scoring requests; every other one goes on to uvicorn as if this were not here."""

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        super().data_received(data)
        if self._receiving:
            if not self._n_received:
                self._begun_at = self.loop.time()
            self._n_received += len(data)
            if self._in_head and self._n_received > LONGEST_HEAD_BYTES:
                self._end_with(431, f"The headers are larger than {LONGEST_HEAD_BYTES} bytes.")

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._call = None
        self._in_head = True
        self._receiving = True
        self._n_received = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._ending:
            return
        parser = self.parser
        if parser.get_method() == b"POST" and not parser.should_upgrade():
            target = self._lane.targets.find(self.url)
            if target is not None:
                self._begin(target)
                return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        call = self._call
        if call is None:
            if not self._ending:
                super().on_body(body)
        elif call.error is None and call.add(body) > self._lane.max_body_bytes:
            self._refuse(call, too_large(self._lane.max_body_bytes))

    def on_message_complete(self) -> None:
        self._receiving = False
        call = self._call
        if call is None:
            if not self._ending:
                super().on_message_complete()
            return
        self._call = None
        call.complete = True
        call.whole_at = clock()
        if not call.keep_alive:
            self._ending = True
        if call.started and call.error is None:
            self._lane.add(call)

    def _begin(self, target: Target) -> None:
        http_version = self.parser.get_http_version()
        call = Call(
            self,
            target,
            keep_alive=http_version != "1.0" and self.parser.should_keep_alive(),
            started_at=clock(),
        )
        declared, content_type, content_encoding = call.read_headers(self.headers)
        call.expects = self.expect_100_continue and http_version != "1.0"
        try:
            call.active = active = self._lane.deployments.route(target.name, call.key)
            call.version = active.version
            if content_type != b"application/json" or content_encoding:
                check_json(content_type.decode("latin-1"), content_encoding.decode("latin-1"))
            if declared > self._lane.max_body_bytes:
                raise too_large(self._lane.max_body_bytes)
        except ScorelineError as error:
            call.refuse(error)
        before: Any = self.cycle
        self._call = call
        self.cycle = cast("RequestResponseCycle", call)
        if self.pipeline or not (before is None or before.response_complete or isinstance(before, Call)):
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
        else:
            self._start(call)
