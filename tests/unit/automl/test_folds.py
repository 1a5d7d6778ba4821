"""Folds: fair, fixed by the seed, and hard to break."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoreline.automl.folds import Folds, plan_folds
from scoreline.core.errors import BadData, BadSetting


def plan(y: np.ndarray, task: str = "binary", **given_) -> Folds:
    return plan_folds(y, task, **{"n_columns": 10, "seconds": 60.0, "seed": 1, **given_})


def test_small_data_is_cross_validated_and_tiny_data_repeatedly() -> None:
    assert len(plan(np.arange(5_000) % 2).pairs) == 5
    assert len(plan(np.arange(800) % 2).pairs) == 10
    assert len(plan(np.arange(60) % 2).pairs) == 15


def test_more_rows_than_the_budget_affords_get_a_holdout() -> None:
    assert plan(np.arange(100_000) % 2).holdout
    assert not plan(np.arange(100_000) % 2, seconds=600.0).holdout
    assert len(plan(np.arange(1_000_000) % 2).pairs[0][1]) == 50_000


def test_few_rows_are_never_judged_by_a_holdout_however_wide_they_are() -> None:
    assert len(plan(np.arange(400) % 2, n_columns=10_000).pairs) == 5


def test_the_sentence_says_what_is_done() -> None:
    assert plan(np.arange(800) % 2).sentence == "stratified cross-validation, 5 folds, repeated 2 times"
    assert plan(np.arange(100_000) % 2).sentence == "stratified holdout of 20,000 rows"
    assert plan(np.linspace(0, 1, 2_000), "regression").sentence == "cross-validation, 5 folds"


def test_the_same_seed_gives_the_same_folds_and_another_seed_others() -> None:
    y = np.arange(500) % 3
    one, same, other = (plan(y, "multiclass", seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(one.pairs, same.pairs, strict=True))
    assert not np.array_equal(one.pairs[0][1], other.pairs[0][1])


@given(st.lists(st.integers(0, 6), min_size=10, max_size=400))
def test_no_class_is_missing_from_the_rows_learned_from(levels: list[int]) -> None:
    for y in (np.array(levels), np.tile(levels, 2_100 // len(levels) + 1)):
        for trains, validates in plan(y, "multiclass", seconds=1.0).pairs:
            assert set(y[validates]) <= set(y[trains])
            assert np.array_equal(np.sort(np.concatenate([trains, validates])), np.arange(len(y)))


@given(st.integers(10, 300), st.integers(0, 5))
def test_folds_are_of_equal_size_and_disjoint(n: int, seed: int) -> None:
    y = np.random.default_rng(seed).normal(size=n)
    first_round = plan(y, "regression", seed=seed).pairs[:5]
    sizes = [len(validates) for _, validates in first_round]
    assert max(sizes) - min(sizes) <= 1
    assert np.array_equal(np.sort(np.concatenate([validates for _, validates in first_round])), np.arange(n))


def test_every_fold_of_a_regression_spans_the_target() -> None:
    y = np.random.default_rng(1).lognormal(sigma=2, size=2_000)
    means = [np.median(y[validates]) for _, validates in plan(y, "regression").pairs]
    assert max(means) / min(means) < 1.05


def test_time_folds_learn_from_the_past_only_and_keep_a_moment_together() -> None:
    times = np.random.default_rng(1).integers(0, 50, size=3_000).astype(float)
    for seconds in (60.0, 1e-9):
        for trains, validates in plan(np.arange(3_000) % 2, times=times, seconds=seconds).pairs:
            assert times[trains].max() < times[validates].min()


def test_the_first_time_fold_is_the_latest() -> None:
    times = np.arange(1_000.0)
    assert plan(np.arange(1_000) % 2, times=times).pairs[0][1].max() == 999


def test_one_moment_cannot_be_split_by_time() -> None:
    with pytest.raises(BadData, match="the same time"):
        plan(np.arange(100) % 2, times=np.zeros(100))


def test_a_group_is_never_on_both_sides() -> None:
    groups = np.random.default_rng(1).integers(0, 30, size=600)
    for trains, validates in plan(np.arange(600) % 2, groups=groups).pairs:
        assert not set(groups[trains]) & set(groups[validates])


def test_fewer_groups_than_folds_give_fewer_folds_and_one_group_is_refused() -> None:
    assert len(plan(np.arange(90) % 2, groups=np.arange(90) % 3).pairs) == 3
    with pytest.raises(BadSetting, match="at least 2 groups"):
        plan(np.arange(90) % 2, groups=np.zeros(90))


def test_a_handful_of_rows_is_refused_with_a_number() -> None:
    with pytest.raises(BadData, match=r"9 training rows are too few.*at least 10"):
        plan(np.arange(9) % 2)
