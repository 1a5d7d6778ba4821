"""Frames: how records lie in a segment. Each says how long it is and proves that it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap
from struct import Struct
from typing import NamedTuple
from zlib import crc32

MAGIC = b"SLP1"
"""Begins each frame, so that the next one is found where one is damaged; the digit is the format's version."""
HEADER, RUN = 1, 2
"""Kinds: what the runs after it belong to; requests answered by one run of a graph, or a piece of them."""

_HEAD = Struct("<4sII")  # magic, length and checksum of all that follows
_BODY = Struct("<BB2xIdIII")  # kind, more, number of the header, time, requests, rows, length of the description


class Frame(NamedTuple):
    """A frame that is whole, as views of the segment's bytes."""

    kind: int
    more: bool
    """Whether the run goes on in the next frame; without its last frame a run was never answered."""
    header: int
    at: float
    """When it was written, in seconds since 1970."""
    n_requests: int
    n_rows: int
    description: bytes
    """A message of MessagePack."""
    blocks: memoryview
    """Numbers, then values, as they lay in memory."""
    begin: int
    end: int


class Damage(NamedTuple):
    """Bytes between whole frames that are none."""

    begin: int
    end: int


def make_frame(
    kind: int,
    header: int,
    at: float,
    n_requests: int,
    n_rows: int,
    description: bytes,
    *blocks: bytes,
    more: bool = False,
) -> bytes:
    """Return a frame as it is written."""
    body = b"".join((_BODY.pack(kind, more, header, at, n_requests, n_rows, len(description)), description, *blocks))
    return _HEAD.pack(MAGIC, len(body), crc32(body)) + body


def read_frames(data: bytes | mmap, begin: int = 0) -> Iterator[Frame | Damage]:
    """Yield the whole frames from ``begin`` on, and what is damaged between them.

    What follows the last whole frame is not damage: its writer was killed, or is about to go on.
    """
    view = memoryview(data)
    while True:
        frame = _frame_at(view, begin)
        if frame is None:
            end = _next_whole(data, view, begin)
            if end is None:
                return
            yield Damage(begin, end)
            begin = end
        else:
            yield frame
            begin = frame.end


def _frame_at(view: memoryview, begin: int) -> Frame | None:
    first = begin + _HEAD.size
    if first + _BODY.size > len(view):
        return None
    magic, length, checksum = _HEAD.unpack_from(view, begin)
    end = first + length
    if magic != MAGIC or end > len(view) or length < _BODY.size or crc32(view[first:end]) != checksum:
        return None
    kind, more, header, at, n_requests, n_rows, described = _BODY.unpack_from(view, first)
    blocks = first + _BODY.size + described
    description = bytes(view[first + _BODY.size : blocks])
    return Frame(kind, bool(more), header, at, n_requests, n_rows, description, view[blocks:end], begin, end)


def _next_whole(data: bytes | mmap, view: memoryview, begin: int) -> int | None:
    """Find the next whole frame: where the damaged one says that it ends, else wherever one begins."""
    if begin + _HEAD.size <= len(view):
        end: int = begin + _HEAD.size + _HEAD.unpack_from(view, begin)[1]
        if _frame_at(view, end) is not None:
            return end
    found = data.find(MAGIC, begin + 1)
    while found >= 0 and _frame_at(view, found) is None:
        found = data.find(MAGIC, found + 1)
    return found if found >= 0 else None
