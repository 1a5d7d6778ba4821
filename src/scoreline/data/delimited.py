"""Delimited text (CSV, TSV and their kin) into frames of raw texts, block by block.

Blocks whose quotes are RFC 4180's are parsed by polars; from the first that is not, the file is parsed by Python's
``csv``, which takes a stray quote for text. Either way every ragged row is found and named.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoreline.core.errors import BadData
from scoreline.data.encoding import BLOCK_BYTES, utf8_blocks
from scoreline.data.header import SNIFF_BYTES, read_header, sniff_delimiter
from scoreline.data.layout import Layout, scan

ROWS_PER_FRAME = 50_000


def read_delimited(
    stream: BinaryIO,
    name: str,
    *,
    on_alert: Callable[[str], None],
    delimiter: str | None = None,
    encoding: str | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[pl.DataFrame]:
    """Yield the table of ``stream`` in frames of texts, where an empty field is null.

    Every frame has the header's columns; a table without rows yields one empty frame.

    Raises:
        BadData: the header is missing or ambiguous, a row is ragged, a quote is not closed, a byte cannot be decoded.
    """
    return _Delimited(stream, name, on_alert, delimiter, encoding, block_bytes).frames()


class _Delimited:
    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        on_alert: Callable[[str], None],
        delimiter: str | None,
        encoding: str | None,
        block_bytes: int,
    ) -> None:
        self.name = name
        self.delimiter = delimiter
        self.columns: list[str] = []
        self.n_rows = 0
        self.n_lines = 0
        self.rest = b""
        blocks = utf8_blocks(
            stream, name, locate=self.locate, on_alert=on_alert, encoding=encoding, block_bytes=block_bytes
        )
        self.blocks = _unix_newlines(blocks)

    def frames(self) -> Iterator[pl.DataFrame]:
        n_frames = 0
        for block, final in _with_last(self.blocks):
            self.rest += block
            if final and self.rest and not self.rest.endswith(b"\n"):
                self.rest += b"\n"
            if not self.rest.strip(b"\r\n"):
                continue
            delimiter = self.delimiter = self.delimiter or sniff_delimiter(
                self.rest[:SNIFF_BYTES].decode(errors="ignore")
            )
            layout = scan(self.rest, delimiter)
            if layout is None:
                for frame in self._loose(delimiter):
                    n_frames += 1
                    yield frame
                break
            if final and layout.open_quote is not None:
                self._refuse_open_quote(layout)
            if len(layout.ends):
                frame = self._strict(layout, delimiter)
                if len(frame):
                    n_frames += 1
                    yield frame
        if not self.columns:
            raise BadData(f"{self.name} is empty", hint="the first line names the columns, then one line a row")
        if not n_frames:
            yield pl.DataFrame(schema=dict.fromkeys(self.columns, pl.String))

    def locate(self) -> str:
        """Name the place after all bytes taken so far: they end inside or before the next record."""
        if self.delimiter is None or not self.columns:
            return f"the header, character {len(self.rest.decode(errors='ignore')) + 1}"
        fields = _split(self.rest.decode(errors="ignore"), self.delimiter)
        return f"{self._row(self.n_rows, self.n_lines)}, {self._column(max(len(fields), 1) - 1)}"

    def _row(self, row: int, lines_before: int) -> str:
        return f"row {row + 1} (line {lines_before + 1})"

    def _column(self, index: int) -> str:
        return f"column `{self.columns[index]}`" if index < len(self.columns) else f"field {index + 1}"

    def _strict(self, layout: Layout, delimiter: str) -> pl.DataFrame:
        data, filled = self.rest, np.flatnonzero(~layout.blank)
        first, n_header_lines = 0, 0
        if not self.columns and len(filled):
            header = int(filled[0])
            text = data[layout.start(header) : layout.ends[header]].decode()
            self.columns = read_header(_split(text, delimiter), self.name)
            first, filled = header + 1, filled[1:]
            n_header_lines = data.count(b"\n", 0, layout.start(first))
        wrong = filled[layout.n_fields[filled] != len(self.columns)]
        if len(wrong):
            record = int(wrong[0])
            start = layout.start(record)
            fields = _split(data[start : layout.ends[record]].decode(), delimiter)
            row = self.n_rows + int(np.searchsorted(filled, record))
            self._refuse_ragged(fields, row, self.n_lines + data.count(b"\n", 0, start))
        begin, end = layout.start(first), layout.start(len(layout.ends))
        body = data[begin:end]
        self.n_lines += n_header_lines + body.count(b"\n")
        self.n_rows += len(filled)
        self.rest = data[end:]
        if not len(filled):
            return pl.DataFrame(schema=dict.fromkeys(self.columns, pl.String))
        if layout.blank[first:].any():
            body = _without_blank_lines(body, np.diff(layout.ends[first:], prepend=begin), layout.blank[first:])
        frame = pl.read_csv(
            body,
            has_header=False,
            schema=dict.fromkeys(self.columns, pl.String),
            separator=delimiter,
            quote_char='"' if b'"' in body else None,
        )
        if len(frame) != len(filled):
            raise BadData(f"{self.name}: of {len(filled)} rows {len(frame)} could be read", hint="check its quotes")
        return frame.with_columns(pl.when(pl.all() != "").then(pl.all())) if b'""' in body else frame

    def _loose(self, delimiter: str) -> Iterator[pl.DataFrame]:
        start, self.rest = self.rest, b""
        lines = _lines(itertools.chain([start], self.blocks))
        reader = csv.reader(
            lines,
            delimiter=delimiter,
            skipinitialspace=f'{delimiter} "'.encode() in start,
            escapechar="\\" if b'\\"' in start else None,
        )
        pending: list[list[str]] = []
        lines_before = 0
        while True:
            try:
                fields = next(reader, None)
            except csv.Error as error:
                place = self._row(self.n_rows, self.n_lines + lines_before)
                raise BadData(f"{self.name}, {place}: {error}", hint="is a quote there never closed?") from None
            if fields and not self.columns:
                self.columns = read_header(fields, self.name)
            elif fields:
                if len(fields) != len(self.columns):
                    self._refuse_ragged(fields, self.n_rows, self.n_lines + lines_before)
                pending.append(fields)
                self.n_rows += 1
            if pending and (fields is None or len(pending) == ROWS_PER_FRAME):
                texts = zip(*pending, strict=True)
                series = (pl.Series(name, column) for name, column in zip(self.columns, texts, strict=True))
                yield pl.DataFrame(list(series)).with_columns(pl.when(pl.all() != "").then(pl.all()))
                pending = []
            if fields is None:
                return
            lines_before = reader.line_num

    def _refuse_ragged(self, fields: Sequence[str], row: int, lines_before: int) -> None:
        n_fields, n_columns = len(fields), len(self.columns)
        where = (
            f"it ends before {self._column(n_fields)}"
            if n_fields < n_columns
            else f"after the last {self._column(n_columns - 1)} comes {fields[n_columns]!r}"
        )
        raise BadData(
            f"{self.name}, {self._row(row, lines_before)}: {n_fields} fields where the header has {n_columns}; {where}",
            hint=f"fields are split at {self.delimiter!r}: quote a value that holds it, or give the file's delimiter",
        )

    def _refuse_open_quote(self, layout: Layout) -> None:
        position = layout.open_quote or 0
        complete = int(np.searchsorted(layout.ends, position, side="right"))
        n_header = 0 if self.columns else 1
        row = self.n_rows + int((~layout.blank[:complete]).sum()) - n_header
        lines = self.n_lines + self.rest.count(b"\n", 0, position)
        raise BadData(
            f"{self.name}, {self._row(max(row, 0), lines)}: a quote opens a field and is never closed",
            hint='close it, or double it ("") where it is part of a value',
        )


def _split(record: str, delimiter: str) -> list[str]:
    # Python's csv refuses a carriage return that is not quoted; polars takes it for text.
    return next(csv.reader([record.rstrip("\r\n").replace("\r", " ")], delimiter=delimiter), [""])


def _without_blank_lines(body: bytes, lengths: NDArray[np.int64], blank: NDArray[np.bool_]) -> bytes:
    return np.frombuffer(body, np.uint8)[np.repeat(~blank, lengths)].tobytes()


def _unix_newlines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    old_mac: bool | None = None
    for block in blocks:
        if old_mac is None and block:
            old_mac = b"\r" in block and b"\n" not in block
        yield block.replace(b"\r", b"\n") if old_mac else block


def _with_last(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True


def _lines(blocks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line.decode() + "\n"
    if rest:
        yield rest.decode()
