"""Types of Thrift's binary protocol. Source: doc/specs/thrift-binary-protocol.md of Apache Thrift."""

from __future__ import annotations

from struct import error

from scoreline.core.errors import BadRequest

STOP, BOOL, BYTE, DOUBLE, I16, I32, I64, STRING, STRUCT, MAP, SET, LIST, UUID = (
    0,
    2,
    3,
    4,
    6,
    8,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
)
SIZES = {BOOL: 1, BYTE: 1, DOUBLE: 8, I16: 2, I32: 4, I64: 8, UUID: 16}
"""Bytes of the types that have a fixed size."""
Truncated = (IndexError, error)
"""What reading beyond the end raises."""


def broken(what: str) -> BadRequest:
    """Return the error for bytes that are not of the protocol."""
    return BadRequest(
        f"the message is not of Thrift's binary protocol: {what}",
        hint="use TBinaryProtocol, strict, buffered or framed",
    )
