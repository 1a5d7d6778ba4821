"""The file in which one worker keeps its totals: what is written stays, whatever becomes of the worker."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO

import msgspec

from scoreline.serving.metrics import Key

SUFFIX = ".totals"
_HEADER = struct.Struct("qq")
"""Bytes used, and 1 while a worker writes; entries follow."""
_LENGTH = struct.Struct("q")
_NUMBER = struct.Struct("d")

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[str, ...])


class TotalsFile:
    """Entries that are only ever added: length of the key, the key (padded to 8 bytes), the number.

    It is written whole, the bytes used last, so that who reads meanwhile finds no half of an entry. Written, and not
    mapped into memory: on a disk that is full a write fails, and a mapping kills. The writer holds a lock, which the
    system takes back when the process ends in any way.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        self._image = bytearray(file.read()) or bytearray(_HEADER.pack(_HEADER.size, 0))
        used, is_open = _HEADER.unpack_from(self._image)
        del self._image[used:]
        self.was_left_open = bool(is_open)
        """Whether the writer before ended without closing."""
        self._places = {key: place for key, place, _ in _entries(self._image)}
        self.flush()

    @classmethod
    def claim(cls, folder: Path) -> TotalsFile:
        """Open the first file in ``folder`` that no living process writes, or a new one. Raises OSError."""
        for number in count():
            path = folder / f"{number}{SUFFIX}"
            path.touch()
            file = path.open("r+b", buffering=0)
            if _lock(file):
                return cls(path, file)
            file.close()
        raise AssertionError("count() does not end")

    def read(self) -> dict[Key, float]:
        """Return the numbers."""
        return {key: number for key, _, number in _entries(self._image)}

    def write(self, key: Key, number: float) -> None:
        """Set a number, which the next ``flush`` writes."""
        place = self._places.get(key)
        if place is None:
            name = _encoder.encode(key)
            self._image += _LENGTH.pack(len(name)) + name.ljust(_padded(len(name)), b"\0")
            place = self._places[key] = len(self._image)
            self._image += _NUMBER.pack(number)
        else:
            _NUMBER.pack_into(self._image, place, number)

    def flush(self, *, is_open: bool = True) -> None:
        """Write. Raises OSError."""
        descriptor, view = self._file.fileno(), memoryview(self._image)
        with view:
            begin = _HEADER.size
            while begin < len(view):
                begin += os.pwrite(descriptor, view[begin:], begin)
        os.pwrite(descriptor, _HEADER.pack(len(self._image), is_open), 0)

    def close(self) -> None:
        """Give the file back. Raises OSError."""
        with self._file:
            self.flush(is_open=False)


def read_others(mine: Path) -> Iterator[tuple[dict[Key, float], bool]]:
    """Yield the numbers of each other worker that has counted beside ``mine``, and whether it is alive."""
    for path in sorted(mine.parent.glob(f"*{SUFFIX}")):
        if path == mine:
            continue
        with path.open("rb", buffering=0) as file:
            content = file.read()
            if len(content) >= _HEADER.size:
                yield {key: number for key, _, number in _entries(content)}, not _lock(file)


def _entries(content: bytes | bytearray) -> Iterator[tuple[Key, int, float]]:
    used = _HEADER.unpack_from(content)[0]
    at = _HEADER.size
    while at < used:
        length = _LENGTH.unpack_from(content, at)[0]
        name = at + _LENGTH.size
        place = name + _padded(length)
        yield _decoder.decode(content[name : name + length]), place, _NUMBER.unpack_from(content, place)[0]
        at = place + _NUMBER.size


def _padded(length: int) -> int:
    return (length + 7) // 8 * 8


def _lock(file: BinaryIO) -> bool:
    import fcntl  # workers share a socket, which only systems that have this can

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
