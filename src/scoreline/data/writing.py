"""Write tables: CSV, Parquet, JSON Lines, by the suffix of the path."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, cast

import polars as pl

from scoreline.core.errors import BadSetting
from scoreline.data.files import FORMATS, STDIN, Format, suffix

STDOUT = STDIN
DELIMITERS = {".tsv": "\t", ".tab": "\t", ".psv": "|"}


def write_table(table: pl.DataFrame | Iterable[pl.DataFrame], path: str | Path) -> None:
    """Write a frame, or frames below one another, to ``path``; ``-`` is standard output, as CSV.

    The suffix chooses the format: ``.csv``, ``.tsv``, ``.jsonl``, ``.parquet``, the texts also with ``.gz``. A file
    appears whole or not at all.

    Raises:
        BadSetting: the suffix is not known, or the folder does not exist.
    """
    with TableWriter(path) as writer:
        for frame in [table] if isinstance(table, pl.DataFrame) else table:
            writer.write(frame)


class TableWriter:
    """Writes frames below one another as they come, and puts the file in its place at the end."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.to_stdout = str(path) == STDOUT
        self.format: Format = "delimited" if self.to_stdout else _format(self.path)
        self.n_frames = 0
        self._folder = Path()
        self._stream: BinaryIO | None = None

    def __enter__(self) -> TableWriter:
        if self.to_stdout:
            self._stream = sys.stdout.buffer
            return self
        if not self.path.parent.is_dir():
            raise BadSetting(f"there is no folder {self.path.parent} to write {self.path.name} into", hint="create it")
        self._folder = Path(tempfile.mkdtemp(prefix=".scoreline-", dir=self.path.parent))
        if self.format != "parquet":
            whole = self._folder / "whole"
            packed = self.path.suffix.lower() == ".gz"
            self._stream = cast(BinaryIO, gzip.open(whole, "wb", compresslevel=6)) if packed else whole.open("wb")
        return self

    def write(self, frame: pl.DataFrame) -> None:
        """Append a frame; every frame has the columns of the first."""
        if self._stream is None:
            frame.write_parquet(self._folder / f"{self.n_frames:06d}.parquet")
        elif self.format == "jsonl":
            frame.write_ndjson(self._stream)
        else:
            delimiter = DELIMITERS.get(suffix(self.path), ",")
            text = frame.write_csv(
                include_header=self.n_frames == 0,
                separator=delimiter,
                # A lone missing value would be an empty line, which readers skip.
                null_value='""' if frame.width == 1 else None,
            )
            # Written by Python, which tells a closed pipe from other trouble; polars does not.
            cast(IO[bytes], self._stream).write(text.encode())
        self.n_frames += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.to_stdout:
            sys.stdout.flush()
            return
        try:
            if self._stream is not None:
                self._stream.close()
            if kind is None:
                self._whole().replace(self.path)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _whole(self) -> Path:
        whole = self._folder / "whole"
        if self.format == "parquet":
            parts = sorted(self._folder.glob("*.parquet"))
            if len(parts) == 1:
                return parts[0]
            # A column of JSON Lines may change its type from frame to frame; the file has the type that holds all.
            frames = [pl.scan_parquet(part) for part in parts] or [pl.LazyFrame()]
            pl.concat(frames, how="vertical_relaxed").sink_parquet(whole)
        return whole


def _format(path: Path) -> Format:
    known = {end: format_ for end, format_ in FORMATS.items() if end != ".json"}
    format_ = known.get(suffix(path))
    if format_ is None or (format_ == "parquet" and path.suffix.lower() == ".gz"):
        raise BadSetting(f"cannot tell the format of {path.name}", hint=f"end it in {', '.join(known)}")
    return format_
