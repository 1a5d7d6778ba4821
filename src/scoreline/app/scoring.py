"""Use case: score a file of rows, in chunks, with a scoring pipeline that needs no server."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from scoreline.app.settings import App
from scoreline.app.sources import find_source
from scoreline.app.tables import Chunk, ScoreWriter, rows_of
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
    """Columns of the rows that the scoring pipeline does not know."""
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
) -> Scored:
    """Score the table ``rows`` with ``source`` (a file, a deployment, ``MODEL@3``) into ``output``.

    Tables are CSV, Parquet or JSON Lines by suffix; ``-`` is standard input or output. The output has the columns of
    ``include`` as they came, then the predictions, named as the manifest's outputs. It appears only when it is whole.
    Raises NotFound, ArtifactRefused, BadSetting (a column to include), BadData naming file, row and column.
    """
    from scoreline.scoring.pipeline import load

    started = time.monotonic()
    pipeline = load(find_source(app, source).path)
    n_rows = 0
    ignored: dict[str, None] = {}
    absent: dict[str, None] = {}
    with ScoreWriter(output, include) as writer:
        for chunk in rows_of(rows, chunk_rows):
            try:
                decoded = pipeline.decoder.frame(chunk.frame)
            except SchemaMismatch as error:
                raise _in_file(error, chunk) from None
            writer.write(chunk.frame, pipeline.score_rows(decoded.rows).columns())
            ignored.update(dict.fromkeys(decoded.ignored))
            absent.update(dict.fromkeys(decoded.absent))
            n_rows += len(chunk.frame)
            on_progress(Progress(n_rows, time.monotonic() - started))
        columns = writer.finish()
    return Scored(output, n_rows, columns, tuple(ignored), tuple(absent), time.monotonic() - started)


def _in_file(error: SchemaMismatch, chunk: Chunk) -> BadData:
    """Say the row of the file instead of the row of the chunk."""
    message = error.message
    if error.row is not None:
        message = message.replace(f"row {error.row}", f"row {error.row + chunk.n_before}", 1)
    return BadData(f"{chunk.file}: {message}", hint=error.hint)
