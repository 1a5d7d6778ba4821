"""The Open Inference Protocol, version 2, over REST: tensors in, tensors out.

One tensor for each column, of shape [n] or [n, 1], or one tensor [n, k] of all columns in the order of the schema.
Source: github.com/kserve/open-inference-protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.core.schema import Column, label_text
from scoreline.scoring.predictions import Predictions
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import Call, Refusal, Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.json import read_json

Datatype = Literal[
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"
]
PLATFORM = "scoreline_onnx"
_HINT = 'send {"inputs": [{"name": "column", "shape": [n], "datatype": "FP64", "data": […]}, …]}'
_encoder = msgspec.json.Encoder()


class Tensor(msgspec.Struct):
    """An input; ``data`` is flat or nested, in row-major order; null stands for missing."""

    name: str
    shape: list[int]
    datatype: Datatype
    data: list[Any]
    parameters: dict[str, Any] = {}


class Wanted(msgspec.Struct):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] = {}


class InferRequest(msgspec.Struct):
    """The body of ``infer``."""

    inputs: list[Tensor]
    id: str | None = None
    parameters: dict[str, Any] = {}
    outputs: list[Wanted] | None = None


_decoder = msgspec.json.Decoder(InferRequest)


class OpenInference:
    """``/v2/models/{name}``."""

    name = "oip"
    prefixes = ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")
    score_path = "/infer"
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.views = {"": _metadata, "/ready": _ready}

    def decode(self, body: bytes, active: Active) -> Call:
        request = read_json(body, _decoder)
        names, rows = read_tensors(request.inputs, active)
        return Call(active.pipeline.decoder.table(names, rows), request)

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        request: InferRequest = call.request
        found = {tensor["name"]: tensor for tensor in outputs(predictions)}
        chosen = list(found) if request.outputs is None else [wanted.name for wanted in request.outputs]
        unknown = [name for name in chosen if name not in found]
        if unknown:
            raise BadRequest(f"there is no output `{unknown[0]}`", hint=f"the outputs are {', '.join(found)}")
        answer: dict[str, Any] = {"model_name": active.name, "model_version": str(active.version)}
        if request.id is not None:
            answer["id"] = request.id
        return Reply(
            _encoder.encode({**answer, "outputs": [found[name] for name in chosen]}),
            headers=column_headers(call.decoded),
        )

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"error": str(error)})


def read_tensors(tensors: Sequence[Tensor], active: Active) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """Return the names of columns, and rows in their order. Raises BadRequest naming the tensor."""
    if not tensors:
        raise BadRequest("`inputs` is empty: expected a tensor for each column", hint=_HINT)
    schema = active.pipeline.schema
    first = tensors[0]
    if len(tensors) == 1 and len(first.shape) == 2 and first.name not in schema.names:
        if first.shape[1] != len(schema.names):
            raise BadRequest(
                f"tensor `{first.name}` has {first.shape[1]} columns; the schema has {len(schema.names)}",
                hint=f"they are, in order: {', '.join(schema.names[:20])}",
            )
        values, width = _flat(first), first.shape[1]
        _not_empty(first.shape[0])
        return schema.names, [values[i : i + width] for i in range(0, len(values), width)]
    n_rows = first.shape[0] if first.shape else 0
    for tensor in tensors:
        if tensor.shape not in ([n_rows], [n_rows, 1]):
            raise BadRequest(
                f"tensor `{tensor.name}` has the shape {tensor.shape}: expected [{n_rows}] or [{n_rows}, 1]",
                hint="every tensor is one column, with a value for each row",
            )
    _not_empty(n_rows)
    return tuple(tensor.name for tensor in tensors), list(zip(*map(_flat, tensors), strict=True))


def outputs(predictions: Predictions) -> list[dict[str, Any]]:
    """Return the answer as tensors: ``probability`` FP32 [n, c] and ``label`` BYTES [n], or ``prediction`` FP64 [n]."""
    n = len(predictions)
    if predictions.task == "regression":
        return [{"name": "prediction", "shape": [n], "datatype": "FP64", "data": predictions.values.tolist()}]
    texts = [label_text(label) for label in predictions.labels]
    return [
        {
            "name": "probability",
            "shape": list(predictions.values.shape),
            "datatype": "FP32",
            "data": predictions.values.ravel().tolist(),
        },
        {
            "name": "label",
            "shape": [n],
            "datatype": "BYTES",
            "data": [texts[i] for i in predictions.label_index.tolist()],
        },
    ]


def _not_empty(n_rows: int) -> None:
    if n_rows == 0:
        raise BadRequest("the tensors have no rows", hint="send at least one row")


def _flat(tensor: Tensor) -> list[Any]:
    values = tensor.data
    while values and isinstance(values[0], list):
        try:
            values = [value for part in values for value in part]
        except TypeError:
            raise BadRequest(f"tensor `{tensor.name}`: its data is nested unevenly", hint=_HINT) from None
    n = 1
    for size in tensor.shape:
        n *= size
    if n != len(values) or min(tensor.shape) < 0:
        raise BadRequest(
            f"tensor `{tensor.name}`: the shape {tensor.shape} has {n} values, its data {len(values)}", hint=_HINT
        )
    return values


def _metadata(active: Active) -> Reply:
    manifest = active.pipeline.manifest
    found: list[dict[str, Any]] = [{"name": "prediction", "datatype": "FP64", "shape": [-1]}]
    if manifest.task != "regression":
        found = [
            {"name": "probability", "datatype": "FP32", "shape": [-1, len(manifest.labels)]},
            {"name": "label", "datatype": "BYTES", "shape": [-1]},
        ]
    document = {
        "name": active.name,
        "versions": [str(active.version)],
        "platform": PLATFORM,
        "inputs": [
            {"name": column.name, "datatype": _datatype(column), "shape": [-1]} for column in manifest.schema.columns
        ],
        "outputs": found,
    }
    return Reply(_encoder.encode(document))


def _datatype(column: Column) -> Datatype:
    return "BOOL" if column.type == "boolean" else "FP64" if column.type == "number" else "BYTES"


def _ready(active: Active) -> Reply:
    return Reply(_encoder.encode({"name": active.name, "ready": True}))
