"""The model as tutorials fit it: a scikit-learn pipeline on a pandas frame, one-hot categories, LightGBM."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder


def fit(features: pd.DataFrame, target: Sequence[object], numbers: Sequence[str], texts: Sequence[str]) -> Pipeline:
    """Fit 200 trees of 31 leaves: the very trees of the scoring pipeline that they are compared with."""
    columns = ColumnTransformer(
        [
            ("numbers", "passthrough", list(numbers)),
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(texts)),
        ]
    )
    trees = LGBMClassifier(
        n_estimators=200, num_leaves=31, learning_rate=0.05, min_child_samples=3, n_jobs=1, verbosity=-1
    )
    return Pipeline([("columns", columns), ("trees", trees)]).fit(features, target)
