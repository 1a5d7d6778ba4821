"""Azure Machine Learning's scoring script of AutoML models: ``data`` or ``Inputs`` in, ``result`` or ``Results`` out.

The first form is answered with JSON inside a JSON text, as the original does. Source: answers recorded from
azureml-inference-server-http 1.5.1.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import NAME, Call, Refusal, Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.instances import plain, read_method, read_rows
from scoreline.serving.protocols.json import read_json

_HINT = 'send {"data": [{"column": value, …}]} or {"Inputs": {"data": [{"column": value, …}]}}'
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class Azure:
    """``/score`` of each deployment, and at the root for the default one; also ``/services/{name}/score``."""

    name = "azure"
    prefixes = ("/services/{name}", NAME, "")
    score_path = "/score"
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.views: dict[str, Any] = {}

    def decode(self, body: bytes, active: Active) -> Call:
        document = read_json(body, _decoder)
        if not isinstance(document, dict):
            raise BadRequest("the body is no object", hint=_HINT)
        if "Inputs" in document:
            return _second(document, active)
        if "input_data" in document:
            return Call(_split(document["input_data"], active), ("second", "predict"))
        if "data" not in document:
            raise BadRequest("A value is not provided for the 'data' parameter.", hint=_HINT)
        return Call(
            read_rows(document["data"], active, "data"), ("first", read_method(document.get("method"), "method"))
        )

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        form, method = call.request
        found = plain(predictions, method)
        if form == "second":
            return Reply(_encoder.encode({"Results": found}), headers=column_headers(call.decoded))
        return Reply(_encoder.encode(json.dumps({"result": found})), headers=column_headers(call.decoded))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"message": str(error)})


def _second(document: dict[str, Any], active: Active) -> Call:
    inputs, parameters = document["Inputs"], document.get("GlobalParameters")
    rows = inputs.get("data") if isinstance(inputs, dict) else inputs
    method = (
        read_method(parameters.get("method"), "GlobalParameters.method") if isinstance(parameters, dict) else "predict"
    )
    return Call(read_rows(rows, active, "Inputs.data"), ("second", method))


def _split(value: Any, active: Active) -> Any:
    """Read the body of an MLflow model at Azure: ``{"input_data": {"columns": […], "index": […], "data": [[…]]}}``."""
    if not isinstance(value, dict):
        return read_rows(value, active, "input_data")
    columns, rows = value.get("columns"), value.get("data")
    if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
        return read_rows(rows, active, "input_data.data")
    if not isinstance(rows, list) or not rows:
        raise BadRequest("`input_data.data` is empty: expected at least one row", hint=_HINT)
    return active.pipeline.decoder.table(columns, rows)
