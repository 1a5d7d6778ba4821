"""Messages whose layout is known: a caller sends the same names, types and lengths again and again, only values differ.

protobuf makes an object for each tensor, and for each of its contents; of one row that is most of what a call costs.
A layout is made out of a message that protobuf has read (``learning``), and says of another one, byte for byte, whether
it has the same layout; then its values are where the layout says. All else goes the way of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, error
from typing import Any, NamedTuple, Protocol


class Step(Protocol):
    """A stretch of a message."""

    def read(self, data: bytes, at: int, values: list[Any]) -> int:
        """Add its values; return where it ends, or -1 where the message is another."""
        ...


class Fixed:
    """A stretch with values of fixed sizes: known bytes and values, in turns."""

    def __init__(self, known: Sequence[bytes], formats: Sequence[str]) -> None:
        """Take the known parts, and the formats of the values behind all but the last, as ``struct`` names them."""
        parts = [f"{len(part)}s{form}" for part, form in zip(known, [*formats, ""], strict=True)]
        self._struct = Struct("<" + "".join(parts))
        self._known = tuple(known)
        self._size = self._struct.size

    def read(self, data: bytes, at: int, values: list[Any]) -> int:
        try:
            found = self._struct.unpack_from(data, at)
        except error:
            return -1
        if found[::2] != self._known:
            return -1
        values += found[1::2]
        return at + self._size


class Counted:
    """A stretch that ends in one value, of which the length stands in known places before it."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self._seen: dict[bytes, Any] = {}
        """Values by all the bytes of such stretches: the levels of a category come again and again."""

    def read(self, data: bytes, at: int, values: list[Any]) -> int:
        try:
            told = data[at + 1]
            if told <= SHORT:
                end = at + 2 + told
                whole = data[at:end]
                seen = self._seen.get(whole)
                if seen is not None:
                    values.append(seen)
                    return end
                end = self._read(data, at, told, values)
                if end > 0 and len(self._seen) < N_SEEN:
                    self._seen[whole] = values[-1]
                return end
            return self._read(data, at, told & SHORT | data[at + 2] << 7, values)
        except IndexError:
            return -1

    def _read(self, data: bytes, at: int, told: int, values: list[Any]) -> int:
        try:
            head, n_bytes = self._heads[told]
            begin = at + len(head)
            end = begin + n_bytes
            if end > len(data) or not data.startswith(head, at):
                return -1
            values.append(self._value(data[begin:end]))
        except (ValueError, KeyError):
            return -1
        return end

    def _value(self, data: bytes) -> Any:
        return data.decode()


class Whole(Counted):
    """The same with an integer, of so many bits, or with a boolean, which has one."""

    def __init__(self, heads: Heads, n_bits: int, *, is_signed: bool) -> None:
        super().__init__(heads)
        self._n_bits, self._is_signed = n_bits, is_signed

    def _value(self, data: bytes) -> Any:
        """Raise ValueError for what is not one number, written as protobuf does."""
        value = 0
        for i, byte in enumerate(data):
            value |= (byte & SHORT) << 7 * i
            if (byte <= SHORT) is not (i == len(data) - 1):
                raise ValueError(data)
        if self._is_signed and value >> 63:
            value -= 1 << 64
        least = -1 << self._n_bits - 1 if self._is_signed else 0
        if not data or not least <= value < least + (1 << self._n_bits):
            raise ValueError(data)
        return value if self._n_bits > 1 else bool(value)


class Heads(dict[int, tuple[bytes, int]]):
    """What stands before a value, and the value's length, by the length that is told first."""

    def __init__(self, tag: int, known: bytes, tags: bytes, *, is_raw: bool = False) -> None:
        """Take the first tag, what is in it before the value, and the tags that are within one another around that.

        A raw text has its length before it in place of tags.
        """
        super().__init__()
        self._tag, self._known, self._tags, self._is_raw = tag, known, tags, is_raw

    def __missing__(self, told: int) -> tuple[bytes, int]:
        """Raise KeyError for a length that there cannot be."""
        found = bytes((self._tag,)) + _length(told, told) + self._known
        n_bytes = told - len(self._known)
        if self._is_raw:
            n_bytes -= 4
            if n_bytes < 0:
                raise KeyError(told)
            found += n_bytes.to_bytes(4, "little")
        for tag in self._tags:
            inner = n_bytes - 2 if n_bytes - 2 <= SHORT else n_bytes - 3
            found += bytes((tag,)) + _length(inner, told)
            n_bytes = inner
        if len(self) < N_HEADS_KEPT:
            self[told] = found, n_bytes
        return found, n_bytes


def _length(n_bytes: int, told: int) -> bytes:
    if 0 <= n_bytes <= SHORT:
        return bytes((n_bytes,))
    if SHORT < n_bytes <= LONGEST:
        return bytes((n_bytes & SHORT | 0x80, n_bytes >> 7))
    raise KeyError(told)


SHORT, LONGEST = 0x7F, 0x3FFF
"""The longest lengths that protobuf tells in one byte, and in two."""
N_HEADS_KEPT, N_SEEN = 16, 32


class Manner(NamedTuple):
    """How an answer is written."""

    outputs: tuple[str, ...]
    """Those that are asked for; none: all."""
    is_raw: bool


class Layout:
    """What a message of one row says besides its values."""

    def __init__(
        self,
        model_name: str,
        model_version: str,
        names: tuple[str, ...],
        manner: Manner,
        steps: Sequence[Step],
        *,
        has_id: bool,
        is_matrix: bool,
    ) -> None:
        self.model_name = model_name
        self.model_version = model_version
        self.names = names
        """Of its tensors."""
        self.manner = manner
        self.is_matrix = is_matrix
        """Whether one tensor holds all columns."""
        self._has_id = has_id
        self._steps = steps

    def read(self, data: bytes) -> tuple[str, list[Any]] | None:
        """Return the id and the row of a message; None: its layout is another."""
        values: list[Any] = []
        at = 0
        for step in self._steps:
            at = step.read(data, at, values)
            if at < 0:
                return None
        if at != len(data):
            return None
        return (values.pop(0), values) if self._has_id else ("", values)
