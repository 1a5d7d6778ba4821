"""What the meters note of a run: nothing that keeps its requests alive, and of its rows few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter
from struct import Struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.plane import Run
from scoreline.serving.protocols.dialect import Dialect

REQUEST_PHASES = ("receive", "wait", "total")
RUN_PHASES = ("decode", "score", "encode")

_started_at, _whole_at, _dialect = attrgetter("started_at"), attrgetter("whole_at"), attrgetter("dialect")


@lru_cache(maxsize=512)
def _packer(n: int) -> Callable[..., bytes]:
    return Struct(f"{n}d").pack


class Note(NamedTuple):
    """One run: its requests' times and dialects in order, its own times, and the rows to be checked."""

    active: Active
    n_rows: int
    started_at: bytes
    whole_at: bytes
    """float64, packed while they are at hand: to look a thousand floats up later takes three times as long."""
    dialects: list[Dialect]
    times: tuple[float, float, float, float, float]
    """``begun_at``, ``decoded_at``, ``scoring_at``, ``scored_at``, ``encoded_at``."""
    checked: Rows | None


def take_note(run: Run, n_rows: int, checked: Rows | None) -> Note:
    """Note ``run``."""
    asked = run.asked
    pack = _packer(len(asked))
    return Note(
        run.active,
        n_rows,
        pack(*map(_started_at, asked)),
        pack(*map(_whole_at, asked)),
        list(map(_dialect, asked)),
        (run.begun_at, run.decoded_at, run.scoring_at, run.scored_at, run.encoded_at),
        checked,
    )


class Phases(NamedTuple):
    """How long the phases of requests took, in seconds."""

    sizes: npt.NDArray[np.int64]
    """Requests of each run."""
    of_requests: npt.NDArray[np.float64]
    """float64[len(REQUEST_PHASES), requests]."""
    of_runs: npt.NDArray[np.float64]
    """float64[len(RUN_PHASES), runs]: the same for each request of a run."""


def phases(notes: Sequence[Note]) -> Phases:
    """Return the phases of the runs and requests of ``notes``, in order."""
    sizes = np.array([len(note.dialects) for note in notes])
    started = np.frombuffer(b"".join([note.started_at for note in notes]))
    whole = np.frombuffer(b"".join([note.whole_at for note in notes]))
    begun, decoded, scoring, scored, encoded = np.array([note.times for note in notes]).T
    begins, ends = np.repeat((begun + (scoring - decoded), encoded), sizes, axis=1)
    return Phases(
        sizes,
        np.stack([whole - started, begins - whole, ends - started]),
        np.stack([decoded - begun, scored - scoring, encoded - scored]),
    )
