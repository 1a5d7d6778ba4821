"""The arguments of calls: rows as structs, whose fields are the columns, or as text under the names of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from scoreline.core.errors import BadRequest
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.protocols.methods import FLAGS, check_flags, column_names, no_transformed_columns, target_labels
from scoreline.serving.protocols.thrift import messages
from scoreline.serving.protocols.thrift.binary import (
    field,
    read_field,
    read_fields,
    read_list,
    read_numbers,
    read_scalar,
    read_text,
)
from scoreline.serving.protocols.thrift.messages import Head
from scoreline.serving.protocols.thrift.scan import skip
from scoreline.serving.protocols.thrift.wire import BOOL, LIST, STOP, STRING, STRUCT, Truncated, broken
from scoreline.serving.room import check_rows

T = TypeVar("T")
_ROW = field(STRUCT, 1)
"""How the arguments of ``score`` begin."""
Read = Callable[[bytes, int], tuple[T, int]]
"""Reads a value; gives it, and where it ends."""


def read_arguments(data: bytes, at: int, wanted: Mapping[int, tuple[int, Read[Any]]]) -> list[Any]:
    """Read the arguments with these numbers, each of the type that it must have, in the order of ``wanted``.

    Raises BadRequest where one is not there, Unsupported where a flag asks for something other than scores.
    """
    found: dict[int, Any] = {}
    flags: dict[str, Any] = {}
    kind, number, at = read_field(data, at)
    while kind != STOP:
        expected, read = wanted.get(number, (STOP, read_text))
        if kind == expected:
            found[number], at = read(data, at)
        elif kind == BOOL and number - 2 in range(len(FLAGS)):
            flags[list(FLAGS)[number - 2]], at = read_scalar(data, at, kind)
        else:
            at = skip(data, at, kind)
        kind, number, at = read_field(data, at)
    check_flags(flags)
    if missing := wanted.keys() - found.keys():
        raise BadRequest(f"argument {min(missing)} is not there", hint="`scoreline thrift` prints the IDL")
    return [found[number] for number in wanted]


def read_key(message: bytes, head: Head) -> str:
    """Read the argument of ``login``. Raises BadRequest."""
    try:
        [key] = read_arguments(message, head.at, {1: (STRING, read_text)})
    except Truncated:
        raise broken("it ends too early") from None
    return str(key)


def _score(data: bytes, head: Head, active: Active) -> Decoded:
    names = active.pipeline.schema.names
    [row] = read_arguments(data, head.at, {1: (STRUCT, _row_of(len(names)))})
    return _decode(names, [row], active)


def read_one_row(message: bytes, n_columns: int) -> list[Any] | None:
    """Read the row of a call of ``score``, whose head was read before; None: it is no such call, or has no values.

    Raises as ``score`` does.
    """
    method_at, sequence_at = 8, 8 + int.from_bytes(message[4:8])
    method = message[method_at:sequence_at]
    if method != b"score" and not method.endswith(b":score"):
        return None
    at = sequence_at + 4
    row: list[Any] | None = read_numbers(message, at + len(_ROW), n_columns) if message.startswith(_ROW, at) else None
    if row is None:
        [row] = read_arguments(message, at, {1: (STRUCT, _row_of(n_columns))})
    return None if row.count(None) == n_columns else row


def _score_batch(data: bytes, head: Head, active: Active) -> Decoded:
    names = active.pipeline.schema.names
    [rows] = read_arguments(data, head.at, {1: (LIST, _list_of(STRUCT, _row_of(len(names)), _check_rows(active)))})
    return _decode(names, rows, active)


def _score_table(data: bytes, head: Head, active: Active) -> Decoded:
    texts = _list_of(STRING, read_text)
    rows_of_text = _list_of(LIST, texts, _check_rows(active))
    fields, rows = read_arguments(data, head.at, {1: (LIST, texts), 2: (LIST, rows_of_text)})
    return active.pipeline.decoder.table(fields, rows)


def _decode(names: list[str], rows: list[list[Any]], active: Active) -> Decoded:
    if all(value is None for row in rows for value in row):
        active.pipeline.decoder.records([{}])  # raises, as for all who send no column
    return active.pipeline.decoder.table(names, rows)


def _row_of(n_columns: int) -> Read[list[Any]]:
    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        row: list[Any] = [None] * n_columns
        return row, read_fields(data, at, row)

    return read


def _list_of(kind: int, read: Read[T], check: Callable[[int], None] = lambda _: None) -> Read[list[T]]:
    def read_all(data: bytes, at: int) -> tuple[list[T], int]:
        n, at = read_list(data, at, kind)
        check(n)
        values = []
        for _ in range(n):
            value, at = read(data, at)
            values.append(value)
        return values, at

    return read_all


def _check_rows(active: Active) -> Callable[[int], None]:
    def check(n_rows: int) -> None:
        if not n_rows:
            raise BadRequest("the call has no rows", hint="send at least one row")
        check_rows(n_rows, active.pipeline.schema)

    return check


def _transformed(_data: bytes, _head: Head, _active: Active) -> bytes:
    raise no_transformed_columns()


METHODS: dict[str, Callable[[bytes, Head, Active], Decoded | bytes]] = {
    "score": _score,
    "score_batch": _score_batch,
    "score_table": _score_table,
    "get_column_names": lambda _, head, active: messages.names(head, column_names(active)),
    "get_target_labels": lambda _, head, active: messages.names(head, target_labels(active)),
    "get_transformed_column_names": _transformed,
    "get_hash": lambda _, head, active: messages.name(head, active.digest),
}
"""Name → what reads a call: rows, or the answer at once. ``login`` is the connection's own."""
