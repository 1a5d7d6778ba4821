"""Rows in and scores out, a chunk at a time; what is written appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from scoreline.core.errors import BadData, BadSetting, Unavailable

if TYPE_CHECKING:
    import polars as pl

STANDARD = "-"
FORMATS = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def rows_of(source: str, chunk_rows: int) -> Iterator[Chunk]:
    """Read a table, a folder of tables, or standard input for ``-``, with the place of each chunk."""
    from scoreline.data import iter_table
    from scoreline.data.files import table_files

    for path in table_files(source):
        n_before = 0
        for frame in iter_table(path, chunk_rows=chunk_rows):
            yield Chunk(frame, "standard input" if source == STANDARD else str(path), n_before)
            n_before += len(frame)


class Chunk(NamedTuple):
    """Some rows of a table."""

    frame: pl.DataFrame
    file: str
    n_before: int
    """Rows of the file before these."""


class ScoreWriter:
    """Writes scores as CSV, TSV, Parquet or JSON Lines by suffix, or CSV to standard output for ``-``.

    A context manager: what is written appears at `finish`, whole, and without it nothing is left behind.
    """

    def __init__(self, output: str, include: Sequence[str] = ()) -> None:
        self._output = output
        self._include = list(include)
        self._format = "csv" if output == STANDARD else _format_of(output)
        self._columns: tuple[str, ...] = ()

    def __enter__(self) -> ScoreWriter:
        parent = None if self._output == STANDARD else Path(self._output).absolute().parent
        try:
            if parent is not None:
                parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix=".scoreline-", dir=parent))
        except OSError as error:
            raise Unavailable(f"cannot write {self._output}: {error.strerror}", hint="choose another output") from None
        self._whole = self._folder / "whole"
        self._file = self._whole.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def write(self, rows: pl.DataFrame, predictions: Mapping[str, Any]) -> None:
        """Add the scores of ``rows``. Raises BadSetting when a column to include is not among them."""
        frame = self._joined(rows, predictions)
        first = not self._columns
        self._columns = tuple(frame.columns)
        if self._format == "parquet":
            frame.write_parquet(self._folder / f"{len(list(self._folder.iterdir())):06}.parquet")
        elif self._format == "jsonl":
            frame.write_ndjson(self._file)
        else:
            frame.write_csv(self._file, include_header=first, separator="\t" if self._format == "tsv" else ",")

    def finish(self) -> tuple[str, ...]:
        """Let the output appear; return its columns. Raises BadData when nothing was written."""
        import polars as pl

        if not self._columns:
            raise BadData("there are no rows to score", hint="a table has a header and at least one row")
        if self._format == "parquet":
            self._file.close()
            parts = [pl.scan_parquet(part) for part in sorted(self._folder.glob("*.parquet"))]
            pl.concat(parts, how="vertical_relaxed").sink_parquet(self._whole)
        else:
            self._file.flush()
        if self._output == STANDARD:
            with self._whole.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            with self._whole.open("rb") as file:
                os.fsync(file.fileno())
            self._whole.replace(self._output)
        return self._columns

    def _joined(self, rows: pl.DataFrame, predictions: Mapping[str, Any]) -> pl.DataFrame:
        """Included columns first; a prediction of the same name as one of them gets ``.predicted`` after its name."""
        import polars as pl

        included = []
        for name in self._include:
            if name in rows.columns:
                included.append(rows[name])
            elif self._columns:  # an earlier chunk had it: JSON Lines may leave out what is null
                included.append(pl.Series(name, [None] * len(rows), pl.String))
            else:
                close = get_close_matches(name, rows.columns, n=3) or rows.columns[:10]
                raise BadSetting(f"no column {name!r} to include", hint=f"the rows have {', '.join(close)}")
        taken = set(self._include)
        scores = [
            pl.Series(
                f"{name}.predicted" if name in taken else name, values.tolist() if values.dtype == object else values
            )
            for name, values in predictions.items()
        ]
        return pl.DataFrame([*included, *scores])


def _format_of(output: str) -> str:
    suffix = Path(output).suffix.lower()
    if suffix not in FORMATS:
        raise BadSetting(f"output {output!r}: format {suffix!r} is not known", hint=f"one of {', '.join(FORMATS)}")
    return FORMATS[suffix]
