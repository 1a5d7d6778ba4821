"""The target: its task, its classes in their original type, its codes."""

import numpy as np
import polars as pl
import pytest

from scoreline.core.errors import BadData, BadSetting
from scoreline.data import encode_target, infer_task, make_dataset, target_labels


def dataset_of(values, **options):
    return make_dataset(pl.DataFrame({"y": values, "x": [0.5 * n for n in range(len(values))]}), target="y", **options)


@pytest.mark.parametrize(
    ("values", "task", "labels"),
    [
        (["no", "yes"] * 5, "binary", ("no", "yes")),
        (["0", "1"] * 5, "binary", (0, 1)),
        ([1.0, 0.0] * 5, "binary", (0, 1)),
        ([0.5, 2.5] * 5, "binary", (0.5, 2.5)),
        ([True, False] * 5, "binary", (False, True)),
        (["TRUE", "FALSE"] * 5, "binary", (False, True)),
        (["100", "3", "20"] * 5, "multiclass", (3, 20, 100)),
        (["b", "a", "c"] * 5, "multiclass", ("a", "b", "c")),
        (["007", "008", "010"] * 5, "multiclass", ("007", "008", "010")),
        ([0.5, 1.5, 2.5] * 5, "regression", ()),
        (list(range(40)) * 2, "regression", ()),
        ([1, 1, 2, 2, 3], "regression", ()),
    ],
)
def test_the_task_and_the_labels_follow_from_the_values(values, task, labels):
    dataset = dataset_of(values)
    assert infer_task(dataset, "y") == task
    found = target_labels(dataset, "y", task)
    assert found == labels
    assert [type(label) for label in found] == [type(label) for label in labels]


def test_codes_are_indices_into_the_labels():
    dataset = dataset_of(["100", "3", "20", "3"])
    encoded = encode_target(dataset, "y", "multiclass", (3, 20, 100))
    assert encoded.dtype == np.int64
    assert encoded.tolist() == [2, 0, 1, 0]
    assert encode_target(dataset_of([True, False]), "y", "binary", (False, True)).tolist() == [1, 0]


def test_a_regression_target_is_its_values():
    assert encode_target(dataset_of([1.5, 2.0, 7.25]), "y", "regression", ()).tolist() == [1.5, 2.0, 7.25]
    with pytest.raises(BadSetting, match="regression needs numbers"):
        encode_target(dataset_of(["a", "b"]), "y", "regression", ())


def test_whole_numbers_of_an_overridden_category_stay_int():
    dataset = dataset_of([7, 5, 7, 5], types={"y": "category"})
    assert target_labels(dataset, "y", "binary") == (5, 7)
    assert encode_target(dataset, "y", "binary", (5, 7)).tolist() == [1, 0, 1, 0]


def test_a_class_that_training_lacks_is_named_by_row():
    with pytest.raises(BadData, match="row 2 of dataset: 'c' is no class of `y`"):
        encode_target(dataset_of(["a", "c", "b"]), "y", "multiclass", ("a", "b"))


def test_one_class_cannot_be_learned():
    for values in (["a"] * 12, [1] * 12):
        with pytest.raises(BadData, match="has one value only"):
            infer_task(dataset_of(values), "y")
        with pytest.raises(BadData, match="has one value only"):
            target_labels(dataset_of(values), "y", "multiclass")


def test_a_target_without_values_cannot_be_learned():
    for values in ([None, None], ["NA", "?"], [float("nan")] * 2):
        with pytest.raises(BadData, match="every value of the target `y` is missing"):
            dataset_of(values)


def test_dates_and_absent_columns_are_no_targets():
    with pytest.raises(BadData, match="holds dates"):
        infer_task(dataset_of(["2011-01-01", "2011-01-02", "2011-02-02"]), "y")
    with pytest.raises(BadData, match="no column `z` to predict"):
        infer_task(dataset_of([1, 2]), "z")


def test_three_classes_are_not_binary():
    with pytest.raises(BadData, match="needs two classes, but `y` has 3"):
        target_labels(dataset_of(["a", "b", "c"]), "y", "binary")
