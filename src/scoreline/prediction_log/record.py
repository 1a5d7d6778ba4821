"""From a run to its frames: blocks as they lie in memory, everything else as one message for all its requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Any, NamedTuple
from zlib import crc32

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.core.entities import HIDEABLE, LogSettings
from scoreline.core.schema import Column
from scoreline.prediction_log.frames import HEADER, RUN, make_frame
from scoreline.prediction_log.header import Header, make_header
from scoreline.scoring.predictions import Answer
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked, Run

PIECE_ROWS = 4096
"""A run of more rows is written as several frames, so that neither writer nor reader holds it twice."""

_encode = msgspec.msgpack.Encoder().encode
_essence = attrgetter("request_id", "caller", "key", "trace", "started_at", "dialect.name")
_PLACES = {name: place for place, name in enumerate(HIDEABLE, 1)}
"""Where in its essence is what of a request may be hidden."""

Essence = tuple[str, str, str, str, float, str]


class Description(msgspec.Struct, frozen=True, array_like=True):
    """What a run says beside its blocks."""

    answered_at: float
    """On the clock of the ``started_at`` of its requests."""
    first_row: int
    """How many rows of the first request are in the frames before."""
    sizes: list[int]
    asked: list[Essence]
    """Request id, caller, key, trace, started at, dialect."""
    texts: list[str]
    """The texts block, row by row."""


class Stored(NamedTuple):
    """What a segment has been told of a version, and what of its runs is stored there."""

    number: int
    """Of the header in the segment."""
    header: Header
    active: Active
    """Held, so that its address stays its own."""
    settings: LogSettings
    numbers: npt.NDArray[np.intp] | None
    """Columns of the block that are stored; None: all."""
    texts: npt.NDArray[np.intp] | None
    private: tuple[int, ...]


def store(run: Run, number: int, settings: LogSettings) -> Stored:
    """Decide what is stored of ``run`` and those like it."""
    schema = run.active.pipeline.schema
    return Stored(
        number,
        make_header(run.active, settings, shadow=is_shadow(run), values=run.values.dtype.str),
        run.active,
        settings,
        _chosen(schema.numbers, settings),
        _chosen(schema.texts, settings),
        tuple(place for name, place in _PLACES.items() if name in settings.hidden),
    )


def is_shadow(run: Run) -> bool:
    """Whether a run was scored by another version than the one that its requests were answered by."""
    return run.asked[0].active is not run.active


def header_frame(stored: Stored, at: float) -> bytes:
    """Return the frame that tells a segment what the runs with this header belong to."""
    return make_frame(HEADER, stored.number, at, 0, 0, _encode(stored.header))


def run_frame(run: Run, stored: Stored, at: float) -> bytes:
    """Return a run as one frame."""
    rows = run.rows
    return _frame(stored, at, run.encoded_at, 0, run.sizes, run.asked, rows.numbers, rows.texts, run.values)


def run_frames(run: Run, stored: Stored, at: float) -> Iterator[bytes]:
    """Yield a large run in pieces."""
    ends = list(accumulate(run.sizes))
    numbers, texts, values = run.rows.numbers, run.rows.texts, run.values
    n_rows = ends[-1]
    for begin in range(0, n_rows, PIECE_ROWS):
        end = min(begin + PIECE_ROWS, n_rows)
        within = [i for i, last in enumerate(ends) if last > begin and last - run.sizes[i] < end]
        sizes = [min(ends[i], end) - max(ends[i] - run.sizes[i], begin) for i in within]
        first_row = begin - (ends[within[0]] - run.sizes[within[0]])
        asked = [run.asked[i] for i in within]
        piece = slice(begin, end)
        yield _frame(
            stored,
            at,
            run.encoded_at,
            first_row,
            sizes,
            asked,
            numbers[piece],
            texts[piece],
            values[piece],
            more=end < n_rows,
        )


def sampled(run: Run, percent: float) -> Run | None:
    """Return the part of ``run`` that is recorded; None: nothing.

    The request id decides, so that all records of a request, those of a shadow too, are there or none is.
    """
    below = percent / 100 * 2**32
    chosen = [crc32(one.request_id.encode()) < below for one in run.asked]
    if not any(chosen):
        return None
    return run if all(chosen) else _part(run, chosen)


def by_settings(run: Run) -> Iterator[Run]:
    """Divide the run of a shadow: its requests may come from versions with different switches of their log."""
    found = {one.active.log for one in run.asked}
    if len(found) == 1:
        yield run
        return
    for settings in found:
        yield _part(run, [one.active.log == settings for one in run.asked])


def _part(run: Run, chosen: Sequence[bool]) -> Run:
    part = Run(run.active, run.asked, run.sizes, run.rows, run.values)
    part.encoded_at = run.encoded_at
    part.keep(chosen)
    return part


def _frame(
    stored: Stored,
    at: float,
    answered_at: float,
    first_row: int,
    sizes: Sequence[int],
    asked: Sequence[Asked],
    numbers: npt.NDArray[np.float64],
    texts: npt.NDArray[np.object_],
    values: Answer,
    *,
    more: bool = False,
) -> bytes:
    if stored.numbers is not None:
        numbers = numbers[:, stored.numbers]
    if stored.texts is not None:
        texts = texts[:, stored.texts]
    essences: list[Any] = list(map(_essence, asked))
    if stored.private:
        essences = [tuple("" if i in stored.private else part for i, part in enumerate(one)) for one in essences]
    description = _encode((answered_at, first_row, sizes, essences, texts.ravel().tolist()))
    return make_frame(
        RUN,
        stored.number,
        at,
        len(essences),
        len(values),
        description,
        numbers.tobytes(),
        values.tobytes(),
        more=more,
    )


def _chosen(columns: Sequence[Column], settings: LogSettings) -> npt.NDArray[np.intp] | None:
    kept = [j for j, column in enumerate(columns) if column.name not in settings.hidden]
    return None if len(kept) == len(columns) else np.array(kept, dtype=np.intp)
