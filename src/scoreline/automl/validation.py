"""Judging predictions on the validation rows of all folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.automl.folds import Folds
from scoreline.automl.scorers import SCORERS, oriented, score_each, scorers_for
from scoreline.core.schema import Task

Floats = npt.NDArray[np.float64]
Predicted = npt.NDArray[np.floating[Any]]

N_BLOCKS = 10
"""Parts of a holdout, whose scores tell how far chance moves the whole."""


class Validation:
    """The validation rows, fold after fold, and the scorer that judges predictions for them.

    A score is taken over all these rows at once, since a fold may lack a class. Its standard deviation is the one
    between folds, or, with a holdout, the standard error out of ten random parts.
    """

    def __init__(
        self,
        y: npt.NDArray[Any],
        folds: Folds,
        *,
        scorer: str,
        task: Task,
        n_labels: int,
        positive: int | None,
        seed: int,
    ) -> None:
        self.scorer = SCORERS[scorer]
        self.task: Task = task
        self.n_labels, self.positive = n_labels, positive
        self.seed = seed
        self.rows = np.concatenate([validation for _, validation in folds.pairs])
        self.actual = y[self.rows]
        self.holdout = folds.holdout
        if folds.holdout:
            shuffled = np.random.default_rng(seed).permutation(len(self.actual))
            self.blocks = [part for part in np.array_split(shuffled, N_BLOCKS) if len(part)]
        else:
            ends = np.cumsum([len(validation) for _, validation in folds.pairs])
            self.blocks = np.split(np.arange(len(self.actual)), ends[:-1])
        self._shrink = np.sqrt(len(self.blocks)) if folds.holdout else 1.0

    def of(self, y: npt.NDArray[Any], folds: Folds) -> Validation:
        """Judge in the same way on other folds."""
        return Validation(
            y,
            folds,
            scorer=self.scorer.name,
            task=self.task,
            n_labels=self.n_labels,
            positive=self.positive,
            seed=self.seed,
        )

    def trivial_loss(self) -> float:
        """Give the loss of knowing no more than the shares of the labels, or the mean."""
        if self.task == "regression":
            return self.loss(np.full(len(self.actual), np.mean(self.actual)))
        shares = np.bincount(self.actual, minlength=self.n_labels) / len(self.actual)
        return self.loss(np.tile(shares, (len(self.actual), 1)))

    def score(self, predicted: Predicted) -> float:
        """By the experiment's scorer."""
        return self._by(self.scorer.name, predicted, slice(None))

    def loss(self, predicted: Predicted) -> float:
        """Turn the score so that less is better; infinite where it is undefined."""
        return self.as_loss(self.score(predicted))

    def loss_of_fold(self, fold: int, predicted: Predicted) -> float:
        """Like ``loss``, of predictions for the validation rows of one fold."""
        rows = slice(None) if self.holdout else self.blocks[fold]
        return self.as_loss(self._score_rows(self.scorer.name, self.actual[rows], predicted))

    def as_loss(self, score: float) -> float:
        """Turn a score of the experiment's scorer so that less is better (and back)."""
        if not np.isfinite(score):
            return float("inf")
        return -score if self.scorer.greater_is_better else score

    def sd(self, predicted: Predicted, scorer: str | None = None) -> float:
        """Estimate the standard deviation of a score; 0 when there are too few parts to tell."""
        return self._spread(self._of_blocks(scorer or self.scorer.name, predicted))

    def gain(self, challenger: Predicted, champion: Predicted) -> tuple[float, float]:
        """Mean of ``challenger``'s advantage over ``champion``, part by part, and that mean's standard error."""
        ahead = self._of_blocks(self.scorer.name, challenger) - self._of_blocks(self.scorer.name, champion)
        ahead = ahead[np.isfinite(ahead)]
        if not self.scorer.greater_is_better:
            ahead = -ahead
        if len(ahead) == 0:
            return 0.0, 0.0
        error = float(np.std(ahead, ddof=1) / np.sqrt(len(ahead))) if len(ahead) > 1 else 0.0
        return float(np.mean(ahead)), error

    def all_scores(self, predicted: Predicted) -> dict[str, float]:
        """Scorer → score, for every scorer that these rows define."""
        return score_each(scorers_for(self.task), lambda scorer: self._by(scorer.name, predicted, slice(None)))

    def _of_blocks(self, scorer: str, predicted: Predicted) -> Floats:
        return np.array([self._by(scorer, predicted, block) for block in self.blocks])

    def _spread(self, of_blocks: Floats) -> float:
        finite = of_blocks[np.isfinite(of_blocks)]
        return float(np.std(finite, ddof=1) / self._shrink) if len(finite) > 1 else 0.0

    def _by(self, scorer: str, predicted: Predicted, rows: Any) -> float:
        return self._score_rows(scorer, self.actual[rows], predicted[rows])

    def _score_rows(self, scorer: str, actual: npt.NDArray[Any], predicted: Predicted) -> float:
        turned, exact = oriented(actual, predicted.astype(np.float64), self.positive)
        with np.errstate(all="ignore"):
            return SCORERS[scorer].score(turned, exact)
