"""What a user is told of a dataset before anything is learned from it."""

# ruff: noqa: DTZ001 - times in a dataset are UTC and carry no zone

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from scoreline.core.errors import BadData
from scoreline.data import check, infer_task, make_dataset

RANDOM = np.random.default_rng(0)


def told(columns, target="y", **options):
    dataset = make_dataset(pl.DataFrame(columns), target=target)
    guardrails = check(dataset, target, infer_task(dataset, target), **options)
    assert len({guardrail.name for guardrail in guardrails}) == len(guardrails)
    assert all(guardrail.sentence for guardrail in guardrails)
    return {guardrail.name: guardrail for guardrail in guardrails}


def clean(n=600):
    x = RANDOM.normal(size=n)
    return {"x": x, "z": RANDOM.normal(size=n), "y": np.where(x + RANDOM.normal(size=n) > 0, "yes", "no")}


def test_a_clean_table_passes_everything():
    results = {guardrail.result for guardrail in told(clean()).values()}
    assert results == {"passed"}


def test_a_small_class_is_out_of_balance():
    guardrail = told(clean() | {"y": ["yes"] * 66 + ["no"] * 534})["class_balance"]
    assert guardrail.result == "alerted"
    assert "no: 534 (89.0%), yes: 66 (11.0%)" in guardrail.sentence


def test_a_class_of_fewer_rows_than_folds_is_rare():
    guardrail = told(clean() | {"y": ["a"] * 300 + ["b"] * 297 + ["c"] * 3})["rare_classes"]
    assert guardrail.result == "alerted"
    assert "1 classes have fewer rows than the 5 folds (c: 3)" in guardrail.sentence


def test_missing_values_are_counted_and_many_are_alerted():
    holes = pl.Series(RANDOM.normal(size=600)).set(pl.Series(np.arange(600) < 240), None)
    few = told(clean() | {"h": ["", "NA"] + ["a", "b"] * 299})["missing_values"]
    assert few.result == "passed"
    assert "1 of 1,800 cells (0.1%) in 1 columns: `h` (1, 0.2%); kept as levels: 'NA' in `h`" in few.sentence
    many = told(clean() | {"h": holes})["missing_values"]
    assert (many.result, many.columns) == ("alerted", ("h",))


def test_many_levels_are_alerted():
    guardrail = told(clean() | {"tail": [f"N{n // 2}" for n in range(600)]})["high_cardinality"]
    assert guardrail.result == "alerted"
    assert "`tail` (300 levels)" in guardrail.sentence


def test_columns_left_out_are_told_with_reasons():
    guardrails = told(clean() | {"id": range(1, 601), "same": ["x"] * 600, "gone": [""] * 600, "l": [[1]] * 600})
    for name, column in (
        ("identifiers", "id"),
        ("constant_columns", "same"),
        ("empty_columns", "gone"),
        ("nested_columns", "l"),
    ):
        assert guardrails[name].result == "fixed"
        assert guardrails[name].columns == (column,)


def test_copies_of_rows_and_columns_are_alerted():
    table = clean()
    table = {name: np.concatenate([values, values[:30]]) for name, values in table.items()} | {}
    table["again"] = table["x"]
    guardrails = told(table)
    assert "30 rows (4.8%) repeat an earlier row" in guardrails["duplicate_rows"].sentence
    assert guardrails["duplicate_columns"].columns == ("again",)


@pytest.mark.parametrize(
    ("target", "leak"),
    [
        (lambda x: np.where(x > 0, "yes", "no"), lambda x: x + 0.001 * RANDOM.normal(size=len(x))),
        (lambda x: np.where(x > 0, "yes", "no"), lambda x: np.where(x > 0, "approved", "declined")),
        (lambda x: np.digitize(x, [-0.5, 0.5]), lambda x: -x),
        (lambda x: 3 * x + 1, lambda x: x**3),
        (lambda x: np.where(x > 0, 1, 0), lambda x: np.where(x > 0, x, np.nan)),
    ],
)
def test_a_column_that_alone_predicts_the_target_is_a_leak(target, leak):
    x = RANDOM.normal(size=3000)
    guardrail = told({"y": target(x), "leak": leak(x), "z": RANDOM.normal(size=3000)})["leakage"]
    assert guardrail.result == "alerted"
    assert guardrail.columns == ("leak",)


def test_a_category_of_as_many_levels_as_rows_is_no_leak():
    guardrail = told(clean() | {"c": [f"{n} {n % 599}" for n in range(600)]})["leakage"]
    assert guardrail.result == "passed"


def test_dates_speak_for_a_time_split():
    table = clean() | {"day": [datetime(2011, 1, 1) + timedelta(days=n) for n in range(600)]}
    assert told(table)["time_order"].result == "alerted"
    assert told(table, split="time")["time_order"].result == "passed"


def test_what_reading_found_is_told_by_row():
    x = RANDOM.normal(size=600)
    x[41] = np.inf
    texts = [str(number) for number in RANDOM.normal(size=600)]
    texts[7] = "n.a.!"
    guardrails = told(clean() | {"x": x, "t": texts, "y": [None, *["a", "b"] * 299, "a"]})
    assert "row 42" in guardrails["infinite_numbers"].sentence
    assert "'n.a.!' at row 8" in guardrails["mixed_types"].sentence
    assert guardrails["missing_target"].result == "fixed"


def test_a_skewed_number_and_few_rows_are_alerted():
    guardrails = told({"x": RANDOM.normal(size=100), "y": np.exp(RANDOM.normal(size=100) * 2)})
    assert guardrails["target_distribution"].result == "alerted"
    assert guardrails["small_data"].result == "alerted"


def test_too_few_rows_or_no_input_cannot_be_learned_from():
    with pytest.raises(BadData, match="has 9 rows with a target"):
        told({"x": [0.1 * n for n in range(9)], "y": ["a", "b", "a"] * 3})
    with pytest.raises(BadData, match="no column to predict `y` from; left out: `id`: identifier"):
        told({"id": range(1, 21), "y": ["a", "b"] * 10})
