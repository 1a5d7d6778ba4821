"""JSON Lines into frames: one object a line, or one array of objects."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec
import polars as pl

from scoreline.core.errors import BadData

ROWS_PER_FRAME = 50_000


def read_json_lines(stream: BinaryIO, name: str) -> Iterator[pl.DataFrame]:
    """Yield the rows of ``stream`` in frames; a key that a row lacks is null in it.

    A column takes the type that holds all its values: boolean, integer, float, else text. A nested value becomes its
    JSON text.

    Raises:
        BadData: a line is not a JSON object, or no line is there; names the line.
    """
    rows = _records(stream, name)
    n_frames = 0
    while batch := list(itertools.islice(rows, ROWS_PER_FRAME)):
        columns = dict.fromkeys(key for row in batch for key in row)
        yield pl.DataFrame([column(key, [row.get(key) for row in batch]) for key in columns])
        n_frames += 1
    if not n_frames:
        raise BadData(f"{name} is empty", hint='one JSON object a line, such as {"age": 41, "job": "nurse"}')


def column(name: str, values: Iterable[Any]) -> pl.Series:
    """Make a series of JSON values, typed by all of them."""
    values = list(values)
    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {bool}:
        return pl.Series(name, values, pl.Boolean)
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pl.Series(name, values, pl.Int64)
    if kinds and kinds <= {int, float}:
        return pl.Series(name, [None if value is None else float(value) for value in values], pl.Float64)
    return pl.Series(name, [None if value is None else _text(value) for value in values], pl.String)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _records(stream: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    decoder = msgspec.json.Decoder()
    for number, line in enumerate(stream, 1):
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not line.strip():
            continue
        if line.lstrip().startswith(b"["):
            yield from _array(line + stream.read(), name)
            return
        try:
            row = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadData(f"{name}, line {number}: {error}", hint="one JSON object a line") from None
        if not isinstance(row, dict):
            raise BadData(
                f"{name}, line {number}: expected an object, found {msgspec.json.encode(row)[:40].decode()}",
                hint='one JSON object a line, such as {"age": 41, "job": "nurse"}',
            )
        yield row


def _array(data: bytes, name: str) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = msgspec.json.decode(data, type=list[dict[str, Any]])
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadData(f"{name}: {error}", hint="an array of objects, or one object a line") from None
    return rows
