"""Attempt: a trial under way, fold by fold."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from scoreline.automl.candidate import Candidate
from scoreline.automl.events import Trial, TrialStatus
from scoreline.automl.messages import FoldFitted

Status = Literal["running"] | TrialStatus


class Attempt:
    """One candidate, the folds it has been fitted on, and how it did."""

    def __init__(self, number: int, candidate: Candidate, n_folds: int, *, n_rows: int | None = None) -> None:
        self.number = number
        self.candidate = candidate
        self.n_rows = n_rows
        """Training rows of each fold, where it may not have all of them."""
        self.status: Status = "running"
        self.reason = ""
        self.waiting = list(range(n_folds))
        """Folds not begun."""
        self.fitted: dict[int, FoldFitted] = {}
        self.promising = False
        """Its first fold did well enough for the others to follow."""
        self.seconds = 0.0
        self.predicted: npt.NDArray[np.floating[Any]] | None = None
        """On all validation rows, fold after fold."""
        self.score: float | None = None
        self.sd: float | None = None
        self.scores: dict[str, float] = {}
        self.loss = self.first_loss = float("inf")
        """Of all folds, and of the first one alone; less is better."""
        self._n_folds = n_folds

    @property
    def complete(self) -> bool:
        """Every fold is fitted."""
        return len(self.fitted) == self._n_folds

    @property
    def done(self) -> bool:
        """It has a score on all validation rows."""
        return self.status == "done"

    @property
    def fit_seconds(self) -> float:
        """Of one fold, on average."""
        return float(np.mean([fold.fit_seconds for fold in self.fitted.values()])) if self.fitted else 0.0

    @property
    def rows_a_fit(self) -> int:
        """Training rows of one fold."""
        return next(iter(self.fitted.values())).n_rows

    @property
    def predict_seconds_a_row(self) -> float:
        """Features and learner, with one thread."""
        return float(np.mean([fold.predict_seconds_a_row for fold in self.fitted.values()])) if self.fitted else 0.0

    @property
    def n_iterations(self) -> int | None:
        """For a fit on all rows: the median of those at which the folds were best."""
        rounds = [fold.n_iterations for fold in self.fitted.values() if fold.n_iterations]
        return max(1, round(float(np.median(rounds)))) if rounds else None

    def keep_first_fold_only(self) -> None:
        """Make do with one fold."""
        self.fitted = {0: self.fitted[0]}
        self._n_folds = 1

    def forget(self) -> None:
        """Let go of what is large; it will not be part of the final scoring pipeline."""
        self.predicted = None
        self.fitted.clear()

    def stack(self) -> npt.NDArray[np.floating[Any]]:
        """Predictions of all folds, in their order."""
        return np.concatenate([self.fitted[fold].predicted for fold in range(self._n_folds)])

    def to_trial(self, weight: float = 0.0) -> Trial:
        """Write it as a row of the leaderboard."""
        params: dict[str, Any] = dict(self.candidate.params)
        if self.candidate.target != "identity":
            params["target"] = self.candidate.target
        if self.n_rows is not None:
            params["n_rows"] = self.n_rows
        return Trial(
            number=self.number,
            learner=self.candidate.learner,
            features=self.candidate.features,
            params=params,
            status="killed" if self.status == "running" else self.status,
            score=self.score,
            sd=self.sd,
            seconds=round(self.seconds, 3),
            reason=self.reason,
            weight=weight,
            scores=self.scores,
        )
