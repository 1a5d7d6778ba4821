"""How each dialect of HTTP writes a row and tells its probabilities."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.worlds import Row


class Shape(NamedTuple):
    """How a dialect writes a row and tells its probabilities."""

    name: str
    path: str
    write: Callable[[Row], Any]
    read: Callable[[Any], list[float]]


def _tensor(name: str, value: Any) -> dict[str, Any]:
    datatype = "BYTES" if isinstance(value, str) else "FP64"
    return {"name": name, "shape": [1], "datatype": datatype, "data": [value]}


def _cells(row: Row) -> list[Any]:
    return list(row.values())


PROBABILITY = {"method": "predict_proba"}
SHAPES = [
    Shape(
        "native",
        "/api/v1/deployments/{}/score",
        lambda row: row,
        lambda answer: list(answer["predictions"][0]["probability"].values()),
    ),
    Shape(
        "H2O",
        "/deployments/{}/model/score",
        lambda row: {"fields": list(row), "rows": [[str(cell) for cell in _cells(row)]]},
        lambda answer: [float(cell) for cell in answer["score"][0]],
    ),
    Shape(
        "JSON-RPC",
        "/deployments/{}/rpc",
        lambda row: {"jsonrpc": "2.0", "id": 1, "method": "score", "params": {"row": row}},
        lambda answer: answer["result"],
    ),
    Shape(
        "IBM",
        "/ml/v4/deployments/{}/predictions?version=2026-10-14",
        lambda row: {"input_data": [{"fields": list(row), "values": [_cells(row)]}]},
        lambda answer: answer["predictions"][0]["values"][0][1],
    ),
    Shape(
        "Azure v1",
        "/services/{}/score",
        lambda row: {"data": [row], **PROBABILITY},
        lambda answer: json.loads(answer)["result"][0],
    ),
    Shape(
        "Azure v2",
        "/services/{}/score",
        lambda row: {"Inputs": {"data": [row]}, "GlobalParameters": PROBABILITY},
        lambda answer: answer["Results"][0],
    ),
    Shape(
        "MLflow",
        "/deployments/{}/invocations",
        lambda row: {
            "dataframe_split": {"columns": list(row), "data": [_cells(row)]},
            "params": {"predict_method": "predict_proba"},
        },
        lambda answer: answer["predictions"][0],
    ),
    Shape(
        "SageMaker",
        "/endpoints/{}/invocations",
        lambda row: {"instances": [row], "params": {"predict_method": "predict_proba"}},
        lambda answer: answer["predictions"][0],
    ),
    Shape(
        "KServe",
        "/v1/models/{}:predict",
        lambda row: {"instances": [row], "parameters": PROBABILITY},
        lambda answer: answer["predictions"][0],
    ),
    Shape(
        "Vertex AI",
        "/deployments/{}/predict",
        lambda row: {"instances": [_cells(row)], "parameters": {"fields": list(row), **PROBABILITY}},
        lambda answer: answer["predictions"][0],
    ),
    Shape(
        "Open Inference",
        "/v2/models/{}/infer",
        lambda row: {"inputs": [_tensor(name, value) for name, value in row.items()]},
        lambda answer: answer["outputs"][0]["data"],
    ),
    Shape(
        "Udacity",
        "/deployments/{}/prediction",
        lambda row: {"rows": [row], **PROBABILITY},
        lambda answer: answer[0],
    ),
]
