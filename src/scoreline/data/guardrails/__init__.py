"""What to know about a dataset before learning from it: each check with a result and a sentence with figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scoreline.core.entities import Guardrail
from scoreline.core.errors import BadData
from scoreline.core.schema import Task
from scoreline.data.dataset import Dataset
from scoreline.data.guardrails.columns import (
    duplicate_columns,
    found_in_reading,
    high_cardinality,
    left_out,
    missing_values,
)
from scoreline.data.guardrails.outcome import class_balance, leakage, rare_classes
from scoreline.data.guardrails.rows import data_size, duplicate_rows, time_order
from scoreline.data.guardrails.subject import SHOWN, Subject

FEWEST_ROWS = 10
CHECKS: tuple[Callable[[Subject], Iterable[Guardrail]], ...] = (
    data_size,
    class_balance,
    rare_classes,
    missing_values,
    high_cardinality,
    left_out,
    duplicate_rows,
    duplicate_columns,
    leakage,
    time_order,
    found_in_reading,
)
"""The one list, in the order in which a user reads them."""


def check(dataset: Dataset, target: str, task: Task, *, split: str | None = None, n_folds: int = 5) -> list[Guardrail]:
    """Check a dataset that ``target`` is to be learned from, for ``task``.

    ``split`` is the kind of test split that is planned, ``n_folds`` the number of folds of cross-validation.

    Raises:
        BadData: nothing can be learned: fewer than 10 rows, one class, no input column.
    """
    if dataset.n_rows < FEWEST_ROWS:
        raise BadData(
            f"{dataset.name} has {dataset.n_rows} rows with a target",
            hint=f"at least {FEWEST_ROWS} are needed to learn",
        )
    subject = Subject(dataset, target, task, split, n_folds)
    if not subject.inputs:
        reasons = "; ".join(f"`{name}`: {reason}" for name, reason in list(dataset.excluded.items())[:SHOWN])
        raise BadData(f"{dataset.name} has no column to predict `{target}` from; left out: {reasons or 'none'}")
    return [guardrail for run in CHECKS for guardrail in run(subject)]
