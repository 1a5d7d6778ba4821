"""Candidate: what a trial tries. ``fit`` turns it into a fitted pipeline of features, learner and link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from scoreline.automl.features import Features, Recipe
from scoreline.automl.graph import GraphWriter
from scoreline.automl.learners import LEARNERS
from scoreline.automl.learners.fitted import FittedLearner, Limits
from scoreline.automl.problem import Problem
from scoreline.automl.target import Scale, TargetScale
from scoreline.scoring.rows import Rows

SKEWED = 1.0
"""Skewness of a positive target above which its logarithm is tried as well."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A learner with its parameters and features: plain data, so that it can be stored and tried again."""

    learner: str
    params: dict[str, Any]
    features: Recipe
    seed: int
    target: Scale = "identity"
    """Regression: what the learner is fitted to."""


class FittedPipeline:
    """Features and learner, fitted: rows → probabilities [n, c] or predictions [n]."""

    def __init__(self, candidate: Candidate, features: Features, learner: FittedLearner, target: TargetScale) -> None:
        self.candidate, self.features, self.learner, self.target = candidate, features, learner, target

    @property
    def n_iterations(self) -> int | None:
        """Boosting rounds used, where the learner has rounds."""
        return self.learner.n_iterations

    def predict(self, rows: Rows) -> NDArray[np.float64]:
        """Score rows with the fitted libraries themselves: the side that the graph is compared with."""
        return self.target.inverse(self.learner.predict(self.features.transform(rows)))

    def thresholds(self) -> dict[int, NDArray[np.float64]]:
        """Index in the numbers block → values at which a tree decides on that very number."""
        forest = self.learner.forest()
        if forest is None:
            return {}
        by_feature, columns = forest.thresholds(), self.features.number_columns
        return {columns[feature]: values for feature, values in by_feature.items() if feature < len(columns)}

    def to_onnx(self, graph: GraphWriter) -> str:
        """Write the pipeline; the output is double, [n, c] probabilities or [n, 1] predictions."""
        return self.target.to_onnx(graph, self.learner.to_onnx(graph, self.features.to_onnx(graph)))


def fit(
    candidate: Candidate,
    problem: Problem,
    rows: Rows,
    y: NDArray[Any],
    *,
    validation: tuple[Rows, NDArray[Any]] | None = None,
    n_iterations: int | None = None,
    seconds: float | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> FittedPipeline:
    """Fit features and learner on ``rows`` and ``y`` (label indices, or float targets) alone.

    ``validation`` stops a boosting learner early; ``n_iterations`` fixes its rounds instead (a refit); ``seconds`` ends
    it with the rounds it has. ``on_progress`` hears of each round.
    """
    scale = TargetScale(candidate.target, y)
    features = Features(candidate.features, problem, candidate.seed)
    matrix = features.fit_transform(rows, scale.forward(y))
    checked = None
    if validation is not None:
        checked = features.transform(validation[0]), scale.forward(validation[1])
    limits = Limits(validation=checked, n_iterations=n_iterations, seconds=seconds, on_progress=on_progress)
    learner = LEARNERS[candidate.learner].fit(
        matrix, scale.forward(y), problem, candidate.params, candidate.seed, limits
    )
    return FittedPipeline(candidate, features, learner, scale)


def portfolio(problem: Problem, y: NDArray[Any], seed: int, learners: list[str] | None = None) -> list[Candidate]:
    """List the candidates every experiment begins with, in the order in which they should be tried."""
    ranked = [
        (rank, Candidate(learner=learner.name, params=params, features=learner.features, seed=seed, target=target))
        for learner in LEARNERS
        if problem.task in learner.tasks and (learners is None or learner.name in learners)
        for rank, params in learner.portfolio(problem, len(y))
        for target in targets(problem, y)
    ]
    return [candidate for _, candidate in sorted(ranked, key=lambda pair: pair[0])]


def targets(problem: Problem, y: NDArray[Any]) -> list[Scale]:
    """Say what to fit a learner to: a skewed regression target without negative values also as its logarithm."""
    if problem.task != "regression" or y.min() < 0:
        return ["identity"]
    relative = {"rmsle", "mape", "smape"}
    if problem.scorer in relative:
        return ["log", "identity"]
    spread = float(np.std(y))
    skewness = float(np.mean(((y - np.mean(y)) / spread) ** 3)) if spread else 0.0
    return ["identity", "log"] if skewness > SKEWED else ["identity"]


def suggest(trial: Any, learner: str, problem: Problem, y: NDArray[Any], seed: int) -> Candidate:
    """Let an Optuna trial choose the parameters of a learner."""
    chosen = LEARNERS[learner]
    options = targets(problem, y)
    target = trial.suggest_categorical("target", options) if len(options) > 1 else options[0]
    params = chosen.space(trial, problem, len(y))
    return Candidate(learner=learner, params=params, features=chosen.features, seed=seed, target=target)
