"""The medium msgpack: the documents of the native dialect, in fewer bytes."""

from __future__ import annotations

import msgspec

from scoreline.core.errors import BadRequest
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media.medium import FEW_ROWS, check_not_empty
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.native import read_document, scored

_decoder = msgspec.msgpack.Decoder()
_outline = msgspec.msgpack.Decoder(list[msgspec.Raw] | dict[str, msgspec.Raw])
_rows = msgspec.msgpack.Decoder(list[msgspec.Raw])
_NO_ROWS = b"\x90"
_encoder = msgspec.msgpack.Encoder()


class Msgpack:
    """MessagePack; rows and answers have the shapes of the native dialect's JSON."""

    name = "msgpack"
    types = ("application/msgpack", "application/x-msgpack", "application/vnd.msgpack")
    is_table = False
    is_written = True
    is_quick_to_write = True

    def is_quick(self, body: bytes) -> bool:
        if len(body) <= FEW_ROWS:  # an empty row is one byte
            return True
        try:
            document = _outline.decode(body)
            rows = document if isinstance(document, list) else _rows.decode(document.get("rows", _NO_ROWS))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return True
        return len(rows) <= FEW_ROWS

    def read(self, body: bytes, active: Active) -> Decoded:
        check_not_empty(body)
        try:
            document = _decoder.decode(body)
        except RecursionError:
            hint = "a row holds numbers, texts, true, false and nil only"
            raise BadRequest("the msgpack is nested too deeply", hint=hint) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            hint = "send one msgpack document with at least one row"
            raise BadRequest(f"the body is not msgpack: {error}", hint=hint) from None
        decoded = read_document(document, active)
        for name in decoded.ignored:
            if not isinstance(name, str):
                raise BadRequest(f"a column is named {name!r}, which is no text", hint="name columns by texts")
        return decoded

    def write(self, predictions: Predictions, decoded: Decoded, active: Active) -> Reply:
        return Reply(_encoder.encode(scored(decoded, predictions, active)), self.types[0])
