"""Where Thrift is spoken: one address, and a listening socket on it for each worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from scoreline.web.secure import Certificate
from scoreline.web.server import bind
from scoreline.web.service import Service
from scoreline.web.thrift.listener import thrift_listener
from scoreline.web.workers.sockets import Sockets


class ThriftAddress:
    """Listens from when it is made, so that who is early waits. Each worker answers on a socket of its own."""

    def __init__(self, host: str, port: int, n_workers: int, certificate: Certificate | None = None) -> None:
        first = bind(host, port)
        at: tuple[str, int] = first.getsockname()[:2]
        self._name = f"[{at[0]}]:{at[1]}" if ":" in at[0] else f"{at[0]}:{at[1]}"
        self._sockets = Sockets(first, n_workers)
        self._certificate = certificate

    def __str__(self) -> str:
        return self._name

    def listen(self, service: Service) -> AbstractAsyncContextManager[None]:
        """Answer there, in the worker whose parts these are."""
        return thrift_listener(self._sockets.keep(service.watch.seat.worker), self._certificate)(service)

    def close(self) -> None:
        """Listen no longer."""
        self._sockets.close()


@contextmanager
def thrift_address(
    host: str, port: int, n_workers: int, certificate: Certificate | None = None
) -> Iterator[ThriftAddress]:
    """Keep an address for the workers of this process. Raises Conflict where it is taken, BadSetting."""
    address = ThriftAddress(host, port, n_workers, certificate)
    try:
        yield address
    finally:
        address.close()
