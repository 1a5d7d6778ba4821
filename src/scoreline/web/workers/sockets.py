"""One address, and a listening socket on it for each worker."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Sequence

from scoreline.web.server import BACKLOG


class Sockets:
    """The listening sockets of n workers, held by their supervisor.

    On Linux each worker has its own with SO_REUSEPORT: the kernel deals new connections out among them, and those
    dealt to a worker that dies wait there for the one that takes its place. Elsewhere all have the same socket, and who
    comes first accepts.
    """

    def __init__(self, first: socket.socket, n: int, *, own: bool = sys.platform == "linux") -> None:
        """Share the address of ``first``, which listens on it.

        It was bound without SO_REUSEPORT, so nobody else's socket is there; from now on only this user's could join.
        """
        self._own = own and n > 1
        self._address = first.getsockname()
        self._kind = (first.family, first.type, first.proto)
        self._listening = {0: first}
        if self._own:
            first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                for slot in range(1, n):
                    self.of(slot)
            except BaseException:
                self.close()
                raise

    def of(self, slot: int) -> socket.socket:
        """Return the socket of a worker, opened again where it was shut. Raises OSError."""
        if not self._own:
            return self._listening[0]
        if slot not in self._listening:
            self._listening[slot] = self._open()
        return self._listening[slot]

    def shut(self, slot: int) -> None:
        """Let no more connections wait for a worker that will not be there soon, where others take them."""
        if self._own and slot in self._listening:
            self._listening.pop(slot).close()

    def keep(self, slot: int) -> socket.socket:
        """Return the socket of a worker and close all others: for the worker itself."""
        mine = self._listening.pop(slot if self._own else 0)
        self.close()
        return mine

    def close(self) -> None:
        """Close all."""
        while self._listening:
            self._listening.popitem()[1].close()

    def _open(self) -> socket.socket:
        with contextlib.ExitStack() as undo:
            listening = undo.enter_context(socket.socket(*self._kind))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listening.bind(self._address)
            listening.listen(BACKLOG)
            listening.setblocking(False)
            undo.pop_all()
        return listening


class Addresses:
    """The listening sockets of n workers on several addresses, each worker with one on each."""

    def __init__(self, firsts: Sequence[socket.socket], n: int) -> None:
        """Share the addresses of ``firsts``."""
        self._all = [Sockets(first, n) for first in firsts]

    def of(self, slot: int) -> None:
        """Open those of a worker again where they were shut. Raises OSError."""
        for sockets in self._all:
            sockets.of(slot)

    def shut(self, slot: int) -> None:
        """Let no more connections wait for a worker that will not be there soon, where others take them."""
        for sockets in self._all:
            sockets.shut(slot)

    def keep(self, slot: int) -> list[socket.socket]:
        """Return those of a worker, in order, and close all others: for the worker itself."""
        return [sockets.keep(slot) for sockets in self._all]

    def close(self) -> None:
        """Close all."""
        for sockets in self._all:
            sockets.close()
