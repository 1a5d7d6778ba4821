"""What supervisor and workers share so that a new connection can go to the worker that has the fewest."""

from __future__ import annotations

import mmap
import socket

ABSENT = 1 << 62
"""Stands for the connections of a worker that takes none."""
ITEM_BYTES = 8


class Balance:
    """How many connections each worker has, and a way to hand one over to it.

    One that is on its way to a worker that dies is found by the worker that takes its place.
    """

    def __init__(self, n: int) -> None:
        self.counts = memoryview(mmap.mmap(-1, n * ITEM_BYTES)).cast("q")
        """Connections of each worker, told by itself."""
        self._ways = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(n)]
        for slot, ends in enumerate(self._ways):
            for end in ends:
                end.setblocking(False)
            self.leave(slot)

    def leave(self, slot: int) -> None:
        """Hand nothing over to a worker until it tells its connections again."""
        self.counts[slot] = ABSENT

    def fewest(self) -> int:
        """Return the worker that has the fewest connections."""
        counts = self.counts.tolist()
        return counts.index(min(counts))

    def hand_over(self, connection: int, slot: int, kind: bytes) -> bool:
        """Give a file descriptor to a worker, and a byte that says what it is; say whether there was room for it."""
        try:
            socket.send_fds(self._ways[slot][0], [kind], [connection])
        except OSError:
            return False
        self.counts[slot] += 1
        return True

    def inbox(self, slot: int) -> socket.socket:
        """Return where what is handed over to a worker arrives."""
        return self._ways[slot][1]

    def close(self) -> None:
        """Close all ways."""
        for ends in self._ways:
            for end in ends:
                end.close()
