"""``/prediction`` of Udacity's risk assessment project, whose other three routes are in ``web/control/udacity``.

The course leaves bodies and answers to its students: these are the forms that public solutions have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.core.schema import Schema
from scoreline.scoring.predictions import Predictions
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import NAME, Call, Refusal, Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.instances import plain, read_method
from scoreline.serving.protocols.json import read_json
from scoreline.serving.protocols.native import read_document

FILE_NAMES = ("filepath", "filename", "datapath", "data")
"""What the member or the parameter is called that names a file."""
_NAMES_FILE = re.compile(rb'\s*\{\s*"(?:%b)"\s*:\s*"' % b"|".join(name.encode() for name in FILE_NAMES))
_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_GLANCE = 1 << 16
"""Bytes of a first line that are looked at."""


class Udacity:
    """``/prediction`` of each deployment, and at the root for the default one. It answers a list, a value a row."""

    name = "udacity"
    prefixes = (NAME, "")
    score_path = "/prediction"
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ("csv-of-any-kind", "csv", "csv-without-header", "form-data")
    file_parameters = frozenset(FILE_NAMES)

    def __init__(self) -> None:
        self.views: dict[str, Callable[[Active], Reply]] = {}

    def decode(self, body: bytes, active: Active) -> Call:
        """Read rows as JSON, or as CSV whose caller did not say what it is."""
        if _names_columns(body, active.pipeline.schema):
            from scoreline.serving.media.csv import Csv  # media stand on what protocols are

            return Call(Csv(header=None).read(body, active))
        document = read_json(body, _decoder)
        method = None
        if isinstance(document, dict) and "method" not in active.pipeline.schema.by_name:
            method = document.pop("method", None)
        return Call(read_document(document, active), read_method(method, "method"))

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        found = plain(predictions, call.request or "predict")
        return Reply(_encoder.encode(found), headers=column_headers(call.decoded))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"error": str(error), "request_id": request_id})

    def body_naming(self, query: Mapping[str, str]) -> bytes | None:
        """See ``InFiles``."""
        for name in FILE_NAMES:
            if name in query:
                return _encoder.encode({name: query[name]})
        return None

    def file_of(self, body: bytes, active: Active) -> str | None:
        """See ``InFiles``. A column may have one of the names: then the body is a row."""
        if not _NAMES_FILE.match(body):
            return None
        document: Any = read_json(body, _decoder)
        name, path = next(iter(document.items()))
        if name in active.pipeline.schema.by_name:
            return None
        if len(document) > 1:
            raise BadRequest(f"`{name}` names a file, and beside it stands more", hint=f'send {{"{name}": "…"}} alone')
        return str(path)


def _names_columns(body: bytes, schema: Schema) -> bool:
    """Whether a body that says nothing of itself is CSV: its first line is no JSON and names a column."""
    first = body[:LONGEST_GLANCE].removeprefix(_BYTE_ORDER_MARK).partition(b"\n")[0]
    if first[:1] in (b"{", b"["):
        return False
    return any(name.strip(' "\r') in schema.by_name for name in first.decode(errors="replace").split(","))
