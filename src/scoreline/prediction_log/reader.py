"""Read a segment: runs with their headers, as far as it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap
from typing import NamedTuple

import msgspec

from scoreline.prediction_log.frames import HEADER, RUN, Damage, Frame, read_frames
from scoreline.prediction_log.header import Header

_decode = msgspec.msgpack.Decoder(Header).decode


class Recorded(NamedTuple):
    """A run, or a piece of one."""

    number: int
    """Of the header in its segment."""
    header: Header
    frame: Frame


class Reader:
    """Reads runs in the order in which they were written; goes on where it ended when the segment has grown."""

    def __init__(self) -> None:
        self.position = 0
        """Up to where everything was yielded, in bytes of the segment."""
        self._headers: dict[int, Header] = {}

    def read(self, data: bytes | mmap, offset: int = 0) -> Iterator[Recorded | Damage]:
        """Yield what is whole in ``data``, the segment's bytes from ``offset`` on, after ``position``.

        A run of several frames is yielded once the last of them is there. A run whose header cannot be read is damage.
        """
        pending: list[Recorded | Damage] = []
        for item in read_frames(data, self.position - offset):
            if isinstance(item, Damage):
                pending.append(item)
                continue
            if item.kind == HEADER:
                self._note(item)
            elif item.kind == RUN:
                header = self._headers.get(item.header)
                pending.append(Damage(item.begin, item.end) if header is None else Recorded(item.header, header, item))
            if not item.more:
                yield from pending
                pending.clear()
                self.position = offset + item.end

    def _note(self, frame: Frame) -> None:
        try:
            self._headers[frame.header] = _decode(frame.description)
        except msgspec.DecodeError:  # of a later release; the runs that belong to it are set aside
            self._headers.pop(frame.header, None)
