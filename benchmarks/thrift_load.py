"""Load a Thrift server with messages that are ready, from this process alone: what wrk is for HTTP.

    python -m benchmarks.thrift_load HOST PORT FILE CONNECTIONS SECONDS

The file has framed messages: the first is sent once on each connection, the others in turn, the next when the one
before is answered. Every answer must be the result that its method promises: an exception ends the load.
"""

from __future__ import annotations

import asyncio
import gc
import json
import struct
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

LENGTH = struct.Struct(">I")
REPLY = b"\x80\x01\x00\x02"
"""How a message of the strict protocol begins that is neither a call nor an exception."""


class Loader:
    """All connections."""

    def __init__(self, messages: list[bytes]) -> None:
        self.first, *self._messages = messages
        self._at = 0
        self.waits: list[float] = []
        self.going = True
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next(self) -> bytes:
        """Return the next message in turn."""
        self._at = (self._at + 1) % len(self._messages)
        return self._messages[self._at]

    def fail(self, why: str) -> None:
        """End the load."""
        if self.going and not self.failed.done():
            self.failed.set_exception(RuntimeError(why))


class Connection(asyncio.Protocol):
    """One connection: a call, its answer, the next call."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._rest = b""
        self._logged_in = False
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._loader.first)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if len(data) < LENGTH.size or len(data) < LENGTH.unpack_from(data)[0] + LENGTH.size:
            self._rest = data
            return
        self._rest = b""
        loader, now = self._loader, time.perf_counter()
        if not is_result(data, returns=self._logged_in):
            loader.fail(f"answered {data!r}")
        elif self._logged_in:
            if loader.going:
                loader.waits.append(now - self._sent_at)
        else:
            self._logged_in = True
        if loader.going:
            self._sent_at = now
            self._transport.write(loader.next())

    def connection_lost(self, error: Exception | None) -> None:
        self._loader.fail(f"a connection was lost: {error or 'closed'}")


def is_result(frame: bytes, *, returns: bool) -> bool:
    """Tell whether a frame holds a reply with a value (field 0), or with nothing at all where nothing is returned."""
    (length,) = LENGTH.unpack_from(frame)
    (name_length,) = LENGTH.unpack_from(frame, 8)
    at = 12 + name_length + 4
    field = frame[at : at + 3]
    right = field[1:] == b"\x00\x00" if returns else field == b"\x00"
    return len(frame) == length + LENGTH.size and frame[4:8] == REPLY and right


def split(data: bytes) -> list[bytes]:
    """Cut what lies one behind the other into framed messages."""
    messages = []
    while data:
        end = LENGTH.unpack_from(data)[0] + LENGTH.size
        messages.append(data[:end])
        data = data[end:]
    return messages


async def run(host: str, port: int, messages: list[bytes], n_connections: int, seconds: float) -> dict[str, float]:
    """Load; return what `loads.Load` says. Raises RuntimeError when an answer is no result."""
    loop, loader = asyncio.get_running_loop(), Loader(messages)
    gc.freeze()
    began = time.perf_counter()
    made = [await loop.create_connection(lambda: Connection(loader), host, port) for _ in range(n_connections)]
    await asyncio.wait({loader.failed}, timeout=seconds)
    loader.going = False
    took = time.perf_counter() - began
    if loader.failed.done():
        loader.failed.result()
    for transport, _ in made:
        transport.close()
    waits = sorted(loader.waits)
    if not waits:
        raise RuntimeError("no call was answered in time")
    return {
        "requests_per_second": len(waits) / took,
        "p50_seconds": waits[len(waits) // 2],
        "p99_seconds": waits[len(waits) * 99 // 100],
        "n_requests": len(waits),
    }


def main() -> int:
    """Load as the arguments say, print the figures as JSON."""
    host, port, file, n_connections, seconds = sys.argv[1:]
    messages = split(Path(file).read_bytes())
    try:
        print(json.dumps(uvloop.run(run(host, int(port), messages, int(n_connections), float(seconds)))))
    except (RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
