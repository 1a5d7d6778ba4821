"""Runs to tables: a record for each scored row, its columns in their own types, missing as null."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from scoreline.core.schema import ColumnType, Label, label_text
from scoreline.prediction_log.frames import Frame
from scoreline.prediction_log.header import Header
from scoreline.prediction_log.record import Description

LATEST_SECONDS = 9e12
"""Seconds before or after 1970 that a table can hold as a time; what is beyond is null."""
TIME = pl.Datetime("us", "UTC")
_LABEL_TYPES: dict[type, Any] = {bool: pl.Boolean, int: pl.Int64, float: pl.Float64, str: pl.String}

_decode = msgspec.msgpack.Decoder(Description).decode


def make_table(header: Header, frames: Sequence[Frame]) -> pl.DataFrame:
    """Return the records of these runs, which all belong to ``header``, in their order.

    Its columns are those of every record, then the predictions, then the inputs that are stored. Rows are counted from
    1, as errors count them. A boolean that was sent as another number than 0 is true.
    Raises ValueError, or msgspec.DecodeError, where a run is not what its header says.
    """
    described = [_decode(frame.description) for frame in frames]
    for frame, description in zip(frames, described, strict=True):
        _check(header, frame, description)
    numbers, texts, outputs = header.names()
    n_rows = sum(frame.n_rows for frame in frames)
    return pl.DataFrame(
        [
            *_requests(header, frames, described),
            *_outputs(header, outputs, frames, n_rows),
            *_numbers(header, numbers, frames, n_rows),
            *_texts(texts, described),
        ]
    )


def _check(header: Header, frame: Frame, description: Description) -> None:
    n_requests, n_rows = frame.n_requests, frame.n_rows
    found = (
        len(description.asked),
        len(description.sizes),
        sum(description.sizes),
        len(description.texts),
        len(frame.blocks),
    )
    wanted = (
        n_requests,
        n_requests,
        n_rows,
        n_rows * len(header.texts),
        n_rows * (8 * len(header.numbers) + _answer_bytes(header)),
    )
    if found != wanted:
        raise ValueError(f"it holds {found} where {wanted} were announced")


def _requests(header: Header, frames: Sequence[Frame], described: Sequence[Description]) -> list[pl.Series]:
    """Return what all rows of a request share, and which row of it each is."""
    sizes = np.fromiter(chain.from_iterable(one.sizes for one in described), np.int64)
    asked = list(chain.from_iterable(one.asked for one in described))
    n_requests = [frame.n_requests for frame in frames]
    ids, callers, keys, traces, started, dialects = zip(*asked, strict=True) if asked else ((),) * 6
    answered = np.repeat(np.array([one.answered_at for one in described], np.float64), n_requests)
    times = np.repeat(np.array([frame.at for frame in frames], np.float64), n_requests)
    shared = pl.DataFrame(
        {
            "time": pl.Series(np.round(times * 1e6).astype(np.int64)).cast(TIME),
            "request_id": pl.Series(ids, dtype=pl.String),
            "row": pl.Series(_first_rows(sizes, described), dtype=pl.Int64),
            "model": pl.Series([header.model], dtype=pl.String).new_from_index(0, len(asked)),
            "version": pl.Series([header.version], dtype=pl.Int64).new_from_index(0, len(asked)),
            "latency_ms": pl.Series((answered - np.array(started, np.float64)) * 1e3, dtype=pl.Float64),
            "caller": _present(pl.Series(callers, dtype=pl.String)),
            "key": _present(pl.Series(keys, dtype=pl.String)),
            "trace": _present(pl.Series(traces, dtype=pl.String)),
            "shadow": pl.Series([header.shadow], dtype=pl.Boolean).new_from_index(0, len(asked)),
            "dialect": pl.Series(dialects, dtype=pl.String),
        }
    )
    rows = shared[np.repeat(np.arange(len(sizes)), sizes)]
    return (rows.with_columns(pl.col("row") + pl.int_range(pl.len()))).get_columns()


def _first_rows(sizes: npt.NDArray[np.int64], described: Sequence[Description]) -> npt.NDArray[np.int64]:
    """Return the number of each request's first row, less the rows of all requests before it."""
    first = 1 - (np.cumsum(sizes) - sizes)
    begin = 0
    for one in described:
        if one.first_row and one.sizes:
            first[begin] += one.first_row
        begin += len(one.sizes)
    return first


def _numbers(header: Header, names: Sequence[str], frames: Sequence[Frame], n_rows: int) -> list[pl.Series]:
    k = len(header.numbers)
    block = np.frombuffer(b"".join(frame.blocks[: frame.n_rows * k * 8] for frame in frames), np.float64)
    columns = block.reshape(n_rows, k)
    return [
        _number(name, column.type, np.ascontiguousarray(columns[:, j]))
        for j, (name, column) in enumerate(zip(names, header.numbers, strict=True))
    ]


def _number(name: str, kind: ColumnType, values: npt.NDArray[np.float64]) -> pl.Series:
    if kind == "datetime":
        held = np.abs(values) <= LATEST_SECONDS
        ticks = np.round(np.where(held, values, 0.0) * 1e6).astype(np.int64)
        return pl.Series(name, ticks).cast(pl.Datetime("us")).set(pl.Series(~held), None)
    series = pl.Series(name, values).fill_nan(None)
    return series.cast(pl.Boolean) if kind == "boolean" else series


def _texts(names: Sequence[str], described: Sequence[Description]) -> list[pl.Series]:
    block = list(chain.from_iterable(one.texts for one in described))
    m = len(names)
    return [_present(pl.Series(name, block[j::m], dtype=pl.String)) for j, name in enumerate(names)]


def _outputs(header: Header, names: Sequence[str], frames: Sequence[Frame], n_rows: int) -> list[pl.Series]:
    skipped = 8 * len(header.numbers)
    block = b"".join(frame.blocks[frame.n_rows * skipped :] for frame in frames)
    values = np.frombuffer(block, np.dtype(header.values)).reshape(n_rows, -1 if n_rows else _width(header))
    columns = [pl.Series(name, np.ascontiguousarray(values[:, j])) for j, name in enumerate(names[: _width(header)])]
    if header.labels:
        likeliest = pl.Series(values.argmax(axis=1) if n_rows else [], dtype=pl.Int64)
        columns.append(_labels(header.labels).gather(likeliest).alias(names[-1]))
    return columns


def _labels(labels: Sequence[Label]) -> pl.Series:
    kinds = {type(label) for label in labels}
    if len(kinds) == 1:
        return pl.Series(labels, dtype=_LABEL_TYPES[kinds.pop()])
    return pl.Series([label_text(label) for label in labels], dtype=pl.String)


def _width(header: Header) -> int:
    return len(header.labels) or 1


def _answer_bytes(header: Header) -> int:
    return _width(header) * np.dtype(header.values).itemsize


def _present(texts: pl.Series) -> pl.Series:
    return texts.set(texts == "", None)
