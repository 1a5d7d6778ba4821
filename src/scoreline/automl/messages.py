"""What a worker process is asked, and what it answers. All of it is pickled, and only by parent and child."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.automl.candidate import Candidate
from scoreline.automl.handover import Layout
from scoreline.automl.problem import Problem
from scoreline.core.errors import ScorelineError
from scoreline.core.manifest import Parity

LENGTH = struct.Struct(">Q")
"""Before each pickle stands its length in bytes."""


class Open(msgspec.Struct, frozen=True):
    """The first request: what is to be learned, and from which rows."""

    problem: Problem
    layout: Layout


class Ready(NamedTuple):
    """Said once, when the process has started and read its rows."""


class Cancel(msgspec.Struct, frozen=True):
    """Give up a request, if it is still under way; its answer will be ``Failed``."""

    number: int
    """Of the request among those sent to this worker, from 1."""


class FitFold(msgspec.Struct, frozen=True):
    """Learn from a fold's training rows, predict its validation rows."""

    candidate: Candidate
    fold: int
    seconds: float
    n_rows: int | None = None
    """Learn from this many of the training rows, taken at random, where there are more."""
    keep: bool = False
    """Send the fitted pipeline back as well."""


class FoldFitted(NamedTuple):
    """The answer to ``FitFold``."""

    predicted: npt.NDArray[np.floating[Any]]
    """Probabilities float32 [n, c], or numbers float64 [n]."""
    n_rows: int
    n_iterations: int | None
    fit_seconds: float
    predict_seconds_a_row: float
    pipeline: bytes | None


class Refit(msgspec.Struct, frozen=True):
    """Learn from all rows (or ``n_rows`` of them), with a number of iterations known from the folds."""

    candidate: Candidate
    n_iterations: int | None
    seconds: float
    n_rows: int | None = None


class Refitted(NamedTuple):
    """The answer to ``Refit``."""

    pipeline: bytes
    """Pickled; no process but a worker ever reads it."""


class Build(msgspec.Struct, frozen=True):
    """Write weighted, fitted pipelines as one graph."""

    members: list[tuple[float, bytes]]


class Built(NamedTuple):
    """The answer to ``Build``."""

    graph: bytes


class Prove(msgspec.Struct, frozen=True):
    """Compare a graph with the fitted pipelines it was written from, on all rows and on difficult ones."""

    members: list[tuple[float, bytes]]
    graph: bytes
    seed: int
    most_boundary_rows: int


class Proved(NamedTuple):
    """The answer to ``Prove``."""

    parity: Parity


class Failed(NamedTuple):
    """The answer to a request that raised."""

    reason: str
    error: ScorelineError | None = None


Request = FitFold | Refit | Build | Prove
Answer = FoldFitted | Refitted | Built | Proved | Failed
