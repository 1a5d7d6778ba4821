"""Original = scoring pipeline: format × task × {sample, one row, missing, unseen, extreme, boundary rows}.

The proof compares with the original in its process; beside it, these tests score with the original as its users do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
import xgboost
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.imports import table

from scoreline.core.errors import ModelRefused
from scoreline.core.schema import Task
from scoreline.importing.conversion import Converted, Wishes, convert
from scoreline.scoring.archive import archive_bytes
from scoreline.scoring.pipeline import load

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
LIGHTGBM: dict[Task, dict[str, Any]] = {
    "binary": {"objective": "binary", "sigmoid": 2.0, "zero_as_missing": True},
    "multiclass": {"objective": "multiclassova", "num_class": 3, "boosting": "rf", "bagging_freq": 1, "subsample": 0.7},
    "regression": {"objective": "tweedie", "boosting": "dart"},
}
XGBOOST: dict[Task, dict[str, Any]] = {
    "binary": {"objective": "binary:logistic", "max_cat_to_onehot": 1, "base_score": 0.3},
    "multiclass": {"objective": "multi:softmax", "num_class": 3},
    "regression": {"objective": "reg:tweedie", "booster": "dart", "rate_drop": 0.2, "num_parallel_tree": 2},
}
EVERY_KIND = {"sample", "single", "missing", "unseen", "extreme", "boundary"}


def scores(converted: Converted, rows: pl.DataFrame) -> Any:
    return load(archive_bytes(converted.manifest, converted.members)[1]).score(rows).values


def as_columns(answer: Any, task: Task) -> Any:
    return np.stack([1 - answer, answer], axis=1) if task == "binary" else answer


@pytest.mark.parametrize("task", TASKS)
def test_lightgbm_scores_as_it_does_with_the_levels_of_pandas(task: Task, tmp_path: Path) -> None:
    known = table(task)
    frame = known.features.to_pandas().astype({"purpose": "category", "grade": "category"})
    learning = {"verbosity": -1, "num_leaves": 15, "min_data_per_group": 5, "cat_smooth": 1, "num_threads": 1}
    booster = lightgbm.train(learning | LIGHTGBM[task], lightgbm.Dataset(frame, known.y), 12)
    booster.save_model(tmp_path / "model.txt")
    converted = convert(tmp_path / "model.txt", known.sample, Wishes("m", target="y"))
    assert converted.manifest.task == task
    assert converted.manifest.parity.by_kind.keys() == EVERY_KIND
    strange = pd.DataFrame({"age": [np.nan, 40], "amount": [1.0, np.nan], "purpose": None, "grade": [3, None]})
    # To pandas a level that is not among its categories is missing.
    strange = pd.concat([frame, strange.astype({"purpose": frame.purpose.dtype, "grade": frame.grade.dtype})])
    rows = pl.DataFrame(
        {"age": [None, 40.0], "amount": [1.0, None], "purpose": [None, "yacht"], "grade": [3, 99]},
        schema=known.features.schema,
    )
    found = scores(converted, pl.concat([known.features, rows]))
    np.testing.assert_allclose(found, as_columns(np.asarray(booster.predict(strange)), task), atol=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_xgboost_scores_as_it_does_with_the_levels_of_pandas(task: Task, tmp_path: Path) -> None:
    form = "json" if task == "binary" else "ubj"
    known = table(task)
    frame = known.features.to_pandas().astype({"purpose": "category", "grade": "category"})
    rows = xgboost.DMatrix(frame, known.y - known.y.min(), enable_categorical=True)
    booster = xgboost.train({"max_depth": 4, "nthread": 1} | XGBOOST[task], rows, 10)
    booster.save_model(tmp_path / f"model.{form}")
    converted = convert(tmp_path / f"model.{form}", known.sample, Wishes("m", target="y"))
    assert converted.manifest.parity.by_kind.keys() == EVERY_KIND
    if task == "multiclass":
        booster.set_param({"objective": "multi:softprob"})
    found = scores(converted, known.features)
    np.testing.assert_allclose(found, as_columns(booster.predict(rows), task), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_a_graph_of_one_input_a_column_scores_as_onnx_runtime_does(task: Task, tmp_path: Path) -> None:
    known = table(task)
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    chosen = [("n", numbers, ["age", "amount"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["purpose"])]
    model = make_pipeline(ColumnTransformer(chosen), Ridge() if task == "regression" else LogisticRegression())
    labels = known.y if task == "regression" else np.array(["low", "mid", "top"])[known.y]
    model.fit(known.features.to_pandas(), labels)
    types = [("age", FloatTensorType([None, 1])), ("amount", FloatTensorType([None, 1]))]
    written = to_onnx(model, initial_types=[*types, ("purpose", StringTensorType([None, 1]))])
    (tmp_path / "model.onnx").write_bytes(written.SerializeToString())  # with ZipMap, as skl2onnx writes by default
    converted = convert(tmp_path / "model.onnx", known.features, Wishes("m"))
    assert converted.manifest.labels == (() if task == "regression" else tuple(np.unique(labels)))
    assert converted.manifest.schema.by_name["purpose"].levels == ("boat", "car", "radio", "tv")
    assert converted.manifest.parity.largest == 0.0
    whole = known.features.drop_nulls()
    frame = whole.to_pandas()
    expected = model.predict(frame) if task == "regression" else model.predict_proba(frame)
    np.testing.assert_allclose(scores(converted, whole), expected, rtol=1e-4, atol=1e-5)


def test_a_graph_of_one_matrix_takes_the_samples_columns_in_order(tmp_path: Path) -> None:
    known = table("multiclass", missing=False)
    matrix = known.numbers.to_numpy().astype(np.float32)
    model = RandomForestClassifier(10, max_depth=5, random_state=1).fit(matrix, known.y)
    written = to_onnx(model, matrix[:1], options={"zipmap": False})
    (tmp_path / "model.onnx").write_bytes(written.SerializeToString())
    sample = known.numbers.with_columns(pl.Series("y", known.y))
    converted = convert(tmp_path / "model.onnx", sample, Wishes("m", target="y"))
    assert converted.manifest.labels == (0, 1, 2)
    np.testing.assert_allclose(scores(converted, known.numbers), model.predict_proba(matrix), atol=1e-6)


def test_a_probability_alone_becomes_two_and_whole_numbers_must_be_there(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Cast", ["visits"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["wide", "score"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["p"]),
    ]
    inputs = [helper.make_tensor_value_info("visits", TensorProto.INT64, ["n", 1])]
    inputs.append(helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", 1]))
    outputs = [helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", 1])]
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    sample = pl.DataFrame({"visits": [1, 2, 3], "score": [0.5, -1.0, -3.0]})
    converted = convert(tmp_path / "model.onnx", sample, Wishes("m", labels=("no", "yes")))
    np.testing.assert_allclose(scores(converted, sample)[:, 1], 1 / (1 + np.exp([-1.5, -1.0, 0.0])), atol=1e-6)
    assert [column.required for column in converted.manifest.schema.columns] == [True, True]
    assert any("`visits` must not be missing" in note for note in converted.notes)


def test_a_skops_pipeline_with_missing_texts_scores_as_scikit_learn_does(tmp_path: Path) -> None:
    known = table("binary")
    features = known.features.select("age", "amount", "purpose").with_columns(
        purpose=pl.when(pl.col("age") > 60).then(None).otherwise(pl.col("purpose"))
    )
    frame = features.to_pandas()
    encoded = OneHotEncoder(handle_unknown="ignore")  # missing is a level of its own
    filled = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    chosen = [
        ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "amount"]),
        ("c", encoded, ["purpose"]),
        ("f", filled, ["purpose"]),
    ]
    model = make_pipeline(ColumnTransformer(chosen), RandomForestClassifier(20, max_depth=8, random_state=1))
    model.fit(frame, np.array(["good", "bad"])[known.y])
    skops.io.dump(model, tmp_path / "model.skops")
    converted = convert(tmp_path / "model.skops", features, Wishes("m"))
    assert converted.manifest.labels == ("bad", "good")
    assert not any(column.required for column in converted.manifest.schema.columns), converted.notes
    assert {"missing", "unseen", "extreme"} <= converted.manifest.parity.by_kind.keys()
    np.testing.assert_allclose(scores(converted, features), model.predict_proba(frame), atol=1e-6)


def test_histogram_boosting_scores_as_scikit_learn_does_also_where_values_are_missing(tmp_path: Path) -> None:
    known = table("multiclass")
    frame = known.numbers.to_pandas()
    model = HistGradientBoostingClassifier(max_iter=10).fit(frame, known.y)
    skops.io.dump(model, tmp_path / "model.skops")
    converted = convert(tmp_path / "model.skops", known.numbers, Wishes("m"))
    np.testing.assert_allclose(scores(converted, known.numbers), model.predict_proba(frame), atol=1e-6)


def test_wrappers_in_skops_files_as_mlflow_writes_them_name_their_classes(tmp_path: Path) -> None:
    known = table("binary")
    frame = known.numbers.to_pandas()
    model = lightgbm.LGBMClassifier(n_estimators=3, verbosity=-1, n_jobs=1).fit(frame, np.array(["no", "yes"])[known.y])
    skops.io.dump(model, tmp_path / "model.skops")
    (tmp_path / "MLmodel").write_text(
        "flavors: {lightgbm: {data: model.skops, model_class: lightgbm.sklearn.LGBMClassifier}}\n"
        """signature: {outputs: '[{"type": "string", "name": "churned"}]'}"""
    )
    converted = convert(tmp_path, known.numbers, Wishes("m"))
    assert (converted.format, converted.manifest.target) == ("MLflow: LightGBM", "churned")
    assert converted.manifest.labels == ("no", "yes")
    np.testing.assert_allclose(scores(converted, known.numbers), model.predict_proba(frame), atol=1e-6)


def test_what_no_graph_can_hold_is_refused_with_a_sentence(tmp_path: Path) -> None:
    known = table("regression")
    path = tmp_path / "model"
    rows = lightgbm.Dataset(known.numbers.to_numpy(), known.y)
    lightgbm.train({"verbosity": -1, "linear_tree": True}, rows, 2).save_model(path)
    with pytest.raises(ModelRefused, match=r"linear models.*without linear_tree"):
        convert(path, known.numbers, Wishes("m"))
    matrix = xgboost.DMatrix(known.numbers.to_numpy(), known.y)
    xgboost.train({"booster": "gblinear"}, matrix, 2).save_model(tmp_path / "model.json")
    with pytest.raises(ModelRefused, match="booster=gblinear"):
        convert(tmp_path / "model.json", known.numbers, Wishes("m"))
