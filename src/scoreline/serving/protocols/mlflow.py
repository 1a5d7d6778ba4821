"""The scoring protocol of MLflow's model server: four JSON forms and CSV or Parquet in, ``predictions`` out.

Source: mlflow 3.17, ``mlflow/pyfunc/scoring_server``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from scoreline import __version__
from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import NAME, Call, Refusal, Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.instances import plain, read_columns, read_method, read_rows
from scoreline.serving.protocols.json import read_json

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_SHAPES = f"an object with one of {', '.join(FORMS)}"
_CODES = {"invalid": "BAD_REQUEST", "not_found": "RESOURCE_DOES_NOT_EXIST", "forbidden": "PERMISSION_DENIED"}
_CODES |= {"unauthenticated": "UNAUTHENTICATED"}
_CODES |= {"conflict": "RESOURCE_CONFLICT", "unavailable": "TEMPORARILY_UNAVAILABLE", "unsupported": "NOT_IMPLEMENTED"}
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class MLflow:
    """``/invocations`` of each deployment, and at the root for the default one."""

    name = "mlflow"
    prefixes = (NAME, "")
    score_path = "/invocations"
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ("csv", "csv-without-header", "parquet")

    def __init__(self) -> None:
        self.views = {"/version": _version}

    def decode(self, body: bytes, active: Active) -> Call:
        document = read_json(body, _decoder)
        if not isinstance(document, dict):
            raise BadRequest("the body is no object", hint=f"send {_SHAPES}")
        forms = [form for form in FORMS if form in document]
        if len(forms) != 1 or document.keys() - {*FORMS, "params"}:
            found = ", ".join(f"`{name}`" for name in document) or "nothing"
            raise BadRequest(f"the body holds {found}", hint=f"send {_SHAPES}, and `params` if there are any")
        params = document.get("params") or {}
        if not isinstance(params, dict):
            raise BadRequest("`params`: expected an object", hint='"params": {"predict_method": "predict_proba"}')
        method = read_method(params.get("predict_method"), "params.predict_method")
        return Call(_read(forms[0], document[forms[0]], active), method)

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        return Reply(
            _encoder.encode({"predictions": plain(predictions, call.request or "predict")}),
            headers=column_headers(call.decoded),
        )

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        code = _CODES.get(error.kind, "INTERNAL_ERROR")
        return _encoder.encode({"error_code": code, "message": str(error), "request_id": request_id})


def _read(form: str, value: Any, active: Active) -> Decoded:
    if form == "dataframe_split":
        if not isinstance(value, dict) or not isinstance(value.get("data"), list):
            raise BadRequest("`dataframe_split`: expected an object with `columns` and `data`")
        columns, rows = value.get("columns"), value["data"]
        if columns is None:
            return read_rows(rows, active, "dataframe_split.data")
        if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
            raise BadRequest("`dataframe_split.columns`: expected a list of column names")
        if not rows:
            raise BadRequest("`dataframe_split.data` is empty: expected at least one row")
        return active.pipeline.decoder.table(columns, rows)
    if form == "inputs" and isinstance(value, dict):
        return read_columns(value, active, form)
    return read_rows(value, active, form)


def _version(_: Active) -> Reply:
    return Reply(__version__.encode(), media_type="text/plain; charset=utf-8")
