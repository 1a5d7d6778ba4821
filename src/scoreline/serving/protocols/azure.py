"""Azure Machine Learning's scoring script of AutoML models: ``data`` or ``Inputs`` in, ``result`` or ``Results`` out.

The first form is answered with JSON inside a JSON text, as the original does. Source: answers recorded from
azureml-inference-server-http 1.5.1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from scoreline import __version__
from scoreline.core.errors import BadRequest, HeaderTooLarge, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import NAME, Call, Headers, Outcome, Refusal, Reply, Where
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.instances import Method, plain, read_method, read_rows
from scoreline.serving.protocols.json import read_json

_HINT = 'send {"data": [{"column": value, …}]} or {"Inputs": {"data": [{"column": value, …}]}}'
_CLIENT_ID = b"x-ms-client-request-id"
_IDS = (b"x-request-id", _CLIENT_ID, b"x-ms-request-id")
LONGEST_ID = 100
"""Characters of a request's id, as the original allows."""
SERVER_VERSION = f"scoreline/{__version__}"
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class Azure:
    """``/score`` of each deployment, and at the root for the default one; also ``/services/{name}/score``."""

    name = "azure"
    prefixes = ("/services/{name}", NAME, "")
    score_path = "/score"
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ()
    heeds = frozenset(_IDS)

    def __init__(self) -> None:
        self.views: dict[str, Any] = {}

    def decode(self, body: bytes, active: Active) -> Call:
        document = read_json(body, _decoder)
        if not isinstance(document, dict):
            raise BadRequest("the body is no object", hint=_HINT)
        if "Inputs" in document:
            return _second(document, active)
        if "input_data" in document:
            return Call(_split(document["input_data"], active), ("bare", _method_of(document, "params")))
        if "data" not in document:
            raise BadRequest("A value is not provided for the 'data' parameter.", hint=_HINT)
        return Call(
            read_rows(document["data"], active, "data"), ("first", read_method(document.get("method"), "method"))
        )

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        form, method = call.request
        found = plain(predictions, method)
        answer: Any = found  # what a model of MLflow answers at Azure
        if form == "first":
            answer = json.dumps({"result": found})
        elif form == "second":
            answer = {"Results": found}
        return Reply(_encoder.encode(answer), headers=column_headers(call.decoded))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"message": str(error)})

    def body_of(self, query: Mapping[str, str], active: Active) -> bytes:
        """One row, a parameter a column, or ``data`` with the rows as JSON; in both cases ``method`` beside it."""
        columns = active.pipeline.schema.by_name
        row = dict(query)
        method = _encoder.encode(row.pop("method", None) if "method" not in columns else None)
        if "data" in row and "data" not in columns:
            return b'{"data":%b,"method":%b}' % (row["data"].encode(), method)
        return b'{"data":%b,"method":%b}' % (_encoder.encode([row]), method) if row else b"{}"

    def check_headers(self, said: Mapping[bytes, bytes]) -> None:
        for name in _IDS:
            n = len(said.get(name, b""))
            if n > LONGEST_ID:
                raise HeaderTooLarge(
                    f"the header {name.decode()} has {n} characters", hint=f"send at most {LONGEST_ID}"
                )

    def meant(self, said: Mapping[bytes, bytes], path: str, where: Where) -> Where:
        return where

    def answer_headers(self, said: Mapping[bytes, bytes], outcome: Outcome) -> Headers:
        headers = [
            ("x-ms-request-id", outcome.request_id),
            ("x-ms-run-function-failed", "False" if outcome.status < 400 else "True"),
            ("x-ms-run-fn-exec-ms", f"{outcome.seconds * 1000:.3f}"),
            ("x-ms-server-version", SERVER_VERSION),
        ]
        client_id = said.get(_CLIENT_ID) or said.get(b"x-ms-request-id")
        if client_id and len(client_id) <= LONGEST_ID:
            headers.append((_CLIENT_ID.decode(), client_id.decode("latin-1")))
        return tuple(headers)


def _second(document: dict[str, Any], active: Active) -> Call:
    inputs = document["Inputs"]
    rows = inputs.get("data") if isinstance(inputs, dict) else inputs
    return Call(read_rows(rows, active, "Inputs.data"), ("second", _method_of(document, "GlobalParameters")))


def _method_of(document: dict[str, Any], where: str) -> Method:
    parameters = document.get(where)
    return read_method(parameters.get("method"), f"{where}.method") if isinstance(parameters, dict) else "predict"


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
