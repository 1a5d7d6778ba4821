"""The medium JSON lines: a row a line, a prediction a line."""

from __future__ import annotations

from typing import Any

import msgspec

from scoreline.core.errors import BadRequest, SchemaMismatch
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media.medium import FEW_ROWS, check_rows
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.instances import read_rows, without_features
from scoreline.serving.protocols.json import read_json
from scoreline.serving.room import check_parts

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class JsonLines:
    """A line is an object of columns, a list in the order of the schema, or SageMaker's ``{"features": […]}``.

    A line of the answer is a prediction as the native dialect writes it.
    """

    name = "json-lines"
    types = ("application/jsonlines", "application/x-jsonlines", "application/jsonl", "application/x-ndjson")
    is_table = False
    is_written = True
    is_quick_to_write = True

    def is_quick(self, body: bytes) -> bool:
        return body.count(b"\n") <= FEW_ROWS

    def read(self, body: bytes, active: Active) -> Decoded:
        check_parts(body)
        try:
            rows = _decoder.decode_lines(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            rows = _read_slowly(body)
        if not rows and not body.strip():
            raise BadRequest("the body is empty", hint="send one JSON object a line")
        check_rows(len(rows))
        return read_rows(without_features(rows, active), active, "lines")

    def write(self, predictions: Predictions, decoded: Decoded, active: Active) -> Reply:
        return Reply(_encoder.encode_lines(predictions.structs()), self.types[0], headers=column_headers(decoded))


def _read_slowly(body: bytes) -> list[Any]:
    """Read what msgspec refuses line by line: what other languages write is accepted, and a wrong line is named."""
    rows: list[Any] = []
    for line in body.removeprefix(b"\xef\xbb\xbf").splitlines():
        if line.strip():
            try:
                rows.append(read_json(line, _decoder))
            except BadRequest as error:
                i = len(rows) + 1
                raise SchemaMismatch(f"row {i}: {error.message}", hint=error.hint, row=i) from None
    return rows
