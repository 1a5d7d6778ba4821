"""IBM Watson Machine Learning's predictions: blocks of ``fields`` and ``values`` in, blocks out.

Source: IBM's version 4 API as its own Python clients use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from scoreline.core.errors import BadRequest, SchemaMismatch, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded, Rows
from scoreline.serving.active import Active
from scoreline.serving.errors import http_status
from scoreline.serving.protocols.dialect import Call, Refusal, Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.json import read_json

_HINT = 'send {"input_data": [{"fields": ["column", …], "values": [[value, …], …]}]}'
CODES = {
    "invalid": "invalid_request_entity",
    "unauthenticated": "authentication_token_not_valid",
    "not_found": "does_not_exist",
    "forbidden": "authorization_rejected",
    "conflict": "conflict",
    "unavailable": "service_unavailable",
    "unsupported": "not_implemented",
}
"""IBM's codes by kind of error."""
_encoder = msgspec.json.Encoder()


class Block(msgspec.Struct):
    """Rows of one set of columns; without ``fields`` they stand in the order of the schema's columns."""

    values: list[list[Any]]
    fields: list[str] | None = None
    id: str | None = None


class ScoreRequest(msgspec.Struct):
    """The body; other members, as ``scoring_parameters``, are ignored."""

    input_data: list[Block]


_decoder = msgspec.json.Decoder(ScoreRequest)


class IBM:
    """``/ml/v4/deployments/{name}/predictions``."""

    name = "ibm"
    prefixes: tuple[str, ...] = ("/ml/v4/deployments/{name}",)
    score_path = "/predictions"
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.views: dict[str, Any] = {}

    def decode(self, body: bytes, active: Active) -> Call:
        blocks = read_json(body, _decoder).input_data
        if not any(block.values for block in blocks):
            raise BadRequest("`input_data` has no rows", hint=_HINT)
        return Call(_decode(blocks, active), blocks)

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        parts = predictions.split([len(block.values) for block in call.request])
        blocks = [self._block(block, part, active) for block, part in zip(call.request, parts, strict=True)]
        return Reply(_encoder.encode({"predictions": blocks}), headers=column_headers(call.decoded))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        code = CODES.get(error.kind, "internal_error")
        told = {"code": code, "message": str(error)}
        return _encoder.encode({"trace": request_id, "errors": [told], "status_code": http_status(error)})

    def _block(self, block: Block, predictions: Predictions, active: Active) -> dict[str, Any]:
        found = _answers(predictions)
        answer: dict[str, Any] = {"fields": found.fields, "values": found.values}
        return {"id": block.id, **answer} if block.id is not None else answer


class IBMSpark(IBM):
    """The address that IBM's own application asks; it reads Spark's answer: the row, then ``predictedLabel``."""

    name = "ibm_spark"
    prefixes = ("/v4/deployments/{name}",)

    def _block(self, block: Block, predictions: Predictions, active: Active) -> dict[str, Any]:
        fields = block.fields if block.fields is not None else active.pipeline.schema.names
        values = predictions.values.tolist()
        if predictions.task == "regression":
            return {
                "fields": [*fields, "prediction"],
                "values": [[*row, value] for row, value in zip(block.values, values, strict=True)],
            }
        found = zip(block.values, values, predictions.label_index.tolist(), strict=True)
        return {
            "fields": [*fields, "probability", "prediction", "predictedLabel"],
            "values": [[*row, each, float(i), predictions.labels[i]] for row, each, i in found],
        }


class _Answers(NamedTuple):
    fields: list[str]
    values: list[list[Any]]


def _answers(predictions: Predictions) -> _Answers:
    values = predictions.values.tolist()
    if predictions.task == "regression":
        return _Answers(["prediction"], [[value] for value in values])
    labels = [predictions.labels[i] for i in predictions.label_index.tolist()]
    return _Answers(["prediction", "probability"], [list(pair) for pair in zip(labels, values, strict=True)])


def _decode(blocks: Sequence[Block], active: Active) -> Decoded:
    if len(blocks) == 1:
        return _decode_block(blocks[0], active)
    parts: list[Decoded] = []
    for i, block in enumerate(blocks):
        if not block.values:
            continue
        try:
            parts.append(_decode_block(block, active))
        except SchemaMismatch as error:
            message = f"block {i + 1}: {error.message}"
            raise SchemaMismatch(message, hint=error.hint, row=error.row, column=error.column) from None
    ignored = tuple(dict.fromkeys(name for part in parts for name in part.ignored))
    absent = {name for part in parts for name in part.absent}
    in_order = tuple(name for name in active.pipeline.schema.names if name in absent)
    return Decoded(Rows.join([part.rows for part in parts]), ignored, in_order)


def _decode_block(block: Block, active: Active) -> Decoded:
    fields = block.fields if block.fields is not None else active.pipeline.schema.names
    return active.pipeline.decoder.table(fields, block.values)
