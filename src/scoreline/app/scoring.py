"""Use case: score a file of rows, in chunks, with a scoring pipeline that needs no server."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from scoreline.app.settings import App
from scoreline.app.sources import find_source
from scoreline.app.tables import Chunk, check_included, chunks_of, join_scores
from scoreline.core.errors import BadData, SchemaMismatch

CHUNK_ROWS = 50_000


class Progress(NamedTuple):
    """How far a score run is."""

    n_rows: int
    elapsed_seconds: float


class Scored(NamedTuple):
    """A score run that ended well."""

    output: str
    n_rows: int
    columns: tuple[str, ...]
    """Of the output: included ones first."""
    ignored: tuple[str, ...]
    """Columns of the rows that are neither known to the scoring pipeline nor included."""
    absent: tuple[str, ...]
    """Columns of the scoring pipeline that the rows do not have; they score as missing."""
    elapsed_seconds: float


def score(
    app: App,
    source: str,
    rows: str,
    output: str = "-",
    *,
    include: Sequence[str] = (),
    chunk_rows: int = CHUNK_ROWS,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_alert: Callable[[str], None] = lambda sentence: None,
) -> Scored:
    """Score the table ``rows`` with ``source`` (a file, a deployment, ``MODEL@3``) into ``output``.

    Tables are CSV, Parquet or JSON Lines by suffix; ``-`` is standard input or output. The output has the columns of
    ``include`` as they came, then the predictions, named as the manifest's outputs. A file appears when it is whole.
    ``on_alert`` hears what was guessed about the rows' file, such as its encoding.
    Raises NotFound, ArtifactRefused, BadSetting (a column to include), BadData naming file, row and column.
    """
    from scoreline.data.writing import TableWriter
    from scoreline.scoring.pipeline import load

    started = time.monotonic()
    pipeline = load(find_source(app, source).path)
    n_rows = 0
    ignored: dict[str, None] = {}
    absent: dict[str, None] = {}
    columns: tuple[str, ...] = ()
    with TableWriter(output) as writer:
        for chunk in chunks_of(rows, chunk_rows, on_alert):
            if chunk.n_before == 0:
                check_included(include, chunk.frame.columns)
            try:
                predictions = pipeline.score(chunk.frame)
            except SchemaMismatch as error:
                raise _in_file(error, chunk) from None
            joined = join_scores(chunk.frame, include, predictions.columns())
            writer.write(joined)
            columns = tuple(joined.columns)
            ignored.update(dict.fromkeys(predictions.ignored))
            absent.update(dict.fromkeys(predictions.absent))
            n_rows += len(joined)
            on_progress(Progress(n_rows, time.monotonic() - started))
    unknown = tuple(name for name in ignored if name not in include)
    return Scored(output, n_rows, columns, unknown, tuple(absent), time.monotonic() - started)


def _in_file(error: SchemaMismatch, chunk: Chunk) -> BadData:
    """Say the row of the file instead of the row of the chunk."""
    message = error.message
    if error.row is not None:
        message = message.replace(f"row {error.row}", f"row {error.row + chunk.n_before}", 1)
    return BadData(f"{chunk.file}: {message}", hint=error.hint)
