"""Learners: the libraries' algorithms, each with its first parameters, its search space and its way into the graph."""

from __future__ import annotations

from scoreline.automl.learners.extra_trees import ExtraTrees
from scoreline.automl.learners.fitted import Learner
from scoreline.automl.learners.lightgbm import LightGbm
from scoreline.automl.learners.linear import Linear, Spline
from scoreline.automl.learners.neural import Neural
from scoreline.automl.learners.xgboost import XgBoost
from scoreline.core.extensions import Extensions

LEARNERS: Extensions[Learner] = Extensions(
    "learner", [LightGbm(), XgBoost(), ExtraTrees(), Linear(), Spline(), Neural()]
)
