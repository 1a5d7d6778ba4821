"""KServe's first protocol, which TensorFlow Serving and Vertex AI share: ``instances`` in, ``predictions`` out.

A body may be a CloudEvent, whose data it is, or travel as one in headers; then the answer does. Source: KServe's
documentation of its V1 data plane; Vertex AI's of custom containers; CloudEvents 1.0, HTTP binding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.serving.active import Active
from scoreline.serving.protocols.cloud_events import (
    EVENT_TYPE,
    EVENT_VERSION,
    answer_attributes,
    is_cloud_event,
    new_id,
)
from scoreline.serving.protocols.dialect import NAME, Call, Headers, Outcome, Refusal, Reply, Where
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.instances import plain, read_columns, read_method, read_rows
from scoreline.serving.protocols.json import read_json

_HINT = 'send {"instances": [{"column": value, …}, …]}'
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class KServe:
    """``/v1/models/{name}``."""

    name = "kserve"
    prefixes: tuple[str, ...] = ("/v1/models/{name}",)
    score_path = ":predict"
    refusals: tuple[Refusal, ...] = (
        Refusal(
            "POST", ":explain", "explanations are not offered by this deployment", "POST …:predict scores the same body"
        ),
    )
    media: tuple[str, ...] = ()
    heeds = frozenset({EVENT_VERSION})

    def __init__(self) -> None:
        self.views = {"": _model}

    def decode(self, body: bytes, active: Active) -> Call:
        document = read_json(body, _decoder)
        is_event = is_cloud_event(document)
        if is_event:
            document = document["data"]
        if not isinstance(document, dict):
            raise BadRequest("the body is no object", hint=_HINT)
        where = "instances" if "instances" in document else "inputs"
        if where not in document:
            found = ", ".join(f"`{name}`" for name in document) or "nothing"
            raise BadRequest(f"expected `instances`, found {found}", hint=_HINT)
        parameters = document.get("parameters")
        if parameters is None:
            parameters = {}
        if not isinstance(parameters, dict):
            raise BadRequest("`parameters`: expected an object", hint='"parameters": {"method": "predict_proba"}')
        method = read_method(parameters.get("method"), "parameters.method")
        return Call(_read(document[where], parameters.get("fields"), where, active), (method, is_event))

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        method, is_event = call.request
        document: Any = {"predictions": plain(predictions, method)}
        told = column_headers(call.decoded)
        if is_event:
            event = {**answer_attributes(new_id()), "datacontenttype": "application/json", "data": document}
            return Reply(_encoder.encode(event), EVENT_TYPE, headers=told)
        return Reply(_encoder.encode(document), headers=told)

    def check_headers(self, said: Mapping[bytes, bytes]) -> None:
        pass

    def meant(self, said: Mapping[bytes, bytes], path: str, where: Where) -> Where:
        return where

    def answer_headers(self, said: Mapping[bytes, bytes], outcome: Outcome) -> Headers:
        if EVENT_VERSION not in said or outcome.status >= 400:
            return ()
        return tuple((f"ce-{name}", value) for name, value in answer_attributes(outcome.request_id).items())

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"error": str(error)})


class Vertex(KServe):
    """Vertex AI's custom containers: the same bodies; ``parameters.fields`` may name the columns."""

    name = "vertex"
    prefixes = (NAME, "")
    score_path = "/predict"
    refusals = ()

    def __init__(self) -> None:
        self.views = {}


def _read(rows: Any, fields: Any, where: str, active: Active) -> Any:
    if fields is None:
        return read_columns(rows, active, where) if isinstance(rows, dict) else read_rows(rows, active, where)
    if not isinstance(fields, list) or not all(isinstance(field, str) for field in fields):
        raise BadRequest("`parameters.fields`: expected a list of column names")
    if not isinstance(rows, list) or not rows:
        raise BadRequest(f"`{where}` is empty: expected at least one row", hint=_HINT)
    return active.pipeline.decoder.table(fields, rows)


def _model(active: Active) -> Reply:
    return Reply(_encoder.encode({"name": active.name, "ready": True}))
