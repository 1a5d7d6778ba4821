"""A request, a table or a frame to Rows: one Decoder per schema, which every dialect, file and frame goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from scoreline.core.errors import SchemaMismatch
from scoreline.core.schema import LARGEST_NUMBER, Column, Schema
from scoreline.scoring.columns import number_column, text_column
from scoreline.scoring.frames import Frame, open_frame
from scoreline.scoring.layout import Layout, getter
from scoreline.scoring.plain import PlainRows, Refused
from scoreline.scoring.rows import Decoded, Row, Rows
from scoreline.scoring.values import Unreadable, mismatch, number_reader, text_reader

N_LAYOUTS_KEPT = 64
"""Orders of ``fields`` whose layout is remembered; a caller sends the same one each time."""


class Decoder:
    """Decodes what callers send into Rows, by the rules in ``values``; safe in threads."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._known = frozenset(schema.names)
        self._number_names = tuple(column.name for column in schema.numbers)
        self._text_names = tuple(column.name for column in schema.texts)
        self._number_readers = tuple(number_reader(column) for column in schema.numbers)
        self._text_readers = tuple(text_reader(column) for column in schema.texts)
        self._get_numbers = getter(self._number_names)
        self._get_texts = getter(self._text_names)
        self._plain = PlainRows.of(schema)
        self.json: Callable[[bytes], Decoded | None] = _nothing if self._plain is None else self._plain.json
        """Decodes the plain rows of a JSON document; None: it has others, so parse it and decode what it is."""
        self.jsons: Callable[[Sequence[bytes]], tuple[Rows, Sequence[int]] | None] = (
            _nothing if self._plain is None else self._plain.jsons
        )
        """Does so with many, at least one, if all are alike, and counts the rows of each."""
        # Only a format can make another thing of a plain number than the number itself.
        self._plain_numbers = not any(column.datetime_format for column in schema.numbers)
        self._codes = tuple(j for j, column in enumerate(schema.texts) if column.integer)
        self._required = tuple(column for column in schema.columns if column.required)
        self._layouts: dict[tuple[str, ...], Layout] = {}
        self.form = tuple((c.name, c.type, c.required, c.integer, c.datetime_format) for c in schema.columns)
        """What decides how values are read: decoders of one form make the same Rows of a request."""

    def records(self, records: Sequence[Mapping[str, Any]]) -> Decoded:
        """Decode one mapping of column to value for each row.

        Raises:
            SchemaMismatch: a value cannot be read, a required one is missing, no column is known. Says row and column.
        """
        n_known, get_numbers, get_texts = len(self._known), self._get_numbers, self._get_texts
        plain = self._plain
        rows: list[Row] = []
        ignored: dict[str, None] = {}
        absent: set[str] = set()
        for i, row in enumerate(records):
            if plain is not None:
                try:
                    if len(row) == n_known:
                        rows.append(plain.convert(row))
                        continue
                except Refused:
                    pass
            try:
                number_values, text_values = get_numbers(row), get_texts(row)
                complete = len(row) == n_known
            except (KeyError, TypeError):
                _check_mapping(row, i)
                absent.update(self._known.difference(row))
                number_values = tuple(map(row.get, self._number_names))
                text_values = tuple(map(row.get, self._text_names))
                complete = False
            if not complete:
                ignored.update((name, None) for name in row if name not in self._known)
            rows.append((self._read_numbers(number_values, i), self._read_texts(text_values, i)))
        if len(absent) == n_known and not any(self._known.intersection(row) for row in records):
            raise self._no_known_column(ignored)
        return self._decoded(rows, ignored, absent)

    def table(self, fields: Sequence[str], values: Sequence[Sequence[Any]]) -> Decoded:
        """Decode rows of values, each in the order of ``fields``.

        Raises:
            SchemaMismatch: as ``records``; also for a row of another length than ``fields`` and a field named twice.
        """
        layout = self._layout(tuple(fields))
        n_fields, get_numbers, get_texts = len(fields), layout.get_numbers, layout.get_texts
        rows: list[Row] = []
        for i, row in enumerate(values):
            if not isinstance(row, list | tuple) or len(row) != n_fields:
                raise _wrong_length(row, i, n_fields)
            rows.append((self._read_numbers(get_numbers(row), i), self._read_texts(get_texts(row), i)))
        return self._decoded(rows, layout.ignored, layout.absent)

    def frame(self, frame: Any) -> Decoded:
        """Decode a polars or pandas data frame, or a pyarrow table or record batch.

        Raises:
            SchemaMismatch: as ``records``; also for a column named twice and for a thing that is no data frame.
        """
        return self.columns(open_frame(frame))

    def columns(self, opened: Frame) -> Decoded:
        """Decode a table that is ready by columns.

        Raises:
            SchemaMismatch: as ``records``; also for a column named twice.
        """
        layout = self._layout(tuple(opened.names))
        numbers = np.full((opened.n_rows, len(self._number_names)), np.nan)
        texts = np.empty((opened.n_rows, len(self._text_names)), dtype=object)
        positions = {name: j for j, name in enumerate(opened.names)}
        for j, column in enumerate(self.schema.numbers):
            if column.name in positions:
                numbers[:, j] = number_column(opened, positions[column.name], column, self._number_readers[j])
        for j, column in enumerate(self.schema.texts):
            if column.name in positions:
                texts[:, j] = text_column(opened, positions[column.name], column, self._text_readers[j])
            else:
                texts[:, j] = ""
        return self._checked(Rows(numbers, texts), layout.ignored, layout.absent)

    def _read_numbers(self, values: tuple[Any, ...], i: int) -> Sequence[float]:
        sent = values
        if self._plain_numbers and values:
            try:
                # A comparison with NaN is false and with a text a TypeError: both can only send a row the long way.
                if isinstance(values[0], str):
                    values = _numbers_of_texts(values)
                if min(values) >= -LARGEST_NUMBER and max(values) <= LARGEST_NUMBER:
                    return values
            except (TypeError, ValueError, ArithmeticError):  # Decimal and NumPy have errors of their own
                pass
        return _read(self._number_readers, sent, self.schema.numbers, i)

    def _read_texts(self, values: tuple[Any, ...], i: int) -> Sequence[str]:
        try:
            joined = "".join(values)
        except TypeError:
            return _read(self._text_readers, values, self.schema.texts, i)
        if self._codes or not joined.isascii():
            return _read(self._text_readers, values, self.schema.texts, i)
        return values

    def _decoded(self, listed: list[Row], ignored: Iterable[str], absent: Iterable[str]) -> Decoded:
        if listed:
            rows = Rows.of(listed)
        else:
            rows = Rows(np.empty((0, len(self._number_names))), np.empty((0, len(self._text_names)), dtype=object))
        return self._checked(rows, ignored, absent)

    def _checked(self, rows: Rows, ignored: Iterable[str], absent: Iterable[str]) -> Decoded:
        if self._required:
            self._check_required(rows, frozenset(absent))
        in_order = tuple(name for name in self.schema.names if name in absent) if absent else ()
        return Decoded(rows, tuple(ignored), in_order)

    def _check_required(self, rows: Rows, absent: frozenset[str]) -> None:
        numbers = {column.name: j for j, column in enumerate(self.schema.numbers)}
        texts = {column.name: j for j, column in enumerate(self.schema.texts)}
        for column in self._required:
            name = column.name
            missing = np.isnan(rows.numbers[:, numbers[name]]) if name in numbers else rows.texts[:, texts[name]] == ""
            if missing.any():
                row = int(missing.argmax()) + 1
                found = "no such column was sent" if name in absent else "the value is missing"
                raise SchemaMismatch(
                    f"row {row}, column `{name}`: required, but {found}",
                    hint=f"send {_article(column)} in every row",
                    row=row,
                    column=name,
                )

    def _layout(self, fields: tuple[str, ...]) -> Layout:
        layout = self._layouts.get(fields)
        if layout is None:
            positions = {name: j for j, name in enumerate(fields)}
            if len(positions) < len(fields):
                twice = next(name for j, name in enumerate(fields) if positions[name] != j)
                raise SchemaMismatch(f"column `{twice}` is sent twice", hint="name each column once", column=twice)
            if self._known.isdisjoint(fields):
                raise self._no_known_column(fields)
            layout = Layout(self.schema, positions)
            if len(self._layouts) >= N_LAYOUTS_KEPT:
                self._layouts.clear()
            self._layouts[fields] = layout
        return layout

    def _no_known_column(self, sent: Iterable[str]) -> SchemaMismatch:
        from difflib import get_close_matches

        expected = ", ".join(f"`{name}`" for name in self.schema.names[:20]) + (", …" if len(self._known) > 20 else "")
        close = [
            f"`{name}` may be `{match[0]}`"
            for name in list(sent)[:20]
            if (match := get_close_matches(str(name), self.schema.names, n=1))
        ]
        found = ", ".join(f"`{name}`" for name in list(sent)[:20]) or "none"
        hint = f"expected {expected}" + (f"; {', '.join(close)}" if close else "")
        return SchemaMismatch(f"no column of the schema was sent; found {found}", hint=hint)


def _numbers_of_texts(texts: tuple[str, ...]) -> tuple[float, ...]:
    """Read texts as their reader would. Raises TypeError and ValueError where some have to be read by it."""
    if "_" in "".join(texts):  # a number to Python only
        raise ValueError("underscore")
    return tuple(map(float, texts))


def _nothing(_: object) -> None:
    return None


def _read(
    readers: Sequence[Callable[[Any], Any]], values: Sequence[Any], columns: Sequence[Column], i: int
) -> list[Any]:
    try:
        return [read(value) for read, value in zip(readers, values, strict=True)]
    except Unreadable:
        for read, value, column in zip(readers, values, columns, strict=True):
            try:
                read(value)
            except Unreadable as error:
                raise mismatch(i, column, error) from None
        raise


def _check_mapping(row: object, i: int) -> None:
    if not isinstance(row, Mapping):
        raise SchemaMismatch(
            f"row {i + 1}: expected an object of column and value, found {type(row).__name__}",
            hint='send each row as {"column": value, …}',
            row=i + 1,
        )


def _wrong_length(row: object, i: int, n_fields: int) -> SchemaMismatch:
    found = f"found {len(row)}" if isinstance(row, list | tuple) else f"found {type(row).__name__}"
    return SchemaMismatch(
        f"row {i + 1}: expected a list of {n_fields} values, as many as there are fields, {found}",
        hint="send null for a value that is missing",
        row=i + 1,
    )


def _article(column: Column) -> str:
    kind = {"number": "a number", "boolean": "true or false", "datetime": "a date or time", "category": "a category"}
    return kind.get(column.type, "a text")
