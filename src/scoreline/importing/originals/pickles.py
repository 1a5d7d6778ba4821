"""Pickles and joblib files, whose code an administrator has allowed to run, here, where it can reach nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scoreline.core.errors import ModelRefused
from scoreline.core.schema import Label
from scoreline.importing.original import Original


def open_pickle(path: Path) -> Original:
    """Load a file, and so run the code in it. Only in a process that was confined strictly."""
    import joblib

    model = joblib.load(path)
    library = type(model).__module__.partition(".")[0]
    if library == "lightgbm":
        from scoreline.importing.originals.lightgbm import LightGbmText

        booster = getattr(model, "booster_", model)
        return LightGbmText(booster.model_to_string(), labels=_labels(model))
    if library == "xgboost":
        from scoreline.importing.originals.xgboost import XgBoostModel

        booster = model.get_booster() if hasattr(model, "get_booster") else model
        return XgBoostModel(bytes(booster.save_raw("ubj")), labels=_labels(model))
    if not hasattr(model, "predict"):
        raise ModelRefused(f"the pickle holds a {type(model).__name__}, which predicts nothing")
    from scoreline.importing.originals.sklearn import SklearnModel

    return SklearnModel(model, "scikit-learn (pickle)")


def _labels(model: Any) -> tuple[Label, ...] | None:
    classes = getattr(model, "classes_", None)
    return None if classes is None else tuple(classes.tolist())
