"""Time: what is left, and what must be kept back for the end."""

from __future__ import annotations

import time
from collections import deque

from scoreline.automl.messages import FoldFitted

N_RECENT = 10
"""Fits whose average is expected of the next one."""


class Budget:
    """A clock that started with the experiment."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._started_at = time.monotonic()

    @property
    def elapsed_seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started_at

    @property
    def left_seconds(self) -> float:
        """Negative when it is over."""
        return self.seconds - self.elapsed_seconds


class Pace:
    """How long fits of each learner take here, in seconds a row."""

    def __init__(self) -> None:
        self._seconds_a_row: dict[str, deque[float]] = {}

    def learn(self, learner: str, fitted: FoldFitted) -> None:
        """Take note of a fit."""
        recent = self._seconds_a_row.setdefault(learner, deque(maxlen=N_RECENT))
        recent.append(fitted.fit_seconds / fitted.n_rows)

    def knows(self, learner: str) -> bool:
        """Whether the learner was ever fitted."""
        return learner in self._seconds_a_row

    def seconds(self, learner: str, n_rows: int) -> float:
        """Expect a fit of ``n_rows`` to take this long; one of a learner never tried, as long as the slowest known."""
        known = {name: sum(recent) / len(recent) for name, recent in self._seconds_a_row.items()}
        return n_rows * known.get(learner, max(known.values(), default=0.0))
