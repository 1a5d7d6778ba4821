"""``/invocations``: the scoring protocol of MLflow's model server and, on the same path, of SageMaker's containers.

Both give ``predictions`` for JSON. MLflow has four JSON forms, CSV with a header, Parquet; SageMaker ``instances``,
also as lists of ``features``, rows alone, JSON lines, NPY, CSV without a header. No body means one thing to one and
another to the other: one dialect understands both. Source: mlflow 3.17, ``mlflow/pyfunc/scoring_server``; SageMaker's
guide to inference code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from scoreline import __version__
from scoreline.core.errors import BadRequest, HeaderTooLarge, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import NAME, Call, Headers, Outcome, Refusal, Reply, Where
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.instances import plain, read_columns, read_method, read_rows, without_features
from scoreline.serving.protocols.json import read_json

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_SHAPES = f"an object with one of {', '.join(FORMS)}"
CUSTOM_ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"
"""What a caller of SageMaker says in it goes back with the answer."""
LONGEST_ATTRIBUTES = 1024
"""Characters, as SageMaker allows."""
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
    media: tuple[str, ...] = ("csv-of-any-kind", "csv", "csv-without-header", "json-lines", "npy", "parquet")
    heeds = frozenset({CUSTOM_ATTRIBUTES})

    def __init__(self) -> None:
        self.views: dict[str, Callable[[Active], Reply]] = {"/version": _version}

    def decode(self, body: bytes, active: Active) -> Call:
        document = read_json(body, _decoder)
        if isinstance(document, list):
            document = {"instances": document}
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

    def check_headers(self, said: Mapping[bytes, bytes]) -> None:
        n = len(said.get(CUSTOM_ATTRIBUTES, b""))
        if n > LONGEST_ATTRIBUTES:
            what = CUSTOM_ATTRIBUTES.decode()
            raise HeaderTooLarge(f"the header {what} has {n} characters", hint=f"send at most {LONGEST_ATTRIBUTES}")

    def meant(self, said: Mapping[bytes, bytes], path: str, where: Where) -> Where:
        return where

    def answer_headers(self, said: Mapping[bytes, bytes], outcome: Outcome) -> Headers:
        value = said.get(CUSTOM_ATTRIBUTES, b"")
        if not value or len(value) > LONGEST_ATTRIBUTES:
            return ()
        return ((CUSTOM_ATTRIBUTES.decode(), value.decode("latin-1")),)

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
    return read_rows(without_features(value, active), active, form)


def _version(_: Active) -> Reply:
    return Reply(__version__.encode(), media_type="text/plain; charset=utf-8")
