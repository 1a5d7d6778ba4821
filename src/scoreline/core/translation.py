"""What is asked of the process that translates tables, what it answers, and how both stand on its pipes.

A message is the lengths of a head and of a body, the head as msgpack, the body as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO, Literal, TypeVar

import msgspec

from scoreline.core.errors import ERRORS, ScorelineError

Form = Literal["parquet", "arrow"]
T = TypeVar("T", bound=msgspec.Struct)

_LENGTHS = struct.Struct("<IQ")


class ToTranslate(msgspec.Struct, frozen=True, kw_only=True):
    """Translate the body, a table. What unpacks to more than the limits is refused."""

    source: Form
    target: Form
    columns: tuple[str, ...] = ()
    """Those that are wanted; of the others only the names are told."""
    most_rows: int = 0
    text_bytes: int = 0


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """The body is the translation; or why there is none."""

    names: tuple[str, ...] = ()
    """Of all columns, in order."""
    n_rows: int = 0
    code: str = ""
    """Of the error, if there is one."""
    message: str = ""
    hint: str = ""

    def error(self) -> ScorelineError | None:
        """Return the error that is told, if one is."""
        if not self.code:
            return None
        known = {error.code: error for error in ERRORS}
        return known[self.code](self.message, hint=self.hint)


Translate = Callable[[ToTranslate, bytes], tuple[Translated, bytes]]
"""Translates a table. Raises BadRequest for bytes that are no such table, TooLarge beyond the limits."""


def write(stream: BinaryIO, head: msgspec.Struct, body: bytes) -> None:
    """Write a message."""
    packed = msgspec.msgpack.encode(head)
    stream.write(_LENGTHS.pack(len(packed), len(body)))
    stream.write(packed)
    stream.write(body)
    stream.flush()


def read(stream: BinaryIO, head_type: type[T]) -> tuple[T, bytes] | None:
    """Read a message; None when the other side is gone."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    n_head, n_body = _LENGTHS.unpack(lengths)
    head, body = stream.read(n_head), stream.read(n_body)
    if len(head) < n_head or len(body) < n_body:
        return None
    return msgspec.msgpack.decode(head, type=head_type), body
