"""Plain rows: every column is there, numbers are numbers and texts are texts. They need no reading.

msgspec makes a type of its own for each schema: to tell a plain row and to take it apart is then one step in C. What is
not of that type is read in the usual way, which gives the same blocks; the rules are in ``values``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

import msgspec
from msgspec.structs import astuple

from scoreline.core.schema import Column, Schema
from scoreline.scoring.rows import Row, Rows
from scoreline.scoring.values import integer_code, number_reader, text_reader

MOST_COLUMNS = 200
"""msgspec looks for a member from the one after the last on, one by one: among many that takes too long."""
FIRST_MEMBER_BYTES = 16
"""Within so many bytes of a document its first member is named."""
Refused = (msgspec.DecodeError, ValueError, TypeError, RecursionError)
"""What ``convert`` raises for a row that is not plain."""


class PlainRows:
    """Takes plain rows of a schema apart; safe in threads."""

    def __init__(self, schema: Schema) -> None:
        n_numbers, in_blocks = len(schema.numbers), (*schema.numbers, *schema.texts)
        names = {f"c{j}": column.name for j, column in enumerate(schema.columns)}
        fields = [(name, _type(column)) for name, column in zip(names, schema.columns, strict=True)]
        row: Any = msgspec.defstruct("PlainRow", fields, rename=names, forbid_unknown_fields=True, gc=False)
        body: Any = msgspec.defstruct("PlainBody", [("rows", list[row])], forbid_unknown_fields=True)
        self._type, self._n_numbers = row, n_numbers
        self._row = msgspec.json.Decoder(row).decode
        self._body = msgspec.json.Decoder(body).decode
        self._rows = msgspec.json.Decoder(list[row]).decode
        self._readers = [(j, reader) for j, column in enumerate(in_blocks) if (reader := _reader(column)) is not None]
        order = [schema.columns.index(column) for column in in_blocks]
        self._pick = None if order == sorted(order) else itemgetter(*order)

    @staticmethod
    def fit(schema: Schema) -> bool:
        """Whether rows of ``schema`` may be plain."""
        return 0 < len(schema.columns) <= MOST_COLUMNS and not any(column.required for column in schema.columns)

    def convert(self, record: Any) -> Row:
        """Return a mapping of column to value as a row of the blocks. Raises one of ``Refused``."""
        row = self._row_of(msgspec.convert(record, self._type))
        texts = row[self._n_numbers :]
        if texts:
            try:
                joined = "".join(texts)
            except TypeError:  # one is missing
                joined = "".join(filter(None, texts))
            joined.encode()  # half a character is no text
        return row

    def json(self, body: bytes) -> Rows | None:
        """Return the rows of `{…}`, `{"rows": [{…}, …]}` or `[{…}, …]`; None if one is not plain or none there."""
        try:
            found: Iterable[Any]
            if body.startswith(b"["):
                found = self._rows(body)
            elif body.find(b'"rows"', 0, FIRST_MEMBER_BYTES) >= 0:
                found = self._body(body).rows
            else:
                found = (self._row(body),)
            rows = list(map(self._row_of, found))
        except Refused:
            return None
        return Rows.of(rows, self._n_numbers) if rows else None

    def _row_of(self, plain: Any) -> Row:
        row: Row = astuple(plain)
        if self._pick is not None:
            row = self._pick(row)
        if self._readers:
            values = list(row)
            for j, read in self._readers:
                values[j] = read(values[j])
            row = tuple(values)
        return row


def _type(column: Column) -> Any:
    if column.type in ("number", "boolean"):
        return int | float | bool | None
    if column.type == "datetime":
        return Any
    return int | str | None if _is_code(column) else str | None


def _reader(column: Column) -> Callable[[Any], Any] | None:
    """Return what reads a value of the column's plain type; None where it is what the graph gets already."""
    if column.type == "datetime":
        return number_reader(column)
    if not _is_code(column):
        return None
    read, known = text_reader(column), frozenset(level for level in column.levels if integer_code(level) == level)
    return lambda value: value if value in known else read(value)


def _is_code(column: Column) -> bool:
    return column.type == "category" and column.integer
