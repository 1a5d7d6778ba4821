"""The profile of a column, against which drift is measured."""

# ruff: noqa: DTZ001 - times in a dataset are UTC and carry no zone

import json
from datetime import datetime

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.data import make_dataset, profile

TYPES = {"n": "number", "c": "category", "b": "boolean", "d": "datetime", "t": "text"}


def test_each_type_has_its_figures():
    frame = pl.DataFrame(
        {
            "n": [1.0, 2.0, 3.0, None],
            "c": ["x", "x", "y", None],
            "b": [True, True, False, None],
            "d": [datetime(1970, 1, 1), datetime(1970, 1, 2), None, None],
            "t": ["some words", "more words here", "", None],
        }
    )
    dataset = make_dataset(frame, types=TYPES)
    found = profile(dataset.frame, dataset.schema)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["n"]["missing"], found["n"]["mean"], len(found["n"]["quantiles"])) == (0.25, 2.0, 21)
    assert found["c"]["levels"] == {"x": 2 / 3, "y": 1 / 3}
    assert found["b"]["true"] == 2 / 3
    assert found["d"]["quantiles"][-1] == 86400.0
    assert found["t"]["quantiles"][0] == 10.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-3e38, 3e38), min_size=1, max_size=50))
def test_a_histogram_holds_every_number(numbers):
    dataset = make_dataset(pl.DataFrame({"n": numbers}), types={"n": "number"})
    found = profile(dataset.frame, dataset.schema)["n"]
    histogram = found["histogram"]
    assert len(histogram["edges"]) == 21
    assert len(histogram["shares"]) == 20
    assert np.isclose(sum(histogram["shares"]), 1.0)
    assert np.isfinite(histogram["edges"]).all()
    assert (histogram["edges"][0], histogram["edges"][-1]) == (min(numbers), max(numbers))


def test_a_column_without_values_is_all_missing():
    dataset = make_dataset(pl.DataFrame({"n": [None, None]}, schema={"n": pl.Float64}), types={"n": "number"})
    assert profile(dataset.frame, dataset.schema) == {"n": {"type": "number", "n_rows": 2, "missing": 1.0}}


def test_only_the_most_frequent_levels_are_listed():
    levels = [f"l{n:04}" for n in range(300) for _ in range(1 + (n < 10))]
    dataset = make_dataset(pl.DataFrame({"c": levels}))
    found = profile(dataset.frame, dataset.schema)["c"]
    assert found["n_levels"] == 300
    assert len(found["levels"]) == 100
    assert list(found["levels"])[:10] == [f"l{n:04}" for n in range(10)]
