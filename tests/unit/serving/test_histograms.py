"""Quantiles of what was sorted into buckets."""

from __future__ import annotations

import numpy as np
import pytest

from scoreline.serving.histograms import quantile, sort_into_buckets

BOUNDS = [1.0, 2.0, 4.0]


def test_a_quantile_lies_where_the_numbers_would_lie_that_are_spread_evenly() -> None:
    assert quantile(BOUNDS, [10, 0, 0, 0], 0.5) == 0.5
    assert quantile(BOUNDS, [5, 0, 5, 0], 0.75) == pytest.approx(3.0)
    assert quantile(BOUNDS, [0, 4, 0, 0], 1.0) == 2.0


def test_beyond_the_last_bound_nothing_is_known_but_that() -> None:
    assert quantile(BOUNDS, [0, 0, 0, 7], 0.5) == 4.0
    assert quantile(BOUNDS, [0, 0, 0, 0], 0.5) is None
    assert quantile(BOUNDS, [], 0.5) is None


def test_a_quantile_is_in_the_bucket_of_the_true_one() -> None:
    numbers = np.random.default_rng(3).lognormal(size=1000)
    [found] = sort_into_buckets(np.zeros(1000, np.int64), numbers, BOUNDS)
    counts = [0, 0, 0, 0]
    for bucket, n in found.counts:
        counts[bucket] = n
    for share in (0.1, 0.5, 0.9):
        estimate = quantile(BOUNDS, counts, share)
        assert estimate is not None
        assert np.searchsorted(BOUNDS, estimate) == np.searchsorted(BOUNDS, np.quantile(numbers, share))
