"""The native dialect: rows as objects, or fields and rows; answers with their version."""

from __future__ import annotations

from typing import Any

import msgspec

from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.scoring import Decoded, Predictions
from scoreline.serving.deployments import Active
from scoreline.serving.protocols.dialect import Call, Refusal, Reply
from scoreline.serving.protocols.json import read_json

_SHAPES = 'send {"rows": [{…}]}, [{…}], {…}, or {"fields": […], "rows": [[…]]}'
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class Scored(msgspec.Struct, omit_defaults=True):
    """The answer to a score request."""

    deployment: str
    model: str
    version: int
    predictions: list[dict[str, Any]]
    ignored_columns: tuple[str, ...] = ()
    """Columns sent that the scoring pipeline does not know."""
    absent_columns: tuple[str, ...] = ()
    """Columns not sent, scored as missing."""


class Native:
    """``/api/v1/deployments/{name}``."""

    name = "native"
    prefixes = ("/api/v1/deployments/{name}",)
    score_path = "/score"
    refusals: tuple[Refusal, ...] = ()

    def __init__(self) -> None:
        self.views = {"/schema": _schema, "/sample": _sample}

    def decode(self, body: bytes, active: Active) -> Call:
        return Call(_decode(read_json(body, _decoder), active))

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        return Reply(
            _encoder.encode(
                Scored(
                    active.name,
                    active.model,
                    active.version,
                    predictions.records(),
                    call.decoded.ignored,
                    call.decoded.absent,
                )
            )
        )

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        told: dict[str, Any] = {"code": error.code, "kind": error.kind, "message": error.message, "hint": error.hint}
        for place in ("row", "column"):
            if (value := getattr(error, place, None)) is not None:
                told[place] = value
        return _encoder.encode({"error": {**told, "request_id": request_id}})


def _decode(document: Any, active: Active) -> Decoded:
    decoder = active.pipeline.decoder
    if isinstance(document, list):
        return decoder.records(_records(document))
    if not isinstance(document, dict):
        raise BadRequest(f"the body: expected an object or a list, found {_noun(document)}", hint=_SHAPES)
    rows = document.get("rows")
    if not isinstance(rows, list):
        return decoder.records([document])
    unknown = document.keys() - {"rows", "fields"}
    if unknown:
        raise BadRequest(f"unknown member `{min(unknown)}` beside `rows`", hint=_SHAPES)
    fields = document.get("fields")
    if fields is None:
        return decoder.records(_records(rows))
    if not isinstance(fields, list) or not all(isinstance(field, str) for field in fields):
        raise BadRequest("`fields`: expected a list of column names", hint=_SHAPES)
    return decoder.table(fields, rows)


def _records(rows: list[Any]) -> list[dict[str, Any]]:
    for i, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            hint = "rows that are lists need `fields`, the names of their columns" if isinstance(row, list) else _SHAPES
            raise BadRequest(f"row {i}: expected an object, found {_noun(row)}", hint=hint)
    return rows


def _noun(value: object) -> str:
    if value is None:
        return "null"
    nouns = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return nouns.get(type(value), type(value).__name__)


def _schema(active: Active) -> Reply:
    manifest = active.pipeline.manifest
    return Reply(
        _encoder.encode(
            {
                "deployment": active.name,
                "model": active.model,
                "version": active.version,
                "task": manifest.task,
                "target": manifest.target,
                "labels": manifest.labels,
                "columns": manifest.schema.columns,
                "outputs": manifest.outputs,
                "missing": manifest.missing,
                "unseen": manifest.unseen,
            }
        )
    )


def _sample(active: Active) -> Reply:
    """Real rows, as a body that the score route takes."""
    return Reply(_encoder.encode({"rows": active.pipeline.sample.rows}))
