"""What is learned from which rows, and how trials are compared."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from scoreline.automl.folds import Folds
from scoreline.automl.problem import Problem
from scoreline.automl.validation import Validation
from scoreline.scoring.rows import Rows


class Plan(NamedTuple):
    """Fixed for a whole experiment, the same for every trial."""

    problem: Problem
    rows: Rows
    y: npt.NDArray[Any]
    folds: Folds
    validation: Validation
    seed: int
    learners: list[str] | None
    n_workers: int
