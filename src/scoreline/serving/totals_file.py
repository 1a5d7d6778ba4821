"""The file in which one worker keeps its totals: mapped into memory, so that what was written is there after a kill."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO

import msgspec

SUFFIX = ".totals"
FIRST_SIZE_BYTES = 64 * 1024
_HEADER = struct.Struct("qq")
"""Bytes used, and 1 while a worker writes; entries follow."""
_LENGTH = struct.Struct("q")
_NUMBER = struct.Struct("d")

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[str, ...])


class TotalsFile:
    """Entries that are only ever added: length of the key, the key (padded to 8 bytes), the number.

    A number is written as one aligned word, and an entry is whole before it is within the bytes used, so that readers
    need no lock. The writer holds a lock on the file, which the kernel takes back when the process ends in any way.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        size = os.fstat(file.fileno()).st_size
        if not size:
            size = FIRST_SIZE_BYTES
            file.truncate(size)
        self._map = mmap.mmap(file.fileno(), size)
        used, is_open = _HEADER.unpack_from(self._map)
        self.was_left_open = bool(is_open)
        """Whether the writer before ended without closing."""
        self._used = used or _HEADER.size
        self._places = {key: place for key, place, _ in _entries(self._map, self._used)}
        self._map[: _HEADER.size] = _HEADER.pack(self._used, 1)

    @classmethod
    def claim(cls, folder: Path) -> TotalsFile:
        """Open the first file in ``folder`` that no living process writes, or a new one."""
        for number in count():
            file = (folder / f"{number}{SUFFIX}").open("a+b", buffering=0)
            if _lock(file):
                return cls(file)
            file.close()
        raise AssertionError("count() does not end")

    def read(self) -> dict[tuple[str, ...], float]:
        """Return the numbers."""
        return {key: number for key, _, number in _entries(self._map, self._used)}

    def write(self, key: tuple[str, ...], number: float) -> None:
        """Set a number."""
        place = self._places.get(key)
        if place is None:
            place = self._add(key)
        self._map[place : place + _NUMBER.size] = _NUMBER.pack(number)

    def close(self) -> None:
        """Give the file back."""
        self._map[: _HEADER.size] = _HEADER.pack(self._used, 0)
        self._map.close()
        self._file.close()

    def _add(self, key: tuple[str, ...]) -> int:
        name = _encoder.encode(key)
        entry = _LENGTH.pack(len(name)) + name.ljust(_padded(len(name)), b"\0") + _NUMBER.pack(0.0)
        end = self._used + len(entry)
        if end > len(self._map):
            self._file.truncate(2 * end)
            self._map.close()
            self._map = mmap.mmap(self._file.fileno(), 2 * end)
        self._map[self._used : end] = entry
        self._map[: _LENGTH.size] = _LENGTH.pack(end)
        self._used = end
        place = self._places[key] = end - _NUMBER.size
        return place


def read_all(folder: Path) -> Iterator[tuple[dict[tuple[str, ...], float], bool]]:
    """Yield the numbers of each worker that has counted in ``folder``, and whether it is alive."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with path.open("rb", buffering=0) as file:
            content = file.read()
            if len(content) > _HEADER.size:
                used = _LENGTH.unpack_from(content)[0]
                yield {key: number for key, _, number in _entries(content, used)}, not _lock(file)


def _entries(content: bytes | mmap.mmap, used: int) -> Iterator[tuple[tuple[str, ...], int, float]]:
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
