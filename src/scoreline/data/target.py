"""The column to predict: which task it makes, its classes in a fixed order and their original type."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoreline.core.errors import BadData, BadSetting
from scoreline.core.schema import Column, Label, Task
from scoreline.data.dataset import Dataset
from scoreline.data.names import close_to

MOST_WHOLE_CLASSES = 30
FEWEST_ROWS_OF_CLASS = 2


def infer_task(dataset: Dataset, target: str) -> Task:
    """Tell what predicting ``target`` is.

    Two different values make it binary. More make it multiclass for texts, and for whole numbers when there are at most
    30 of them and each is in at least two rows; else it is regression.

    Raises:
        BadData: there is no such column, it has one value only, or it holds dates.
    """
    column = target_column(dataset, target)
    counts = dataset.frame[target].drop_nulls().value_counts()
    if column.type == "datetime":
        raise BadData(f"the target `{target}` holds dates", hint="predict a number, such as the days until then")
    if len(counts) < 2:
        _refuse_one_value(dataset, target)
    if len(counts) == 2:
        return "binary"
    few = len(counts) <= MOST_WHOLE_CLASSES and bool((counts["count"] >= FEWEST_ROWS_OF_CLASS).all())
    if column.type == "number" and not (column.integer and few):
        return "regression"
    return "multiclass"


def target_labels(dataset: Dataset, target: str, task: Task) -> tuple[Label, ...]:
    """Return the classes of ``target``: numbers ascending, false before true, texts sorted; empty for regression.

    Whole numbers are ``int``, also where a category's levels are integer codes.

    Raises:
        BadData: there is one class only, or not two for a binary task.
    """
    column = target_column(dataset, target)
    if task == "regression":
        return ()
    labels = sorted(_label(value, column) for value in dataset.frame[target].drop_nulls().unique().to_list())
    if len(labels) < 2:
        _refuse_one_value(dataset, target)
    if task == "binary" and len(labels) != 2:
        raise BadData(f"a binary task needs two classes, but `{target}` has {len(labels)}", hint="task: multiclass")
    return tuple(labels)


def encode_target(
    dataset: Dataset, target: str, task: Task, labels: tuple[Label, ...]
) -> NDArray[np.int64] | NDArray[np.float64]:
    """Return ``target`` as indices into ``labels`` (int64), or for regression its values (float64).

    Raises:
        BadData: a row lacks the target or has a class that is not in ``labels``; names the row.
    """
    column = target_column(dataset, target)
    values = dataset.frame[target]
    if values.has_nulls():
        row = int(values.is_null().arg_max() or 0) + 1
        raise BadData(
            f"row {row} of {dataset.name} lacks the target `{target}`", hint="make_dataset(…, target=…) drops it"
        )
    if task == "regression":
        if column.type not in ("number", "boolean"):
            raise BadSetting(f"regression needs numbers, but `{target}` is a {column.type}", hint="task: multiclass")
        return values.cast(pl.Float64).to_numpy().copy()
    index = {label: position for position, label in enumerate(labels)}
    known = {value: index.get(_label(value, column)) for value in values.unique().to_list()}
    unknown = [value for value, position in known.items() if position is None]
    if unknown:
        row = int((values == unknown[0]).arg_max() or 0) + 1
        raise BadData(
            f"row {row} of {dataset.name}: {_label(unknown[0], column)!r} is no class of `{target}`",
            hint=f"its classes are {', '.join(str(label) for label in labels[:10])}",
        )
    encoded = values.replace_strict(list(known), list(known.values()), return_dtype=pl.Int64)
    return encoded.to_numpy().copy()


def target_column(dataset: Dataset, target: str) -> Column:
    """Return the schema entry of ``target``.

    Raises:
        BadData: there is no such column.
    """
    try:
        return dataset.schema.by_name[target]
    except KeyError:
        why = f" ({dataset.excluded[target]})" if target in dataset.excluded else ""
        raise BadData(
            f"{dataset.name} has no column `{target}` to predict{why}", hint=close_to(target, dataset.schema.names)
        ) from None


def _label(value: Any, column: Column) -> Any:
    return int(value) if column.integer else value


def _refuse_one_value(dataset: Dataset, target: str) -> None:
    values = dataset.frame[target].drop_nulls()
    found = repr(_label(values[0], dataset.schema.by_name[target])) if len(values) else "none"
    raise BadData(
        f"the target `{target}` has one value only, {found}, in {len(values):,} rows of {dataset.name}",
        hint="a model needs rows of at least two classes, or numbers that differ",
    )
