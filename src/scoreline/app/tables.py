"""Rows in and scores out, a chunk at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from scoreline.core.errors import BadSetting

if TYPE_CHECKING:
    import polars as pl

STANDARD_INPUT = "-"


class Chunk(NamedTuple):
    """Some rows of a table."""

    frame: pl.DataFrame
    file: str
    n_before: int
    """Rows of the file before these."""


def chunks_of(table: str, chunk_rows: int, on_alert: Callable[[str], None]) -> Iterator[Chunk]:
    """Read a file, a folder of files, or standard input for ``-``, with the place of each chunk.

    ``on_alert`` hears what was guessed about a file, such as its encoding.
    """
    from scoreline.data import iter_table
    from scoreline.data.files import table_files

    for path in table_files(table):
        n_before = 0
        for frame in iter_table(path, chunk_rows=chunk_rows, on_alert=on_alert):
            yield Chunk(frame, "standard input" if table == STANDARD_INPUT else str(path), n_before)
            n_before += len(frame)


def check_included(include: Sequence[str], columns: Sequence[str]) -> None:
    """Raise BadSetting when a column to include is not among ``columns``, or named twice."""
    for name in include:
        if name not in columns:
            close = get_close_matches(name, columns, n=3) or columns[:10]
            raise BadSetting(f"no column {name!r} to include", hint=f"the rows have {', '.join(close)}")
    if len(set(include)) < len(include):
        raise BadSetting(f"a column is included twice: {', '.join(include)}", hint="name each column once")


def join_scores(rows: pl.DataFrame, include: Sequence[str], predictions: Mapping[str, Any]) -> pl.DataFrame:
    """Put included columns, as they came, before the predictions.

    A prediction that has the name of an included column (the actual target, often) gets ``.predicted`` after its name.
    """
    import polars as pl

    included = [
        rows[name]
        if name in rows.columns
        else pl.Series(name, [None] * len(rows), pl.String)  # a later JSON Lines chunk
        for name in include
    ]
    scores = [
        pl.Series(
            f"{name}.predicted" if name in include else name, values.tolist() if values.dtype == object else values
        )
        for name, values in predictions.items()
    ]
    return pl.DataFrame([*included, *scores])
