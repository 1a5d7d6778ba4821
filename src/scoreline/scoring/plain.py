"""Plain rows: every column is there, numbers are numbers and texts are texts. They need no reading.

msgspec makes a type of its own for each schema: to tell a plain row and to take it apart is then one step in C. What is
not of that type is read in the usual way, which gives the same blocks; the rules are in ``values``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import Annotated, Any

import msgspec
from msgspec.structs import astuple

from scoreline.core.schema import LARGEST_NUMBER, Column, Schema
from scoreline.scoring.layout import getter
from scoreline.scoring.rows import Decoded, Row, Rows
from scoreline.scoring.values import integer_code, number_reader, text_reader

MOST_COLUMNS = 200
"""msgspec looks for a member from the one after the last on, one by one: among many that takes too long."""
FIRST_MEMBER_BYTES = 16
"""Within so many bytes of a document its first member is named."""
Refused = (msgspec.DecodeError, ValueError, TypeError, RecursionError)
"""What ``convert`` raises for a row that is not plain."""
Number = (
    Annotated[float, msgspec.Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
    | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    | bool
    | None
)
Take = Callable[[Any], Row]
TakeAll = Callable[[Iterable[Any]], list[Row]]


class PlainRows:
    """Takes plain rows of a schema apart; safe in threads."""

    def __init__(self, schema: Schema) -> None:
        names = {f"c{j}": column.name for j, column in enumerate(schema.columns)}
        fields = [(name, _type(column)) for name, column in zip(names, schema.columns, strict=True)]
        row: Any = msgspec.defstruct("PlainRow", fields, rename=names, forbid_unknown_fields=True, gc=False)
        body: Any = msgspec.defstruct("PlainBody", [("rows", list[row])], forbid_unknown_fields=True)
        self._type = row
        self._take, self._take_all = _take(schema)
        self._row = msgspec.json.Decoder(row).decode
        self._body = msgspec.json.Decoder(body).decode
        self._rows = msgspec.json.Decoder(list[row]).decode

    @classmethod
    def of(cls, schema: Schema) -> PlainRows | None:
        """Return what takes plain rows of ``schema`` apart; None where no row is plain."""
        if not 0 < len(schema.columns) <= MOST_COLUMNS or any(column.required for column in schema.columns):
            return None
        try:
            return cls(schema)
        except ValueError:  # a column is there twice, or its name has quotes or the like
            return None

    def convert(self, record: Any) -> Row:
        """Return a mapping of column to value as a row. Raises one of ``Refused``."""
        return self._take(msgspec.convert(record, self._type))

    def json(self, body: bytes) -> Decoded | None:
        """Decode `{…}`, `{"rows": [{…}, …]}` or `[{…}, …]`; None when a row is not plain, or there is none."""
        try:
            if _has_rows(body):
                listed = self._take_all(self._body(body).rows)
            elif body[:1] == b"[":
                listed = self._take_all(self._rows(body))
            else:
                return Decoded(Rows.of([self._take(self._row(body))]))
        except Refused:
            return None
        return Decoded(Rows.of(listed)) if listed else None

    def jsons(self, bodies: Sequence[bytes]) -> tuple[Rows, Sequence[int]] | None:
        """Decode documents, all `{…}` or all `{"rows": […]}`, and count the rows of each; None as for one of them."""
        try:
            if not _has_rows(bodies[0]):
                return Rows.of(self._take_all(map(self._row, bodies))), [1] * len(bodies)
            found = [self._body(body).rows for body in bodies]
            return (Rows.of(self._take_all(chain.from_iterable(found))), list(map(len, found))) if all(found) else None
        except Refused:
            return None


def _has_rows(body: bytes) -> bool:
    return b'"rows"' in body[:FIRST_MEMBER_BYTES]


def _take(schema: Schema) -> tuple[Take, TakeAll]:
    """Make what takes a plain row apart, and many, with no step that this schema has no need of; of many, in C."""
    positions = {column.name: j for j, column in enumerate(schema.columns)}
    get_numbers = getter([positions[column.name] for column in schema.numbers])
    get_texts = getter([positions[column.name] for column in schema.texts])
    readers = [(j, reader) for j, column in enumerate(schema.columns) if (reader := _reader(column)) is not None]

    def take(plain: Any) -> Row:
        values: Sequence[Any] = astuple(plain)
        if readers:
            values = read(values)
        texts = get_texts(values)
        try:
            joined = "".join(texts)
        except TypeError:  # one is missing
            texts = tuple([text or "" for text in texts])
            joined = "".join(texts)
        joined.encode()  # half a character is no text
        return get_numbers(values), texts

    def take_all(plain: Iterable[Any]) -> list[Row]:
        rows: list[Sequence[Any]] = list(map(astuple, plain))
        if readers:
            rows = list(map(read, rows))
        texts = list(map(get_texts, rows))
        try:
            joined = "".join(chain.from_iterable(texts))
        except TypeError:
            texts = [tuple([text or "" for text in row]) for row in texts]
            joined = "".join(chain.from_iterable(texts))
        joined.encode()
        return list(zip(map(get_numbers, rows), texts, strict=True))

    def read(row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for j, read_value in readers:
            values[j] = read_value(values[j])
        return values

    if schema.texts or readers:
        return take, take_all
    return lambda plain: (astuple(plain), ()), lambda plain: list(zip(map(astuple, plain), repeat(())))


def _type(column: Column) -> Any:
    if column.type in ("number", "boolean"):
        return Number
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
