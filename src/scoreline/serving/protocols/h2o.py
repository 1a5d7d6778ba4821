"""The H2O dialect: Driverless AI's Scoring API v1. Cells of an answer are text that reads back to the same number."""

from __future__ import annotations

from typing import Any, Literal
from uuid import uuid4

import msgspec

from scoreline.core.errors import BadRequest, ScorelineError, Unsupported
from scoreline.core.schema import Column, Label, label_text
from scoreline.scoring.predictions import Predictions
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import NAME, Call, Refusal, Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.json import read_json
from scoreline.serving.room import check_rows

_SAMPLE = "GET …/model/sample_request shows a body that scores"
_CAPABLE = "GET …/model/capabilities lists what is offered"
_TYPES = {"number": "Float64", "boolean": "Bool", "datetime": "Time64", "category": "Str", "text": "Str"}
_SCORING_TYPES = {"binary": "BINOMIAL", "multiclass": "CLASSIFICATION", "regression": "REGRESSION"}


class ScoreRequest(msgspec.Struct, rename="camel"):
    """The body of ``POST /model/score``; members unknown here are ignored."""

    fields: list[str]
    rows: list[list[Any]]
    include_fields_in_output: list[str] | None = None
    no_field_names_in_output: bool | None = None
    id_field: str | None = None
    request_shapley_value_type: Literal["ORIGINAL", "TRANSFORMED", "NONE"] | None = None
    request_prediction_intervals: bool | None = None


_decoder = msgspec.json.Decoder(ScoreRequest)
_encoder = msgspec.json.Encoder()


class H2O:
    """``/model/…`` of each deployment, and at the root for the default one."""

    name = "h2o"
    prefixes = (NAME, "")
    score_path = "/model/score"
    media: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = (
        Refusal(
            "GET",
            "/model/score",
            "scoring a file on the server's disk is not offered: it would let any caller read the host",
            "send the rows in the body of POST, or use `scoreline score` where the file is",
        ),
        Refusal("POST", "/model/contribution", "contributions are not offered by this deployment", _CAPABLE),
        Refusal("POST", "/model/media-score", "media columns are not offered by this deployment", _CAPABLE),
    )

    def __init__(self) -> None:
        self.views = {
            "/model/id": _id,
            "/model/schema": _model,
            "/model/sample_request": _sample_request,
            "/model/capabilities": _capabilities,
        }

    def decode(self, body: bytes, active: Active) -> Call:
        request = read_json(body, _decoder)
        _check(request)
        check_rows(len(request.rows), active.pipeline.schema)
        return Call(active.pipeline.decoder.table(request.fields, request.rows), request)

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        request: ScoreRequest = call.request
        names, scores = _outputs(predictions, active)
        positions, copied = _copied(request)
        if copied:
            names = copied + names
            scores = [
                [str(uuid4()) if i is None else cell(row[i]) for i in positions] + outputs
                for row, outputs in zip(request.rows, scores, strict=True)
            ]
        answer: dict[str, Any] = {"id": active.digest, "fields": names, "score": scores}
        if request.no_field_names_in_output:
            del answer["fields"]
        # In headers: the original's clients do not expect members beyond its own.
        return Reply(_encoder.encode(answer), headers=column_headers(call.decoded))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"detail": str(error)})


class H2OLambda(H2O):
    """``/test/score``, where Driverless AI's template for AWS Lambda answers; it has nothing but scoring."""

    name = "h2o_lambda"
    prefixes = (f"{NAME}/test", "/test")
    score_path = "/score"
    refusals = ()

    def __init__(self) -> None:
        self.views = {}


def cell(value: Any) -> str:
    """One cell as the dialect writes it: text; missing is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _check(request: ScoreRequest) -> None:
    if not request.fields:
        raise BadRequest("`fields` is empty: expected the names of the columns in `rows`", hint=_SAMPLE)
    if not request.rows:
        raise BadRequest("`rows` is empty: expected at least one row", hint=_SAMPLE)
    if request.request_shapley_value_type not in (None, "NONE"):
        raise Unsupported("Shapley contributions are not offered by this deployment", hint=_CAPABLE)
    if request.request_prediction_intervals:
        raise BadRequest("prediction intervals are not offered by this deployment", hint=_CAPABLE)


def _copied(request: ScoreRequest) -> tuple[list[int | None], list[str]]:
    """Input fields to copy, in request order, then a generated id: their positions (None: the id) and names."""
    include = set(request.include_fields_in_output or ())
    positions: list[int | None] = [i for i, field in enumerate(request.fields) if field in include]
    names = [field for field in request.fields if field in include]
    if request.id_field in include and request.id_field not in request.fields:
        return [*positions, None], [*names, request.id_field]
    return positions, names


def _outputs(predictions: Predictions, active: Active) -> tuple[list[str], list[list[str]]]:
    """``repr`` of the float64 that a float32 is: whoever parses it, as float or double, has the same bits again."""
    names = [output.name for output in active.pipeline.manifest.outputs if output.type == "number"]
    values = predictions.values.reshape(len(predictions), -1).tolist()
    return names, [[repr(value) for value in row] for row in values]


def _id(active: Active) -> Reply:
    return Reply(active.digest.encode(), media_type="text/plain; charset=utf-8")


def _capabilities(_: Active) -> Reply:
    return Reply(_encoder.encode(["SCORE"]))


def _sample_request(active: Active) -> Reply:
    columns = active.pipeline.schema.columns
    row = active.pipeline.sample.rows[0]
    values = [cell(row.get(column.name)) for column in columns]
    return Reply(_encoder.encode({"fields": [column.name for column in columns], "rows": [values]}))


def _model(active: Active) -> Reply:
    manifest = active.pipeline.manifest
    target_type = "Float64" if manifest.task == "regression" else _label_type(manifest.labels)
    properties: dict[str, Any] = {"scoringType": _SCORING_TYPES[manifest.task]}
    if manifest.labels:
        properties["scoringResponLabels"] = [label_text(label) for label in manifest.labels]
    return Reply(
        _encoder.encode(
            {
                "id": active.digest,
                "name": active.name,
                "description": f"version {active.version} of {active.model}: predicts {manifest.target}",
                "properties": properties,
                "schema": {
                    "inputFields": [_field(column) for column in manifest.schema.columns],
                    "targetFields": [{"name": manifest.target, "dataType": target_type}],
                    "outputFields": [
                        {"name": output.name, "dataType": "Float64"}
                        for output in manifest.outputs
                        if output.type == "number"
                    ],
                },
            }
        )
    )


def _field(column: Column) -> dict[str, str]:
    data_type = "Int64" if column.type == "number" and column.integer else _TYPES[column.type]
    field = {"name": column.name, "dataType": data_type}
    if column.example is not None:
        field["example"] = cell(column.example)
    return field


def _label_type(labels: tuple[Label, ...]) -> str:
    of_type = {bool: "Bool", int: "Int64", float: "Float64"}
    return of_type.get(type(labels[0]), "Str")
