"""Training and test rows."""

# ruff: noqa: DTZ001 - times in a dataset are UTC and carry no zone

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.core.errors import BadData, BadSetting
from scoreline.data import make_dataset, split


def world(n=200, **columns):
    return make_dataset(pl.DataFrame({"x": np.linspace(0, 1, n), **columns}))


@pytest.mark.parametrize("kind", ["random", "stratified", "time", "group"])
def test_every_row_is_on_one_side_and_the_same_seed_gives_the_same_sides(kind):
    days = [datetime(2011, 1, 1) + timedelta(days=n * 7 % 200) for n in range(200)]
    dataset = world(y=["a", "b"] * 100, who=[f"w{n % 20}" for n in range(200)], day=days)
    options = {"stratified": {"target": "y"}, "group": {"column": "who"}}.get(kind, {})
    train, test = split(dataset, kind, seed=1, **options)
    assert sorted([*train, *test]) == list(range(200))
    assert len(test) == 40
    assert split(dataset, kind, seed=1, **options).test.tolist() == test.tolist()
    if kind != "time":
        assert split(dataset, kind, seed=2, **options).test.tolist() != test.tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=6), st.floats(0.1, 0.5), st.integers(0, 5))
def test_a_stratified_split_keeps_the_share_of_every_class(sizes, share, seed):
    labels = [f"c{i}" for i, size in enumerate(sizes) for _ in range(size)]
    dataset = make_dataset(pl.DataFrame({"y": labels, "x": [0.5 * n for n in range(len(labels))]}), target="y")
    try:
        _, test = split(dataset, "stratified", test_share=share, seed=seed, target="y")
    except BadData:
        assert len(labels) * share < 2 or max(sizes) == 1
        return
    for i, size in enumerate(sizes):
        n_test = sum(labels[row] == f"c{i}" for row in test)
        assert n_test <= size * share + 1
        assert n_test < size or size > 1
        assert n_test >= int(size * share) * (size > 1)


def test_a_class_of_one_row_is_trained_on():
    dataset = world(y=["rare", *["a", "b"] * 99, "a"])
    for seed in range(10):
        assert 0 not in split(dataset, "stratified", seed=seed, target="y").test


def test_a_number_target_is_stratified_by_its_size():
    _, test = split(world(1000), "stratified", seed=3, target="x")
    assert np.histogram(test, bins=10, range=(0, 1000))[0].tolist() == [20] * 10


def test_a_time_split_tests_on_what_came_last_and_never_divides_a_moment():
    days = pl.Series([datetime(2011, 1, 1 + n // 10) for n in range(200)]).shuffle(seed=4)
    train, test = split(world(day=days), "time", seed=0, test_share=0.33)
    assert days.gather(train).max() < days.gather(test).min()
    assert len(test) == 70


def test_rows_without_a_time_are_trained_on():
    days = [None, *[datetime(2011, 1, 1) + timedelta(days=n) for n in range(199)]]
    assert 0 in split(world(day=days), "time", seed=0).train


def test_a_number_can_order_rows_in_time():
    assert split(world(10, t=[9, 1, 8, 2, 7, 3, 6, 4, 5, 12]), "time", seed=0, column="t").test.tolist() == [0, 9]


def test_a_group_is_on_one_side():
    who = [f"w{n % 17}" for n in range(200)]
    train, test = split(world(who=who), "group", seed=5, column="who")
    assert not {who[row] for row in train} & {who[row] for row in test}
    assert 30 <= len(test) <= 50


def test_what_cannot_be_split_is_refused_with_what_can():
    dataset = world(y=["a", "b"] * 100)
    for kind, options, said in (
        ("time", {}, "datetime columns: none"),
        ("time", {"column": "y"}, "needs dates or numbers"),
        ("group", {}, "needs the column"),
        ("group", {"column": "yy"}, "did you mean `y`"),
        ("stratified", {}, "needs the target"),
        ("random", {"test_share": 1.5}, "between 0 and 1"),
        ("sideways", {}, "one of random, stratified, time, group"),
    ):
        with pytest.raises(BadSetting, match=said):
            split(dataset, kind, seed=0, **options)
    with pytest.raises(BadData, match="leaves no training rows"):
        split(world(who=["one"] * 199 + [None], y=["a", "b"] * 100).take(range(150)), "group", seed=0, column="who")
