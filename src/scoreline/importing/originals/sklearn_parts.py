"""The parts of a scikit-learn pipeline: what chooses columns, what knows levels, what skl2onnx wants otherwise."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.impute import SimpleImputer


def levels_of(model: Any, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return column → levels, of the columns whose encoder knows texts."""
    found: dict[str, tuple[str, ...]] = {}
    for encoder, columns in _encoders(model, list(names)):
        for column, categories in zip(columns, encoder.categories_, strict=False):
            if np.asarray(categories).dtype.kind in "OU":
                texts = [level for level in np.asarray(categories).tolist() if isinstance(level, str)]
                if texts:
                    found.setdefault(column, tuple(sorted(set(texts) - {""})))
    return found


def _encoders(model: Any, names: list[str]) -> Iterator[tuple[Any, list[str]]]:
    """Give each encoder that reads raw columns, with their names; what lies behind one that mixes columns is left."""
    if hasattr(model, "categories_"):
        yield model, names
    elif hasattr(model, "steps"):
        for _, step in model.steps:
            yield from _encoders(step, names)
            if not _keeps_columns(step):
                return
    elif hasattr(model, "transformers_"):
        for _, transformer, columns in model.transformers_:
            if not isinstance(transformer, str):
                yield from _encoders(transformer, _chosen(columns, names))


def chooses_columns(model: Any) -> bool:
    """Tell whether what reads the rows first chooses columns among them."""
    return hasattr(model, "transformers_") or (hasattr(model, "steps") and chooses_columns(model.steps[0][1]))


def copy_for_onnx(model: Any) -> Any:
    """Copy a model so that skl2onnx can write it: in graphs the missing text is the empty one."""
    copied = copy.deepcopy(model)
    for part in _parts(copied):
        if isinstance(part, SimpleImputer) and np.asarray(getattr(part, "statistics_", 0.0)).dtype.kind in "OU":
            part.missing_values = ""
        if isinstance(getattr(part, "categories_", None), list):
            part.categories_ = [_with_empty_text(levels) for levels in part.categories_]
    return copied


def _with_empty_text(levels: Any) -> Any:
    if np.asarray(levels).dtype.kind != "O":
        return levels
    return np.array(["" if level is None or level != level else level for level in levels], object)


def _parts(model: Any) -> Iterator[Any]:
    """Give an estimator and all that it is made of."""
    if isinstance(model, BaseEstimator):
        yield model
        for value in vars(model).values():
            yield from _parts(value)
    elif isinstance(model, list | tuple):
        for value in model:
            yield from _parts(value)
    elif isinstance(model, dict):
        for value in model.values():
            yield from _parts(value)


def _keeps_columns(step: Any) -> bool:
    return type(step).__name__ == "SimpleImputer" and not getattr(step, "add_indicator", False)


def _chosen(columns: Any, names: list[str]) -> list[str]:
    if isinstance(columns, slice):
        return names[columns] if not isinstance(columns.start, str) else []
    listed = [columns] if isinstance(columns, str | int) else list(columns)
    if listed and all(isinstance(chosen, bool | np.bool_) for chosen in listed):
        return [name for name, chosen in zip(names, listed, strict=False) if chosen]
    return [names[chosen] if isinstance(chosen, int | np.integer) else str(chosen) for chosen in listed]
