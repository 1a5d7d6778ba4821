"""Callers made of plain sockets: many, slow, large or gone, as the measurements of robustness need them."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import SplitResult, urlsplit

PATIENCE_SECONDS = 120
NO_HEADERS: Mapping[str, str] = {}
N_PER_ADDRESS = 20_000
"""Connections from one source address: there are no more ports than 28,000 by default."""


class Address:
    """Where requests go."""

    def __init__(self, url: str, headers: Mapping[str, str] = NO_HEADERS) -> None:
        """Remember an address, and what every request to it says."""
        parts: SplitResult = urlsplit(url)
        self.host, self.port, self.path = parts.hostname or "127.0.0.1", parts.port or 80, parts.path
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def connect(self, number: int = 0) -> socket.socket:
        """Open connection ``number``; they come from as many source addresses as it takes."""
        source = (f"127.0.0.{1 + number // N_PER_ADDRESS}", 0)
        return socket.create_connection((self.host, self.port), PATIENCE_SECONDS, source)

    def request(self, body: bytes, *, length: int | None = None, headers: str = "") -> bytes:
        """Write a request; ``length`` is what it says of its body, if not the truth."""
        return (
            f"POST {self.path} HTTP/1.1\r\nhost: {self.host}\r\ncontent-type: application/json\r\n"
            f"{self._headers}{headers}"
            f"content-length: {len(body) if length is None else length}\r\n\r\n"
        ).encode() + body


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """Read one answer: its status and its body; status 0: the connection ended without one."""
    try:
        with connection.makefile("rb") as stream:
            first = stream.readline()
            headers = dict(line.lower().split(b": ", 1) for line in iter(stream.readline, b"\r\n") if line)
            return int(first.split()[1]), stream.read(int(headers[b"content-length"]))
    except (OSError, IndexError, KeyError, ValueError):
        return 0, b""


@contextlib.contextmanager
def idle(address: Address, n: int, body: bytes) -> Iterator[Counter[int]]:
    """Keep connections open that have asked once; gives how often each status was answered."""
    with contextlib.ExitStack() as stack:
        found: Counter[int] = Counter()
        for number in range(n):
            connection = stack.enter_context(address.connect(number))
            connection.sendall(address.request(body))
            found[read_answer(connection)[0]] += 1
        yield found


@contextlib.contextmanager
def slow(address: Address, n: int, length: int, *, seconds: float = 0.5) -> Iterator[Callable[[], int]]:
    """Send bodies in small parts, on and on; gives how many are still being sent."""
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(1) as thread:
        going = [stack.enter_context(address.connect(number)) for number in range(n)]
        ended = False
        for connection in going:
            connection.sendall(address.request(b"", length=length))
            connection.setblocking(False)

        def send() -> None:
            while not ended:
                for connection in list(going):
                    try:
                        connection.recv(1 << 16)
                        going.remove(connection)  # it is answered before it is whole: refused
                    except BlockingIOError:
                        with contextlib.suppress(BlockingIOError):
                            connection.send(b" " * 1024)
                    except OSError:
                        going.remove(connection)
                time.sleep(seconds)

        sending = thread.submit(send)
        try:
            yield lambda: len(going)
        finally:
            ended = True
            sending.result()


def at_once(address: Address, n: int, body: bytes) -> Counter[int]:
    """Send a body from so many connections at the same time; return how often each status was answered."""

    def one(number: int) -> int:
        with address.connect(number) as connection:
            with contextlib.suppress(ConnectionError):  # it may be refused, and read no further
                connection.sendall(address.request(body))
            return read_answer(connection)[0]

    with ThreadPoolExecutor(n) as threads:
        return Counter(threads.map(one, range(n)))


def deaf(address: Address, n: int, body: bytes) -> list[socket.socket]:
    """Ask and never read the answers."""
    connections = [address.connect(number) for number in range(n)]
    for connection in connections:
        connection.sendall(address.request(body))
    return connections


__all__ = ["Address", "at_once", "deaf", "idle", "read_answer", "selectors", "slow"]
