"""What holds whatever is sent: checked on a server with a fast lane, beside the same one without."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from tests.wire import SCORE, Response, Server, Wire, request, responses

NATIVE = f"POST {SCORE} HTTP/1.1".encode()
ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
GOOD = request(ROW, "x-request-id: good")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""It may be left out when the body is there already; only the fast lane does."""
NO_HTTP = b"Invalid HTTP request received."
SPEAKS_HTTP2, PREFACE_ENDS = b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03", b"SM\r\n\r\n"
"""How the server's settings begin, and how a caller asks for them."""
OFFER = re.compile(rb"(?i)upgrade")
LAST = re.compile(rb" (?:HTTP|RTSP|ICE)/1\.0\r\n")
"""Requests of HTTP/1.0, and of protocols that the parser takes for it, are the last of their connection."""
_MADE_UP = re.compile(rb"[0-9a-f]{32}")


class Promises:
    """Sends packets both ways. Raises AssertionError where a promise is broken."""

    def __init__(self, lane: Server, asgi: Server) -> None:
        self._lane, self._asgi = lane, asgi
        self._wanted = [without_ids(answer) for answer in responses(lane.exchange(GOOD).sent)]
        assert [answer[0] for answer in self._wanted] == [200]

    def hold(self, packets: Sequence[bytes]) -> list[Response]:
        """Send the packets down both ways; return the answers of the fast lane."""
        before = self._held()
        ours, theirs = self._lane.exchange(*packets), self._asgi.exchange(*packets)
        if SPEAKS_HTTP2 in ours.sent:  # that has promises of its own, and uvicorn does not speak it
            assert PREFACE_ENDS in b"".join(packets)
            for wire in (ours, theirs):
                wire.close()
            return []
        answers = responses(ours.sent)
        failures = self._lane.failures + self._asgi.failures
        assert not failures, failures
        self._blames_the_caller(answers)
        self._reads_json(packets, answers)
        self._agree(packets, ours, theirs)
        self._lets_go(ours, answers)
        assert self._held() <= before, "a caller that is gone leaves something behind"
        theirs.close()
        self._asgi.turns()
        good = [without_ids(answer) for answer in responses(self._lane.exchange(GOOD).sent)]
        assert good == self._wanted, "the server answers nobody else any more"
        return answers

    def hold_one(self, sent: bytes) -> Response:
        """Send one whole request both ways, and wait for the answers, which may come from threads."""
        answers = []
        for server in (self._lane, self._asgi):
            wire = server.connect()
            wire.protocol.data_received(sent)
            server.wait_for(wire, 1)
            answers += responses(wire.sent)
            wire.close()
            server.turns()
        assert not self._lane.failures + self._asgi.failures
        self._blames_the_caller(answers)
        ours, theirs = ((a.status, _MADE_UP.sub(b"ID", a.body)) for a in answers)
        assert ours == theirs
        return answers[0]

    def _held(self) -> set[object]:
        return {*self._lane.state.connections, *self._lane.state.tasks}

    def _blames_the_caller(self, answers: Sequence[Response]) -> None:
        blamed = [answer for answer in answers if answer.status >= 500 and answer.status != 501]
        assert not blamed, "an answer blames the server"

    def _reads_json(self, packets: Sequence[bytes], answers: Sequence[Response]) -> None:
        """What is scored is JSON, and has as many rows as are answered."""
        head, _, body = b"".join(packets).partition(b"\r\n\r\n")
        if len(answers) != 1 or answers[0].status != 200 or not head.startswith(NATIVE) or b"chunked" in head.lower():
            return
        size = int(re.findall(rb"(?i)content-length:[ \t]*(\d+)", head)[0])
        document = json.loads(body[:size].removeprefix(b"\xef\xbb\xbf"))
        rows = document.get("rows") if isinstance(document, dict) else document
        assert len(answers[0].document["predictions"]) == (len(rows) if isinstance(rows, list) else 1)

    def _agree(self, packets: Sequence[bytes], ours: Wire, theirs: Wire) -> None:
        """Both ways say the same; but the lane answers what was asked before it meets what is no HTTP."""
        ours_sent, theirs_sent = (_MADE_UP.sub(b"ID", wire.sent.replace(CONTINUE, b"")) for wire in (ours, theirs))
        if OFFER.search(b"".join(packets)):
            return  # uvicorn drops the bodies of requests that offer another protocol
        if theirs_sent.endswith(NO_HTTP):
            answers = responses(ours.sent)
            if LAST.search(b"".join(packets)) and ours.closed and answers and answers[-1].status >= 400:
                return  # the fast lane refuses by the headers, and reads nothing more
            before = theirs_sent[: theirs_sent.rindex(b"HTTP/1.1 400")]
            assert ours_sent.endswith(NO_HTTP), "uvicorn reads no HTTP here, and the fast lane does"
            assert ours_sent.startswith(before)
        else:
            assert ours_sent == theirs_sent
        assert ours.closed == theirs.closed

    def _lets_go(self, wire: Wire, answers: Sequence[Response]) -> None:
        """A caller that has gone leaves nothing behind, and what it asked was answered before."""
        if not wire.closed and not wire.protocol.eof_received():
            wire.close()
        self._lane.turns()
        assert wire.closed, "the connection of a caller that is gone stays open"
        assert responses(wire.sent) == list(answers), "an answer came only when the caller was gone"


def without_ids(answer: Response) -> tuple[int, bytes]:
    return answer.status, answer.body
