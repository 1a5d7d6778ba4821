"""The native dialect: rows as objects, or fields and rows; answers with their version."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Any

import msgspec

from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded, Rows
from scoreline.serving.active import Active
from scoreline.serving.errors import describe
from scoreline.serving.protocols.dialect import Call, Refusal, Reply
from scoreline.serving.protocols.json import read_json
from scoreline.serving.room import N_PARTS, check_rows

_SHAPES = 'send {"rows": [{…}]}, [{…}], {…}, or {"fields": […], "rows": [[…]]}'
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_encode = _encoder.encode


class Scored(msgspec.Struct, omit_defaults=True, gc=False):
    """The answer to a score request."""

    deployment: str
    model: str
    version: int
    predictions: Sequence[Any]
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
    media = ("msgpack", "csv", "csv-without-header", "arrow", "parquet")

    def __init__(self) -> None:
        self.views = {"/schema": _schema, "/sample": _sample}

    def decode(self, body: bytes, active: Active) -> Call:
        # A larger document is checked before it may take memory.
        decoded = active.pipeline.decoder.json(body) if len(body) <= N_PARTS else None
        return Call(read_document(read_json(body, _decoder), active) if decoded is None else decoded)

    def decode_many(self, bodies: Sequence[bytes], active: Active) -> tuple[Rows, Sequence[int]] | None:
        """See ``InBulk``."""
        return active.pipeline.decoder.jsons(bodies)

    def encode_many(self, predictions: Predictions, sizes: Sequence[int], active: Active) -> list[Reply]:
        """See ``InBulk``."""
        scored = partial(Scored, active.name, active.model, active.version)
        structs = iter(predictions.structs())
        parts = zip(structs) if len(sizes) == len(predictions) else [list(islice(structs, size)) for size in sizes]
        return list(map(Reply, map(_encode, map(scored, parts))))

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        return Reply(_encode(scored(call.decoded, predictions, active)))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"error": {**describe(error), "request_id": request_id}})


def scored(decoded: Decoded, predictions: Predictions, active: Active) -> Scored:
    """Return the answer, to be written as JSON or in another way."""
    records = predictions.structs()
    return Scored(active.name, active.model, active.version, records, decoded.ignored, decoded.absent)


def read_document(document: Any, active: Active) -> Decoded:
    """Read the rows of a document, whichever way it was written. Raises BadRequest and SchemaMismatch."""
    decoder = active.pipeline.decoder
    if isinstance(document, dict) and not isinstance(document.get("rows"), list):
        return decoder.records([document])
    if isinstance(document, dict):
        unknown = document.keys() - {"rows", "fields"}
        if unknown:
            raise BadRequest(f"unknown member `{min(map(str, unknown))}` beside `rows`", hint=_SHAPES)
        rows, fields = document["rows"], document.get("fields")
    else:
        rows, fields = document, None
    if not isinstance(rows, list):
        raise BadRequest("the body is neither an object nor a list", hint=_SHAPES)
    if not rows:
        raise BadRequest("the request has no rows", hint="send at least one row")
    check_rows(len(rows), active.pipeline.schema)
    if fields is None:
        if isinstance(rows[0], list):
            raise BadRequest("row 1 is a list, but `fields`, the names of its columns, is not there", hint=_SHAPES)
        return decoder.records(rows)
    if not isinstance(fields, list) or not all(isinstance(field, str) for field in fields):
        raise BadRequest("`fields`: expected a list of column names", hint=_SHAPES)
    return decoder.table(fields, rows)


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
