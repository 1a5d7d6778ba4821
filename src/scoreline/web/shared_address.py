"""An address beside HTTP's, and a listening socket on it for each worker."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from scoreline.web.server import bind
from scoreline.web.service import Listener, Service
from scoreline.web.workers.sockets import Sockets


class SharedAddress:
    """Listens from when it is made, so that who is early waits. Each worker answers on a socket of its own."""

    def __init__(
        self, host: str, port: int, n_workers: int, answering: Callable[[socket.socket], Listener], option: str
    ) -> None:
        first = bind(host, port, option=option)
        at: tuple[str, int] = first.getsockname()[:2]
        self._name = f"[{at[0]}]:{at[1]}" if ":" in at[0] else f"{at[0]}:{at[1]}"
        self._sockets = Sockets(first, n_workers)
        self._answering = answering

    def __str__(self) -> str:
        return self._name

    def listen(self, service: Service) -> AbstractAsyncContextManager[None]:
        """Answer there, in the worker whose parts these are."""
        return self._answering(self._sockets.keep(service.watch.seat.worker))(service)

    def close(self) -> None:
        """Listen no longer."""
        self._sockets.close()


@contextmanager
def shared_address(
    host: str, port: int, n_workers: int, answering: Callable[[socket.socket], Listener], option: str
) -> Iterator[SharedAddress]:
    """Keep an address, which ``option`` asked for, for the workers of this process.

    Raises Conflict where it is taken, BadSetting.
    """
    address = SharedAddress(host, port, n_workers, answering, option)
    try:
        yield address
    finally:
        address.close()
