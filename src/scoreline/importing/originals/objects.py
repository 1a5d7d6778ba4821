"""Models as Python objects, once they are made: which original each of them is."""

from __future__ import annotations

from typing import Any

from scoreline.core.errors import ModelRefused
from scoreline.core.schema import Label
from scoreline.importing.original import Original


def original_of(model: Any, packing: str) -> Original:
    """Return the original that an object is, which came out of a file of kind ``packing``. Raises ModelRefused."""
    library = type(model).__module__.partition(".")[0]
    if library == "lightgbm":
        from scoreline.importing.originals.lightgbm import LightGbmText

        return LightGbmText(getattr(model, "booster_", model).model_to_string(), labels=_labels(model))
    if library == "xgboost":
        from scoreline.importing.originals.xgboost import XgBoostModel

        # What a wrapper writes says how many rounds count.
        content = model.get_booster().save_raw("ubj") if hasattr(model, "get_booster") else model.save_raw("ubj")
        return XgBoostModel(bytes(content), labels=_labels(model), wrapped=hasattr(model, "get_booster"))
    if not hasattr(model, "predict"):
        raise ModelRefused(f"the {packing} file holds a {type(model).__name__}, which predicts nothing")
    from scoreline.importing.originals.sklearn import SklearnModel

    return SklearnModel(model, f"scikit-learn ({packing})")


def _labels(model: Any) -> tuple[Label, ...] | None:
    classes = getattr(model, "classes_", None)
    return None if classes is None else tuple(classes.tolist())
