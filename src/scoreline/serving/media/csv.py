"""The medium CSV: RFC 4180 in UTF-8, by the rules by which files are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.core.errors import BadRequest, SchemaMismatch
from scoreline.core.schema import Schema, label_text
from scoreline.scoring.frames import Floats, parsed_texts
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media.ipc.columns import Overflow, Room
from scoreline.serving.media.medium import FEW_ROWS, TEXT_BYTES, check_rows, room, too_many
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.room import N_CELLS

ROWS_AT_ONCE = 1000
"""Rows read before other threads have their turn: within one call of the parser nobody else runs."""
QUOTE = b'"'[0]
EDGES = list(b',\n\r"')
"""What may stand outside of an opening quote and of a closing one, where quotes are those of RFC 4180."""

csv.field_size_limit(1 << 30)  # the size of a body bounds its fields


_KINDS: dict[bool | None, tuple[str, tuple[str, ...]]] = {
    True: ("csv", ("text/csv", "application/csv", "text/csv; header=present")),
    False: ("csv-without-header", ("text/csv; header=absent",)),
    None: ("csv-of-any-kind", ("text/csv", "application/csv")),
}
"""With a header, without, either → its name and its content types."""


class Csv:
    """Comma-separated values; without ``header`` they stand in the order of the schema.

    None: whether there is one is seen in the first line. Answers have none then, as SageMaker's containers write them.
    """

    is_table = True
    is_written = True
    is_quick_to_write = True

    def __init__(self, *, header: bool | None) -> None:
        self.name, self.types = _KINDS[header]
        self._header = header

    def is_quick(self, body: bytes) -> bool:
        return max(body.count(b"\n"), body.count(b"\r")) <= FEW_ROWS

    def read(self, body: bytes, active: Active) -> Decoded:
        schema = active.pipeline.schema
        try:
            frame = _read(body, schema, room(schema), header=self._header)
        except Overflow:
            raise too_many() from None
        check_rows(frame.n_rows)
        return active.pipeline.decoder.columns(frame)

    def write(self, predictions: Predictions, decoded: Decoded, active: Active) -> Reply:
        columns = predictions.columns()
        file = io.StringIO(newline="")
        writer = csv.writer(file, lineterminator="\n")
        if self._header:
            writer.writerow(columns)
        writer.writerows(zip(*map(_cells, columns.values()), strict=True))
        media_type = f"{self.types[0]}; charset=utf-8"
        return Reply(file.getvalue().encode(), media_type, headers=column_headers(decoded))


def read_whole(body: bytes, schema: Schema) -> TextFrame:
    """Read every column of a table whose first line names them. Raises BadRequest, SchemaMismatch, TooLarge."""
    try:
        frame = _read(body, schema, room(schema), header=True, whole=True)
    except Overflow:
        raise too_many() from None
    check_rows(frame.n_rows)
    return frame


class TextFrame:
    """Columns of texts; of those that were not asked for it knows the names."""

    def __init__(self, names: Sequence[str], wanted: Collection[str]) -> None:
        self.names = list(names)
        self.n_rows = 0
        self._columns: dict[int, list[str | None]] = {j: [] for j, name in enumerate(names) if name in wanted}

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Append rows, each as long as there are names."""
        values = list(zip(*rows, strict=True))
        for j, column in self._columns.items():
            column.extend(values[j])
        self.n_rows += len(rows)

    def floats(self, j: int) -> Floats | None:
        return None

    def parsed(self, j: int) -> tuple[Floats, list[int]] | None:
        return parsed_texts(self._columns[j])

    def seconds(self, j: int) -> Floats | None:
        return None

    def texts(self, j: int) -> list[str | None] | None:
        return self._columns[j]

    def objects(self, j: int) -> list[Any]:
        return self._columns[j]


def _read(body: bytes, schema: Schema, space: Room, *, header: bool | None, whole: bool = False) -> TextFrame:
    frame = TextFrame(schema.names, schema.by_name) if header is False else None
    for block in _blocks(body):
        if frame is None and block:
            has_names = header or _are_names(block[0], schema)
            names = _names(block.pop(0)) if has_names else schema.names
            frame = TextFrame(names, names if whole else schema.by_name)
            space = Room(N_CELLS // len(names), TEXT_BYTES) if whole else space
        if frame is None or not block:
            continue
        n_names = len(frame.names)
        for i, row in enumerate(block):
            if len(row) != n_names:
                raise _ragged(row, frame.n_rows + i + 1, frame.names)
        space.take_rows(len(block))
        frame.add(block)
    if frame is None:
        raise BadRequest("the body is empty", hint="the first line names the columns, then one line a row")
    return frame


def _blocks(body: bytes) -> Iterator[list[list[str]]]:
    """Yield the lines that are not empty as lists of fields, many at once. Quotes are read as in files."""
    text = _text(body)
    options: dict[str, Any] = {}
    if QUOTE in body:
        quotes = np.flatnonzero(np.frombuffer(body, np.uint8) == QUOTE)
        if not _are_strict(body, quotes):
            options = {"skipinitialspace": ', "' in text, "escapechar": "\\" if '\\"' in text else None}
        elif len(quotes) % 2:
            raise _open_quote(body[: quotes[-1]])
    reader = csv.reader(io.StringIO(text, newline=""), **options)
    while block := list(islice(reader, ROWS_AT_ONCE)):
        yield [row for row in block if row]


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        records = _records(body[: error.start])
        names, last = _names(records[0]), records[-1]
        row, column = len(records) - 1, names[min(len(last), len(names)) - 1]
        where = f"row {row}, column `{column}`" if row else "the first line"
        message = f"{where}: byte 0x{body[error.start]:02x} is not UTF-8"
        raise SchemaMismatch(message, hint="encode the body as UTF-8", row=row or None, column=column) from None


def _records(beginning: bytes) -> list[list[str]]:
    """Return the records of the beginning of a body, the last of them unfinished."""
    text = beginning.decode("utf-8-sig", errors="ignore")
    # What follows stands for what is not there yet, so that an empty last record counts too.
    return [record for record in csv.reader(io.StringIO(text + "…", newline="")) if record]


def _names(header: Sequence[str]) -> list[str]:
    return [name.strip() or f"column_{position}" for position, name in enumerate(header, 1)]


def _are_names(line: Sequence[str], schema: Schema) -> bool:
    """Whether a first line names columns: half of its fields do, or it cannot be a row and has no number."""
    names = _names(line)
    if 2 * sum(name in schema.by_name for name in names) >= len(names):
        return True
    return len(names) != len(schema.columns) and not any(map(_is_number, names))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _are_strict(body: bytes, quotes: npt.NDArray[np.intp]) -> bool:
    octets = np.frombuffer(body, np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    before = octets[opening[opening > 0] - 1]
    after = octets[closing[closing < len(octets) - 1] + 1]
    return bool(np.isin(before, EDGES).all() and np.isin(after, EDGES).all())


def _open_quote(beginning: bytes) -> SchemaMismatch:
    row = len(_records(beginning)) - 1
    where = f"row {row}" if row else "the first line"
    return SchemaMismatch(
        f"{where}: a quote opens a field and is never closed",
        hint='close it, or double it ("") where it is part of a value',
        row=row or None,
    )


def _ragged(row: Sequence[str], number: int, names: Sequence[str]) -> SchemaMismatch:
    n, expected = len(row), len(names)
    where = f"it ends before column `{names[n]}`" if n < expected else f"after the last comes {row[expected]!r}"
    return SchemaMismatch(
        f"row {number}: {n} fields where there are {expected} columns; {where}",
        hint="fields are split at commas: quote a value that holds one",
        row=number,
    )


def _cells(values: npt.NDArray[Any]) -> list[Any]:
    if values.dtype.kind == "O":
        return [label_text(label) for label in values]
    return [value if isfinite(value) else None for value in values.tolist()]
