"""The proof: what it finds, and what it says of what an original does not take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from onnx import TensorProto, helper, numpy_helper

from scoreline.core.errors import BadSetting, ModelRefused, ParityFailed
from scoreline.core.schema import Column, Schema
from scoreline.importing.conversion import Wishes, convert
from scoreline.importing.original import Plan, Source
from scoreline.importing.process import OriginalProcess
from scoreline.importing.proof import difference, prove
from scoreline.scoring.archive import archive_bytes
from scoreline.scoring.graph import Graph
from scoreline.scoring.pipeline import load
from scoreline.scoring.rows import Rows

SCHEMA = Schema((Column(name="a", type="number", minimum=0.0, maximum=9.0), Column(name="b", type="number")))
SAMPLE = pl.DataFrame({"a": [float(i) for i in range(10)], "b": [0.5, -1.0] * 5})


def linear(path: Path, a: float, b: float, *, fills: bool = True, softmax: bool = True) -> Path:
    """Write softmax([a·x₁, b·x₂]); a missing x₁ counts as 0 where ``fills``."""
    nodes = [
        helper.make_node("IsNaN", ["X"], ["holes"]),
        helper.make_node("Where", ["holes", "fill", "X"], ["filled"]),
        helper.make_node("Mul", ["filled", "w"], ["weighted"]),
        helper.make_node("Softmax" if softmax else "Identity", ["weighted"], ["p"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([[0.0 if fills else np.nan, 0.0]], np.float32), "fill"),
        numpy_helper.from_array(np.array([[a, b]], np.float32), "w"),
    ]
    given = [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", 2])]
    made = [helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", 2])]
    graph = helper.make_graph(nodes, "g", given, made, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def test_a_graph_of_another_model_is_not_the_originals(tmp_path: Path) -> None:
    plan = Plan(
        sources=(Source("numbers", 0), Source("numbers", 1)), n_numbers=2, n_texts=0, task="binary", labels=(0, 1)
    )
    rows = Rows(SAMPLE.to_numpy(), np.empty((10, 0), object))
    graphs = []
    for a in (1.0, 1.001):
        with OriginalProcess() as original:
            original.open(linear(tmp_path / f"{a}.onnx", a, 2.0), "onnx")
            graphs.append(Graph(original.build(plan).graph))
            if a == 1.0:
                continue
            assert prove(original, graphs[1], SCHEMA, "binary", rows, {}).parity.passed
            with pytest.raises(ParityFailed, match="differs from the original by"):
                prove(original, graphs[0], SCHEMA, "binary", rows, {})


def test_a_column_of_which_the_original_cannot_do_without_is_required(tmp_path: Path) -> None:
    converted = convert(linear(tmp_path / "m.onnx", 1.0, 2.0, fills=False), SAMPLE, Wishes("m"))
    assert [column.required for column in converted.manifest.schema.columns] == [True, False]
    assert "column `a` must not be missing: the original gives no number for such a row" in converted.notes
    assert converted.manifest.lineage.settings["notes"] == list(converted.notes)
    pipeline = load(archive_bytes(converted.manifest, converted.members)[1])
    assert len(pipeline.score([{"a": 1, "b": None}])) == 1


def test_what_are_no_probabilities_and_what_is_no_sample_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"no probabilities: they go from .*Softmax"):
        convert(linear(tmp_path / "m.onnx", 1.0, 2.0, softmax=False), SAMPLE, Wishes("m"))
    holed = SAMPLE.with_columns(a=pl.lit(None, pl.Float64))
    with pytest.raises(ModelRefused, match="no number for row 1 of the sample"):
        convert(linear(tmp_path / "n.onnx", 1.0, 2.0, fills=False), holed, Wishes("m"))
    with pytest.raises(BadSetting, match="the model's task is binary"):
        convert(linear(tmp_path / "o.onnx", 1.0, 2.0), SAMPLE, Wishes("m", task="regression"))


def test_without_a_sample_rows_are_made_up_and_nothing_is_known_for_drift(tmp_path: Path) -> None:
    converted = convert(linear(tmp_path / "m.onnx", 1.0, 2.0), None, Wishes("m", columns=("x", "y")))
    assert converted.manifest.schema.names == ["x", "y"]
    assert (converted.manifest.profile, converted.manifest.lineage.n_rows) == ({}, 0)
    assert any(note.startswith("no sample was given") for note in converted.notes)


def test_large_predictions_are_compared_in_themselves_and_probabilities_as_they_are() -> None:
    assert difference(np.array([1e9, 0.0]), np.array([1e9 + 100, 0.5]), 10.0) == pytest.approx(0.05)
    assert difference(np.array([1e9]), np.array([1e9 + 100]), 10.0) == pytest.approx(1e-7)
    assert difference(np.array([[0.5, 0.5]]), np.array([[0.5, 0.4]]), 1e-3) == pytest.approx(0.1)
    assert difference(np.array([np.inf]), np.array([np.inf]), 1.0) == 0.0
    assert difference(np.array([1.0]), np.array([np.nan]), 1.0) == float("inf")
