"""What the columns of a table hold: mean, median, standard deviation, and how much is missing."""

from __future__ import annotations

from math import isfinite, sqrt
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.core.manifest import Manifest

MEDIAN = 10
"""Its place among the 21 quantiles of a profile."""


class Table(Protocol):
    """Columns of texts."""

    names: list[str]
    n_rows: int

    def parsed(self, j: int) -> tuple[npt.NDArray[np.float64], list[int]] | None: ...
    def texts(self, j: int) -> list[str | None] | None: ...


class Numbers(msgspec.Struct, frozen=True):
    """A column of numbers; those that are missing do not count."""

    mean: float
    median: float
    std: float | None
    """Of a sample: divided by n - 1. None: there is one number only."""


class Summary(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a table's columns of numbers."""

    of: str
    """Which table."""
    n_rows: int
    columns: dict[str, Numbers]
    left_out: dict[str, str] = {}
    """Column → why nothing is said of it."""


class Missing(msgspec.Struct, frozen=True):
    """How much of each column is missing."""

    of: str
    n_rows: int
    percent: dict[str, float]


def summarise(table: Table, of: str) -> Summary:
    """Describe the columns of a table that hold nothing but numbers."""
    columns, left_out = {}, {}
    for j, name in enumerate(table.names):
        numbers, others = _numbers(table, j)
        present = numbers[np.isfinite(numbers)]
        if others:
            left_out[name] = f"row {others[0] + 1} is no number"
        elif not len(present):
            left_out[name] = "every value is missing"
        else:
            std = float(present.std(ddof=1)) if len(present) > 1 else None
            columns[name] = Numbers(float(present.mean()), float(np.median(present)), std)
    return Summary(of, table.n_rows, columns, left_out)


def missing(table: Table, of: str) -> Missing:
    """Count what is missing: empty texts and, where all else is numbers, what is no finite one."""
    percent = {}
    for j, name in enumerate(table.names):
        numbers, others = _numbers(table, j)
        texts = table.texts(j) or []
        n = sum(not text for text in texts) if others else int(np.count_nonzero(~np.isfinite(numbers)))
        percent[name] = 100 * n / table.n_rows
    return Missing(of, table.n_rows, percent)


def training_summary(manifest: Manifest, of: str) -> Summary:
    """Describe the training data as the manifest of what was learned from it does."""
    columns, left_out = {}, {}
    for column in manifest.schema.columns:
        known: dict[str, Any] = manifest.profile.get(column.name, {})
        if column.type != "number":
            left_out[column.name] = f"it is a {column.type}"
        elif "mean" not in known:
            left_out[column.name] = "the model does not know how it was distributed in training"
        else:
            n = round(known["n_rows"] * (1 - known["missing"]))
            std = known["sd"] * sqrt(n / (n - 1)) if n > 1 else None
            columns[column.name] = Numbers(known["mean"], known["quantiles"][MEDIAN], std)
    return Summary(of, manifest.lineage.n_rows, columns, left_out)


def training_missing(manifest: Manifest, of: str) -> Missing | None:
    """Return what was missing in training; None: the model does not know."""
    shares = {name: known["missing"] for name, known in manifest.profile.items() if isfinite(known["missing"])}
    if not shares:
        return None
    return Missing(of, manifest.lineage.n_rows, {name: 100 * share for name, share in shares.items()})


def _numbers(table: Table, j: int) -> tuple[npt.NDArray[np.float64], list[int]]:
    parsed = table.parsed(j)
    return (np.empty(0), [0]) if parsed is None else parsed
