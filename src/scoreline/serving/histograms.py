"""Many numbers to the buckets of many histograms at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Buckets(NamedTuple):
    """What came to one histogram."""

    series: int
    """Which one."""
    counts: list[tuple[int, int]]
    """Index of the bucket and how many came to it; ``len(bounds)`` is the bucket without a bound."""
    sum: float


def sort_into_buckets(
    series: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.float64],
    bounds: Sequence[float],
    weights: npt.NDArray[np.float64] | None = None,
) -> Iterator[Buckets]:
    """Count each of ``numbers`` in the histogram of its ``series``, in the bucket of the first bound not below it.

    All arrays have the same shape. A number counts as often as its weight says.
    """
    n_buckets = len(bounds) + 1
    series, numbers = series.ravel(), numbers.ravel()
    weights = None if weights is None else weights.ravel()
    sums = np.bincount(series, weights=numbers if weights is None else numbers * weights)
    bucket = series * n_buckets + np.searchsorted(bounds, numbers)
    counts = np.bincount(bucket, weights=weights, minlength=len(sums) * n_buckets)
    found: dict[int, list[tuple[int, int]]] = {}
    for i in np.flatnonzero(counts).tolist():
        found.setdefault(i // n_buckets, []).append((i % n_buckets, int(counts[i])))
    for i, filled in found.items():
        yield Buckets(i, filled, float(sums[i]))


def quantile(bounds: Sequence[float], counts: Sequence[float], share: float) -> float | None:
    """Estimate a quantile of what was counted: as Prometheus does, evenly spread within its bucket.

    ``counts`` has one more than ``bounds``: the bucket without a bound, for which its lower end is given. None: nothing
    was counted.
    """
    before = np.cumsum(counts)
    if not len(before) or before[-1] <= 0:
        return None
    i = int(np.searchsorted(before, share * before[-1]))
    low = bounds[i - 1] if i else 0.0
    if i == len(bounds):
        return low
    return float(low + (bounds[i] - low) * (share * before[-1] - (before[i] - counts[i])) / counts[i])
