"""Read tables: CSV and its kin, Parquet, JSON Lines, each also gzipped, and folders of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import polars as pl

from scoreline.core.errors import BadData
from scoreline.data.delimited import read_delimited
from scoreline.data.files import STDIN, open_table, suffix, table_files
from scoreline.data.jsonlines import read_json_lines
from scoreline.data.plain import plain

ROWS_PER_FRAME = 100_000
Alert = Callable[[str], None]


def read_table(
    path: str | Path, *, delimiter: str | None = None, encoding: str | None = None, on_alert: Alert | None = None
) -> pl.DataFrame:
    """Read a file, a folder of files or standard input (``-``) into one frame.

    Delimited text keeps its raw texts (an empty field is null); Parquet and JSON keep their types. The files of a
    folder are stacked by name and need the same columns. ``on_alert`` is told of a guess, such as an encoding.

    Raises:
        BadData: the table cannot be read; names file, row and column.
        NotFound: nothing is at ``path``.
    """
    return stack([frame for _, frame in read_parts(path, delimiter=delimiter, encoding=encoding, on_alert=on_alert)])


def iter_table(
    path: str | Path,
    *,
    chunk_rows: int,
    delimiter: str | None = None,
    encoding: str | None = None,
    on_alert: Alert | None = None,
) -> Iterator[pl.DataFrame]:
    """Read as ``read_table`` does, in frames of ``chunk_rows`` rows (the last has fewer), without holding all of them.

    A table without rows yields one empty frame. In JSON Lines a column's type may differ from frame to frame.
    """
    pending: list[pl.DataFrame] = []
    n_pending, yielded = 0, False
    for _, frame in _frames(path, delimiter, encoding, on_alert or _ignore):
        pending.append(frame)
        n_pending += len(frame)
        if n_pending < chunk_rows:
            continue
        whole = stack(pending)
        n_whole = n_pending - n_pending % chunk_rows
        for offset in range(0, n_whole, chunk_rows):
            yield whole.slice(offset, chunk_rows)
            yielded = True
        pending, n_pending = [whole.slice(n_whole)], n_pending - n_whole
    if n_pending or not yielded:
        yield stack(pending)


def read_parts(
    path: str | Path, *, delimiter: str | None = None, encoding: str | None = None, on_alert: Alert | None = None
) -> list[tuple[str, pl.DataFrame]]:
    """Read each file of a table: its name and its frame."""
    parts: dict[str, list[pl.DataFrame]] = {}
    for name, frame in _frames(path, delimiter, encoding, on_alert or _ignore):
        parts.setdefault(name, []).append(frame)
    return [(name, stack(frames)) for name, frames in parts.items()]


def stack(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Put frames below one another; a column whose type differs takes the type that holds all, text at the last."""
    if len(frames) == 1:
        return frames[0]
    names = list(dict.fromkeys(name for frame in frames for name in frame.columns))
    common: dict[str, pl.DataType | type[pl.DataType]] = {}
    for name in names:
        types = {frame.schema[name] for frame in frames if name in frame.columns} - {pl.Null()}
        if len(types) > 1:
            common[name] = pl.Float64 if all(type_.is_numeric() for type_ in types) else pl.String
    try:
        frames = [frame.cast({name: common[name] for name in frame.columns if name in common}) for frame in frames]
    except pl.exceptions.PolarsError as error:
        raise BadData(
            f"files of one table disagree on the type of a column: {error}", hint="write them alike"
        ) from None
    return pl.concat(frames, how="diagonal_relaxed", rechunk=True)


def _frames(
    path: str | Path, delimiter: str | None, encoding: str | None, on_alert: Alert
) -> Iterator[tuple[str, pl.DataFrame]]:
    files = table_files(path)
    expected: tuple[str, list[str]] | None = None
    for file in files:
        name = "standard input" if str(file) == STDIN else file.name
        with open_table(file) as (format_, stream):
            columns: list[str] = []
            if format_ == "parquet":
                frames = _read_parquet(stream, file, name)
            elif format_ == "jsonl":
                frames = read_json_lines(stream, name)
            else:
                given = delimiter or ("\t" if suffix(file) in (".tsv", ".tab") else None)
                frames = read_delimited(stream, name, on_alert=on_alert, delimiter=given, encoding=encoding)
            for frame in frames:
                columns += [column for column in frame.columns if column not in columns]
                yield name, plain(frame)
        if expected is None:
            expected = (name, columns)
        elif set(columns) != set(expected[1]):
            _refuse_other_columns(name, columns, *expected)


def _read_parquet(stream: BinaryIO, path: Path, name: str) -> Iterator[pl.DataFrame]:
    source: Path | io.BytesIO = path if isinstance(stream, io.BufferedReader) and str(path) != STDIN else io.BytesIO()
    if isinstance(source, io.BytesIO) or suffix(path) != path.suffix.lower():
        source = io.BytesIO(stream.read())
    try:
        lazy = pl.scan_parquet(source)
        n_rows = lazy.select(pl.len()).collect().item()
        for offset in range(0, max(n_rows, 1), ROWS_PER_FRAME):
            yield lazy.slice(offset, ROWS_PER_FRAME).collect()
    except pl.exceptions.PolarsError as error:
        raise BadData(f"{name} cannot be read as Parquet: {error}", hint="write it again") from None


def _refuse_other_columns(name: str, columns: list[str], first: str, expected: list[str]) -> None:
    absent = [column for column in expected if column not in columns]
    added = [column for column in columns if column not in expected]
    said = [f"lacks column `{column}`" for column in absent[:3]] + [f"adds column `{column}`" for column in added[:3]]
    raise BadData(f"{name} {' and '.join(said)}, unlike {first}", hint="all files of a folder need the same columns")


def _ignore(_: str) -> None:
    pass
