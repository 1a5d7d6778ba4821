"""Small real scoring pipelines, for tests that need a file and not a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from scoreline.core.manifest import KindParity, Lineage, Manifest, Parity, Scores
from scoreline.core.schema import Column, Label, Schema
from scoreline.scoring.archive import write_archive
from scoreline.scoring.graph import Graph
from scoreline.scoring.predictions import outputs
from scoreline.scoring.sample import make_sample

SCHEMA = Schema(
    columns=(
        Column(name="age", type="number", minimum=18.0, maximum=80.0, example=42),
        Column(name="amount", type="number", minimum=100.0, maximum=20000.0, example=1500.5),
        Column(name="purpose", type="category", levels=("car", "radio"), example="radio"),
    )
)
ROWS = [
    {"age": 42, "amount": 1500.5, "purpose": "radio"},
    {"age": None, "amount": 300, "purpose": "car"},
]


def tiny_artifact(
    path: Path,
    *,
    weight: float = 0.001,
    name: str = "credit",
    target: str = "risk",
    labels: tuple[Label, ...] = ("good", "bad"),
    difference: float = 1e-8,
    schema: Schema = SCHEMA,
    rows: Sequence[dict[str, Any]] = ROWS,
) -> Manifest:
    """Write a scoring pipeline to ``path``; another ``weight`` is another one. No labels: a regression.

    The last label's probability, or the prediction, grows with ``weight`` times the sum of the row's numbers and is
    higher for the purpose ``radio``. ``difference`` is what its parity report says, ``rows`` are its sample's.
    """
    graph = _graph(len(schema.numbers), len(schema.texts), weight, len(labels))
    task = "regression" if not labels else "binary" if len(labels) == 2 else "multiclass"
    scorer = "log_loss" if labels else "rmse"
    manifest = Manifest(
        name=name,
        task=task,
        target=target,
        labels=labels,
        positive=1 if len(labels) == 2 else None,
        schema=schema,
        outputs=outputs(task, target, labels),
        scores=Scores(scorer=scorer, validation={scorer: 0.5}, validation_sd={scorer: 0.01}, test={scorer: 0.52}),
        importance={"age": 1.0, "purpose": 0.4},
        parity=Parity(
            tolerance=1e-5,
            largest=difference,
            n_rows=1000,
            by_kind={"training": KindParity(n_rows=1000, largest=difference)},
        ),
        lineage=Lineage(
            dataset="sha256:" + "d" * 64,
            dataset_name="german_credit",
            n_rows=1000,
            experiment="20260501-120000-abc123",
            settings={"seed": 1234},
            libraries={"onnx": "1.0"},
            created_at="2026-05-01T12:00:00+00:00",
        ),
    )
    sample = make_sample(schema, Graph(graph), list(rows))
    return write_archive(path, manifest, {"pipeline.onnx": graph, "sample.json": sample})


def _graph(n_numbers: int, n_texts: int, weight: float, n_labels: int) -> bytes:
    """``probability``: 0 for the labels between, a logistic share for the last, the rest for the first."""
    constants = [
        numpy_helper.from_array(np.full((n_numbers, 1), weight, np.float64), "weights"),
        numpy_helper.from_array(np.array(["radio"], dtype=object), "radio"),
        numpy_helper.from_array(np.zeros((), np.float64), "zero"),
        numpy_helper.from_array(np.array([1], np.int64), "axis"),
        numpy_helper.from_array(np.ones((), np.float32), "one"),
        numpy_helper.from_array(np.zeros((1, max(n_labels - 2, 0)), np.float32), "between"),
    ]
    nodes = [
        helper.make_node("IsNaN", ["numbers"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "numbers"], ["filled"]),
        helper.make_node("MatMul", ["filled", "weights"], ["from_numbers"]),
    ]
    inputs = [helper.make_tensor_value_info("numbers", TensorProto.DOUBLE, [None, n_numbers])]
    if n_texts:
        nodes += [
            helper.make_node("Equal", ["texts", "radio"], ["is_radio"]),
            helper.make_node("Cast", ["is_radio"], ["radio_number"], to=TensorProto.DOUBLE),
            helper.make_node("ReduceSum", ["radio_number", "axis"], ["from_texts"], keepdims=1),
            helper.make_node("Add", ["from_numbers", "from_texts"], ["sum"]),
        ]
        inputs.append(helper.make_tensor_value_info("texts", TensorProto.STRING, [None, n_texts]))
    else:
        nodes.append(helper.make_node("Identity", ["from_numbers"], ["sum"]))
    if n_labels:
        nodes += [
            helper.make_node("Cast", ["sum"], ["sum32"], to=TensorProto.FLOAT),
            helper.make_node("Sigmoid", ["sum32"], ["last"]),
            helper.make_node("Sub", ["one", "last"], ["first"]),
        ]
        parts = ["first", "last"]
        if n_labels > 2:
            nodes.append(helper.make_node("Mul", ["last", "between"], ["middle"]))
            parts.insert(1, "middle")
        nodes.append(helper.make_node("Concat", parts, ["probability"], axis=1))
        output = helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, n_labels])
    else:
        nodes.append(helper.make_node("Squeeze", ["sum", "axis"], ["prediction"]))
        output = helper.make_tensor_value_info("prediction", TensorProto.DOUBLE, [None])
    graph = helper.make_graph(nodes, "tiny", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    return bytes(model.SerializeToString())
