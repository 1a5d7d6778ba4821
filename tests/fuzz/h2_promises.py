"""What holds whatever is sent over HTTP/2."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import le
from pathlib import Path
from typing import Any

from tests.fuzz.h2_answers import Answers, read
from tests.fuzz.h2_frames import DATA, PREFACE, call, frames, message, settings
from tests.fuzz.h2_messages import GOOD, scores
from tests.wire import Server, Wire

from scoreline.web.fastlane import ADMISSION
from scoreline.web.http2.stream import DONE

BUFFER_BYTES = 64 * 1024
"""What an event loop writes before it asks to wait."""
N_CALLS = 500
"""Calls of the honest caller on one connection."""


class Failures(logging.Handler):
    """What the server wrote down as a failure of its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.CRITICAL:
            self.records.append(logging.Formatter().format(record))


@contextmanager
def noted_failures() -> Iterator[Failures]:
    """Collect failures while in it. The lines of requests are not: who runs this keeps them all in memory."""
    handler, requests = Failures(), logging.getLogger("scoreline.requests")
    logging.getLogger().addHandler(handler)
    requests.disabled = True
    try:
        yield handler
    finally:
        requests.disabled = False
        logging.getLogger().removeHandler(handler)


class Promises:
    """Sends packets and looks what comes of it. Raises AssertionError where a promise is broken."""

    def __init__(self, server: Server, failures: Failures) -> None:
        self._server, self._failures = server, failures
        self._admission = server.shared[ADMISSION]
        self._other, self._stream = self._honest(), -1
        self._watch = self._other.protocol._site.watch
        self.look_at_the_other()

    def hold(self, packets: Sequence[bytes]) -> Answers:
        """Send the packets on a connection of their own; return what was answered."""
        before, wire, asked = self._held(), self._server.connect(), b""
        for packet in packets:
            if wire.closed or not wire.reading:
                break
            asked += packet
            wire.protocol.data_received(packet)
            self._server.turns(2)
        self.settle(wire)
        answers = self._read(wire, asked)
        self.look_at_the_other()
        self.leave(wire, before)
        return answers

    def withstand(self, packets: Iterable[bytes], most_bytes: int, *, is_deaf: bool) -> tuple[Answers, int]:
        """Send a flood until it is ended, no longer read, or so large; return what came, and the memory that it took.

        A caller who ``is_deaf`` reads nothing: what the server writes stays in its buffer.
        """
        before, wire, heard = self._held(), self._server.connect(), bytearray()
        if is_deaf:
            wire.room = BUFFER_BYTES
        asked = bytearray()
        at_first = peak = resident_bytes()
        for packet in packets:
            asked += packet
            wire.protocol.data_received(packet)
            self._server.turns(2)
            if not is_deaf:
                heard += wire.sent
                wire.sent = b""
            self.look_at_the_other()
            peak = max(peak, resident_bytes() - len(asked) - len(heard))
            if wire.closed or not wire.reading or len(asked) > most_bytes:
                break
        answers = read(bytes(heard) + wire.sent, bytes(asked))
        self.leave(wire, before)
        return answers, peak - at_first

    def settle(self, wire: Wire) -> None:
        """Wait for what is answered from threads."""
        self._server.turns()
        protocol = wire.protocol
        if hasattr(protocol, "streams") and not wire.closed:
            self._server.wait_until(lambda: not any(map(is_worked_on, list(protocol.streams.values()))))
        self._server.turns()

    def leave(self, wire: Wire, before: tuple[int, int, int]) -> None:
        """Have its caller go; nothing of it may stay."""
        if not wire.closed:
            wire.close()
        self._server.turns()
        self._server.wait_until(lambda: all(map(le, self._held(), before)))
        self._check_failures()

    def look_at_the_other(self) -> None:
        """Have the honest caller ask: it must be answered at once, and rightly."""
        if self._stream > 2 * N_CALLS:
            self._other.close()
            self._other, self._stream = self._honest(), -1
        self._stream += 2
        self._other.sent = b""
        self._other.protocol.data_received(call(self._stream, message(GOOD)))
        self._server.turns()
        found = [one for one in frames(self._other.sent) if one.kind == DATA and one.stream == self._stream]
        assert len(found) == 1, "the server answers nobody else any more"
        assert scores(found[0].payload).model_name == "credit"
        self._check_failures()

    def _honest(self) -> Wire:
        wire = self._server.connect()
        wire.protocol.data_received(PREFACE + settings())
        self._server.turns()
        return wire

    def _read(self, wire: Wire, asked: bytes) -> Answers:
        if not wire.sent or wire.sent.startswith(b"HTTP/1.1"):
            assert not asked.startswith(PREFACE) or not wire.sent
            return Answers({}, 0, None)
        return read(wire.sent, asked)

    def _check_failures(self) -> None:
        assert not self._server.failures, self._server.failures
        assert not self._failures.records, self._failures.records

    def _held(self) -> tuple[int, int, int]:
        return len(self._server.state.connections), self._admission.held_bytes, self._watch.n_in_flight


def resident_bytes() -> int:
    """Return what this process holds. Not tracemalloc's count: to stop that while a thread unpacks may crash Python."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def is_worked_on(stream: Any) -> bool:
    """Tell whether a call is whole and its answer has not begun: it must come, from a thread perhaps."""
    exchange = stream.exchange
    return bool(stream.is_whole and exchange is not DONE and not exchange.is_started)
