"""Which column of a sample is which of a model's."""

from __future__ import annotations

import polars as pl
import pytest

from scoreline.core.errors import BadData, BadSetting
from scoreline.importing.columns import Fitted, fit_columns
from scoreline.importing.labels import labels_of, task_of
from scoreline.importing.original import Described, Feature, Source

SAMPLE = pl.DataFrame(
    {"risk": ["good", "bad", "bad"], "Net income": ["1", "2", "x"], "age": ["30", "", "50"], "id": ["7", "8", "9"]}
)


def described(*features: Feature, named: bool = True, **more) -> Described:
    return Described(format="ONNX", features=features, named=named, task=more.pop("task", "binary"), **more)


def fit(model: Described, sample: pl.DataFrame = SAMPLE, **wishes) -> Fitted:
    given = {"target": None, "columns": (), "types": {}} | wishes
    return fit_columns(model, sample, name="m", **given)


AGE = Feature(name="age", kind="number", low=18.0, high=80.0)
INCOME = Feature(name="net_income", kind="text", levels=("2", "1", "x"))


def test_columns_are_found_by_name_in_the_models_order_and_typed_as_it_takes_them() -> None:
    found = fit(described(AGE, INCOME))
    assert [(column.name, column.type) for column in found.schema.columns] == [
        ("age", "number"),
        ("Net income", "category"),
    ]
    assert found.sources == (Source("numbers", 0), Source("texts", 0))
    assert found.schema.by_name["Net income"].levels == ("1", "2", "x")
    assert (found.schema.by_name["age"].minimum, found.schema.by_name["age"].maximum) == (18.0, 80.0)
    assert found.dataset.frame["age"].to_list() == [30.0, None, 50.0]


def test_columns_without_names_are_those_of_the_sample_but_the_target_in_their_order() -> None:
    features = [Feature(name=f"X[{i}]", kind="number") for i in range(2)]
    sample = SAMPLE.select("risk", "id", "age")
    assert fit(described(*features, named=False), sample, target="risk").schema.names == ["id", "age"]
    assert fit(described(*features, named=False), sample, columns=("age", "id")).schema.names == ["age", "id"]
    with pytest.raises(BadData, match=r"takes 2 columns without names, and the sample has 3.*--columns"):
        fit(described(*features, named=False), sample)
    with pytest.raises(BadSetting, match="in several inputs"):
        fit(described(*features, named=False, ordered=False), sample, target="risk")


def test_a_sample_that_does_not_fit_is_refused_with_what_would() -> None:
    with pytest.raises(BadData, match=r"no column `agee`.*age"):
        fit(described(Feature(name="agee", kind="number")))
    with pytest.raises(BadSetting, match="--columns names 1 columns, and the model takes 2"):
        fit(described(AGE, INCOME), columns=("age",))
    with pytest.raises(BadSetting, match="the model takes that column"):
        fit(described(AGE), target="age")
    with pytest.raises(BadSetting, match="the sample has no column `old`"):
        fit(described(AGE), columns=("old",))
    with pytest.raises(BadSetting, match="cannot be text: the model takes it as a number"):
        fit(described(AGE), types={"age": "text"})


def test_what_a_model_does_not_say_is_what_the_sample_holds() -> None:
    features = [Feature(name=name, kind="any") for name in ("risk", "age")]
    assert [column.type for column in fit(described(*features)).schema.columns] == ["category", "number"]


def test_labels_are_those_given_or_known_or_of_the_sample_or_numbers() -> None:
    dataset = fit(described(AGE), target="risk").dataset
    assert labels_of(described(AGE), "binary", ("no", "yes"), dataset, None) == (("no", "yes"), None)
    assert labels_of(described(AGE), "binary", ("0", "1"), dataset, None)[0] == (0, 1)
    assert labels_of(described(AGE, labels=("a", "b")), "binary", (), dataset, "risk")[0] == ("a", "b")
    found, note = labels_of(described(AGE, n_labels=2), "binary", (), dataset, "risk")
    assert found == ("bad", "good")
    assert "were taken from the sample's `risk`" in str(note)
    found, note = labels_of(described(AGE, n_labels=3), "multiclass", (), dataset, "risk")
    assert found == (0, 1, 2)
    assert "--labels" in str(note)
    with pytest.raises(BadSetting, match="names 3 classes, and the model has 2"):
        labels_of(described(AGE, n_labels=2), "binary", ("a", "b", "c"), dataset, None)
    with pytest.raises(BadSetting, match="a regression has none"):
        labels_of(described(AGE), "regression", ("a",), dataset, None)


def test_a_task_is_the_models_own_where_it_has_one() -> None:
    assert task_of(described(AGE, task="multiclass"), None, 0) == "multiclass"
    assert task_of(described(AGE, task=None), None, 0) == "regression"
    assert task_of(described(AGE, task=None), None, 2) == "binary"
    assert task_of(described(AGE, task=None), "binary", 0) == "binary"
    with pytest.raises(BadSetting, match="the model's task is binary"):
        task_of(described(AGE), "regression", 0)
