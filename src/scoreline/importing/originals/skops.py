"""Files of skops: models as lists of types and arrays, made only of types that are trusted."""

from __future__ import annotations

from pathlib import Path

from skops import io

from scoreline.core.errors import ModelRefused
from scoreline.importing.original import Original
from scoreline.importing.originals.objects import original_of

SHOWN = 20
FITTED_STATE = frozenset(
    {
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "numpy.dtype",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRegressor",
    }
)
"""Types that hold what a fit found. They run no code of a file; one whose numbers are wrong on purpose
may crash the process that reads it, which is there for that."""


def open_skops(path: Path, trusted: tuple[str, ...]) -> Original:
    """Load a file whose types are all trusted: by skops, or by whoever imports it. Raises ModelRefused."""
    unknown = [name for name in io.get_untrusted_types(file=path) if name not in {*trusted, *FITTED_STATE}]
    if unknown:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise ModelRefused(
            f"it is made of types that skops does not trust: {', '.join(unknown[:SHOWN])}{more}",
            hint=f"if you know them and trust the file: --trust-type {','.join(unknown[:SHOWN])}",
        )
    return original_of(io.load(path, trusted=[*trusted, *FITTED_STATE]), "skops")
