"""A load of requests that are told apart: when each was sent and answered, by which version, and whether it was lost.

wrk loads a server harder, but keeps no request in mind, and none to a rhythm.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import uvloop

from benchmarks.callers import Address

TICK_SECONDS = 0.001
ANSWER_SECONDS = 30.0
"""Who waits longer than this for an answer has lost it."""
CONNECT_AGAIN_SECONDS = 0.01
VERSION = b"x-scoreline-version: "
LENGTH = b"content-length: "
clock = time.monotonic


class Answer(NamedTuple):
    """What became of one request."""

    request_id: int
    connection: int
    due_at: float
    """When it was to be sent."""
    sent_at: float
    received_at: float
    status: int
    """0: the connection ended before the answer."""
    version: int
    body: bytes


class Caller(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, load: Load, number: int) -> None:
        self._load = load
        self.number = number
        self.request_id = -1
        self.due_at = self.sent_at = 0.0
        self._rest = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._load.free(self)

    def send(self, request_id: int, request: bytes, due_at: float | None) -> None:
        """Send a request."""
        self.request_id = request_id
        self.sent_at = clock()
        self.due_at = self.sent_at if due_at is None else due_at
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4 or len(data) < end + int(_header(data, LENGTH, end) or 0):
            self._rest = data
            return
        self._rest = b""
        self._answered(int(data[9:12]), int(_header(data, VERSION, end) or 0), data[end:])
        if b"\r\nconnection: close\r\n" in data[:end]:
            self._transport.close()
        else:
            self._load.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost(self)
        if self.request_id >= 0:
            self._answered(0, 0, b"")

    def abort(self) -> None:
        """End the connection."""
        self._transport.abort()

    def _answered(self, status: int, version: int, body: bytes) -> None:
        request_id, self.request_id = self.request_id, -1
        self._load.take(Answer(request_id, self.number, self.due_at, self.sent_at, clock(), status, version, body))


class Load:
    """So many connections that ask as fast as they are answered, or at a ``rate``, in a thread of its own.

    At a rate, a request that is due while all connections wait is sent late and timed from when it was due: a server
    that stands still is seen by those whom it keeps waiting. ``take`` gets every answer, in that thread.
    """

    def __init__(
        self,
        address: Address,
        bodies: Sequence[bytes],
        take: Callable[[Answer], None],
        *,
        n_connections: int,
        rate: float | None = None,
    ) -> None:
        self._address = address
        self._requests = [address.request(body, headers="x-request-id: load-%d\r\n") for body in bodies]
        self.take = take
        self._n_connections = n_connections
        self._rate = rate
        self._n_sent = 0
        self._open: set[Caller] = set()
        self._free: deque[Caller] = deque()
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Ask until ``end``."""
        loop = asyncio.get_running_loop()
        callers = [asyncio.create_task(self._connect(number)) for number in range(self._n_connections)]
        begun = last = clock()
        n_due = 0
        while not self._ending.is_set():
            await asyncio.sleep(TICK_SECONDS)
            now = clock()
            if self._rate is not None:
                until = int((now - begun) * self._rate)
                while n_due < until and self._free:
                    self._send(self._free.popleft(), begun + n_due / self._rate)
                    n_due += 1
            if now - last > 1:
                last = now
                self._give_up(now)
        deadline = loop.time() + ANSWER_SECONDS
        while any(caller.request_id >= 0 for caller in self._open) and loop.time() < deadline:
            await asyncio.sleep(TICK_SECONDS)
        for task in callers:
            task.cancel()
        for caller in list(self._open):
            caller.abort()
        await asyncio.sleep(0)

    def end(self) -> None:
        """Send no more, and wait for what is to come."""
        self._ending.set()

    def free(self, caller: Caller) -> None:
        """Have ``caller`` send the next request, now or when it is due."""
        self._open.add(caller)
        if self._rate is not None:
            self._free.append(caller)
        elif not self._ending.is_set():
            self._send(caller, None)

    def lost(self, caller: Caller) -> None:
        """Do without ``caller``: its connection ended."""
        self._open.discard(caller)
        if caller in self._free:
            self._free.remove(caller)

    def _send(self, caller: Caller, due_at: float | None) -> None:
        number, self._n_sent = self._n_sent, self._n_sent + 1
        request = self._requests[number % len(self._requests)]
        caller.send(number, request.replace(b"load-%d", b"load-%d" % number, 1), due_at)

    def _give_up(self, now: float) -> None:
        for caller in list(self._open):
            if caller.request_id >= 0 and now - caller.sent_at > ANSWER_SECONDS:
                caller.abort()

    async def _connect(self, number: int) -> None:
        """Keep a connection open, whatever becomes of it."""
        loop = asyncio.get_running_loop()
        while not self._ending.is_set():
            try:
                _, caller = await loop.create_connection(
                    lambda: Caller(self, number), self._address.host, self._address.port
                )
            except OSError:
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)
                continue
            while caller in self._open:
                await asyncio.sleep(CONNECT_AGAIN_SECONDS)


@contextmanager
def loading(load: Load) -> Iterator[None]:
    """Load from another thread; on leaving, wait for the last answers. Raises what went wrong there."""
    loop = uvloop.new_event_loop()
    failure: list[BaseException] = []

    def run() -> None:
        try:
            loop.run_until_complete(load.run())
        except BaseException as error:
            failure.append(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="load")
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(load.end)
        thread.join()
    if failure:
        raise failure[0]


def _header(data: bytes, name: bytes, end: int) -> bytes:
    begin = data.find(name, 0, end)
    return data[begin + len(name) : data.index(b"\r", begin)] if begin >= 0 else b""
