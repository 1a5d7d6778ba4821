"""Where tables lie: paths, folders, standard input; which format a file has."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

from scoreline.core.errors import BadData, NotFound

Format = Literal["delimited", "parquet", "jsonl"]
FORMATS: dict[str, Format] = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".tab": "delimited",
    ".psv": "delimited",
    ".txt": "delimited",
    ".data": "delimited",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
STDIN = "-"
GZIP, PARQUET, ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"


def table_files(path: str | Path) -> list[Path]:
    """List the files of a table: the path itself, or the readable files of a folder, by name.

    Raises:
        NotFound: nothing is at ``path``.
        BadData: the folder holds no file of a known format.
    """
    path = Path(path)
    if str(path) == STDIN or path.is_file():
        return [path]
    if not path.exists():
        raise NotFound(f"there is no file or folder {path}")
    files = sorted(
        file
        for file in path.iterdir()
        if file.is_file() and not file.name.startswith((".", "_")) and suffix(file) in FORMATS
    )
    if not files:
        raise BadData(
            f"the folder {path} holds no table", hint=f"files end in {', '.join(FORMATS)}, with or without .gz"
        )
    return files


def suffix(path: Path) -> str:
    """Return the suffix that tells the format: that before ``.gz``, in lower case."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


@contextmanager
def open_table(path: Path) -> Iterator[tuple[Format, BinaryIO]]:
    """Open a file, unpacked, with its format: what its first bytes say, else its suffix.

    Raises:
        BadData: the file is a spreadsheet or archive, or its compressed bytes are damaged.
    """
    with _open_raw(path) as raw:
        head = raw.peek(4)[:4]
        unpacked = cast(io.BufferedReader, gzip.GzipFile(fileobj=raw)) if head.startswith(GZIP) else raw
        try:
            head = unpacked.peek(64)[:64]
            if head.startswith(ZIP):
                raise BadData(f"{path.name} is a zip archive or a spreadsheet", hint="save the table as CSV or Parquet")
            yield _format(path, head), unpacked
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise BadData(f"{path.name} cannot be unpacked: {error}", hint="copy or download it again") from None


@contextmanager
def _open_raw(path: Path) -> Iterator[io.BufferedReader]:
    if str(path) == STDIN:
        yield cast(io.BufferedReader, sys.stdin.buffer)
        return
    try:
        raw = path.open("rb")
    except PermissionError:
        raise BadData(f"{path} may not be read by this user", hint="change its permissions") from None
    with raw:
        yield raw


def _format(path: Path, head: bytes) -> Format:
    if head.startswith(PARQUET):
        return "parquet"
    by_name = FORMATS.get(suffix(path))
    if by_name == "parquet":
        raise BadData(f"{path.name} is not a Parquet file", hint="its name says so, its first bytes do not")
    if by_name is None and head.lstrip().startswith((b"{", b"[")):
        return "jsonl"
    return by_name or "delimited"
