"""Parquet to Arrow and back, in a process of its own: a damaged file may end it, and nothing else.

Bytes that are not what they claim to be make polars panic, abort, or ask for exabytes. A server therefore leaves them
to ``python -m scoreline.data.translation``, which answers one request after the other on its standard input and output.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

import polars as pl

from scoreline.core.errors import BadRequest, ScorelineError, TooLarge
from scoreline.core.translation import ToTranslate, Translated, read, write

IDLE_SECONDS = 60.0
"""After so long without a request the process ends; the next request starts another."""
MEMORY_BYTES = 2 << 30
"""What a translation may take beyond what the process has when it starts."""
LONGEST_REASON = 200


def translate(asked: ToTranslate, body: bytes) -> tuple[Translated, bytes]:
    """Translate a table. Raises BadRequest for bytes that are no such table, TooLarge beyond the limits."""
    try:
        if asked.target == "parquet":
            file = io.BytesIO()
            pl.read_ipc_stream(io.BytesIO(body)).write_parquet(file)
            return Translated(), file.getvalue()
        return _to_arrow(asked, body)
    except ScorelineError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        form = "a Parquet file" if asked.source == "parquet" else "an Arrow stream"
        reason = str(error).strip().partition("\n")[0][:LONGEST_REASON]
        raise BadRequest(f"the body cannot be read as {form}: {reason}", hint="write it again") from None


def _to_arrow(asked: ToTranslate, body: bytes) -> tuple[Translated, bytes]:
    file = io.BytesIO(body)
    lazy = pl.scan_parquet(file) if asked.source == "parquet" else pl.read_ipc_stream(file).lazy()
    names = lazy.collect_schema().names()
    n_rows = lazy.select(pl.len()).collect().item()
    if n_rows > asked.most_rows:
        raise _too_large(f"{n_rows:,} rows, {asked.most_rows:,} are allowed")
    frame = lazy.select([name for name in names if name in set(asked.columns)]).collect()
    n_bytes = int(sum(column.str.len_bytes().sum() for column in frame if column.dtype == pl.String))
    if n_bytes > asked.text_bytes:
        raise _too_large(f"{n_bytes >> 20} MB of text, {asked.text_bytes >> 20} MB are allowed")
    stream = io.BytesIO()
    frame.write_ipc_stream(stream, compat_level=pl.CompatLevel.oldest())
    return Translated(names=tuple(names), n_rows=n_rows), stream.getvalue()


def _too_large(how: str) -> TooLarge:
    hint = "send fewer rows a request, or score the file with `scoreline score`"
    return TooLarge(f"the table is too large: {how}", hint=hint)


def _limit_memory() -> None:
    """Let no file take more than its share, and leave no core dump behind. Only Linux says how much there is now."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        n_pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = n_pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """Answer requests until nobody asks any more."""
    _limit_memory()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        idle = threading.Timer(IDLE_SECONDS, os._exit, (0,))
        idle.daemon = True
        idle.start()
        message = read(requests, ToTranslate)
        idle.cancel()
        if message is None:
            return
        try:
            answered, body = translate(*message)
        except ScorelineError as error:
            answered, body = Translated(code=error.code, message=error.message, hint=error.hint), b""
        write(answers, answered, body)


if __name__ == "__main__":
    main()
