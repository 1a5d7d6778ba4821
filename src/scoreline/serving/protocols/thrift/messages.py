"""Messages: the head of a call, and the answers to it."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import NamedTuple

import numpy as np

from scoreline.core.errors import ScorelineError
from scoreline.scoring.predictions import Answer
from scoreline.serving.errors import describe
from scoreline.serving.protocols.thrift.binary import field, i32, list_of, read_text, text
from scoreline.serving.protocols.thrift.wire import DOUBLE, I32, LIST, STOP, STRING, STRUCT, Truncated, broken

CALL, REPLY, EXCEPTION, ONEWAY = 1, 2, 3, 4
UNKNOWN_METHOD, PROTOCOL_ERROR = 1, 7
"""Codes of TApplicationException, which is told where a call could not be read as one."""
_VERSION = 0x80010000
_head = Struct(">I")
_END = bytes([STOP])
LONGEST_NAME_BYTES = 512


class Head(NamedTuple):
    """What a call says before its arguments."""

    method: str
    deployment: str | None
    """The one that is named before the method and a colon; None: the default one."""
    sequence: int
    one_way: bool
    """Whether nobody waits for an answer."""
    at: int
    """Where the arguments begin."""


def read_head(message: bytes) -> Head:
    """Read the head of a call. Raises BadRequest."""
    try:
        (version,) = _head.unpack_from(message)
        if version & 0xFFFF0000 != _VERSION:
            raise broken("it has no version")
        kind = version & 0xFF
        if kind not in (CALL, ONEWAY):
            raise broken(f"message type {kind} is no call")
        name, at = read_text(message, 4)
        if at - 8 > LONGEST_NAME_BYTES:
            raise broken(f"a method's name has at most {LONGEST_NAME_BYTES} bytes")
        sequence = int.from_bytes(message[at : at + 4], signed=True)
    except Truncated:
        raise broken("it ends too early") from None
    deployment, _, method = name.rpartition(":")
    return Head(method, deployment or None, sequence, kind == ONEWAY, at + 4)


def scores(values: Answer) -> bytes:
    """Write the result of many rows: a list of numbers for each. ``answer`` makes it the answer to a call."""
    rows = values.reshape(len(values), -1)
    n, width = rows.shape
    lists = np.empty(n, dtype=[("head", "V5"), ("values", ">f8", (width,))])
    lists["head"] = np.void(list_of(DOUBLE, width))
    lists["values"] = rows
    return field(LIST, 0) + list_of(LIST, n) + lists.tobytes() + _END


def scores_of_each(values: Answer) -> list[bytes]:
    """Write a result of its own for each row, as ``score`` has it."""
    rows = values.reshape(len(values), -1)
    before, numbers = field(LIST, 0) + list_of(DOUBLE, rows.shape[1]), rows.astype(">f8").tobytes()
    n_bytes = 8 * rows.shape[1]
    return [before + numbers[at : at + n_bytes] + _END for at in range(0, len(numbers), n_bytes)]


def answer(head: Head, result: bytes) -> bytes:
    """Write the answer to a call."""
    return _opening(REPLY, head.method) + i32(head.sequence) + result


def names(head: Head, values: list[str]) -> bytes:
    """Write a list of names as the answer."""
    return _result(head, field(LIST, 0) + list_of(STRING, len(values)) + b"".join(map(text, values)))


def name(head: Head, value: str) -> bytes:
    """Write a text as the answer."""
    return _result(head, field(STRING, 0) + text(value))


def nothing(head: Head) -> bytes:
    """Write the answer of a method that answers nothing."""
    return _result(head, b"")


def failure(head: Head, error: ScorelineError) -> bytes:
    """Write a ``ScoringError``, which every method declares."""
    told = describe(error)
    members = [field(STRING, i) + text(told[key]) for i, key in enumerate(("code", "kind", "message", "hint"), 1)]
    if (row := told.get("row")) is not None:
        members.append(field(I32, 5) + i32(row))
    if (column := told.get("column")) is not None:
        members.append(field(STRING, 6) + text(column))
    return _result(head, field(STRUCT, 1) + b"".join(members) + _END)


def application_failure(head: Head | None, message: str, code: int) -> bytes:
    """Write a ``TApplicationException``; without ``head`` it is not known what was called."""
    body = field(STRING, 1) + text(message) + field(I32, 2) + i32(code) + _END
    called, sequence = ("", 0) if head is None else (head.method, head.sequence)
    return _message(EXCEPTION, called, sequence, body)


def _result(head: Head, members: bytes) -> bytes:
    return answer(head, members + _END)


def _message(kind: int, called: str, sequence: int, body: bytes) -> bytes:
    return _opening(kind, called) + i32(sequence) + body


@lru_cache(maxsize=256)
def _opening(kind: int, called: str) -> bytes:
    return _head.pack(_VERSION | kind) + text(called)
