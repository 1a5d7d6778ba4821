"""The medium Parquet: translated to and from Arrow where a damaged file can do no harm."""

from __future__ import annotations

from scoreline.core.errors import BadRequest
from scoreline.core.translation import ToTranslate, Translate
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media.arrow import read_translated, write_arrow
from scoreline.serving.media.medium import check_not_empty
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.headers import column_headers

MAGIC = b"PAR1"


class Parquet:
    """Parquet files."""

    name = "parquet"
    types = ("application/vnd.apache.parquet", "application/x-parquet")
    is_table = True
    is_written = True
    is_quick_to_write = False

    def __init__(self, translate: Translate) -> None:
        self._translate = translate

    def is_quick(self, body: bytes) -> bool:
        return False

    def read(self, body: bytes, active: Active) -> Decoded:
        check_not_empty(body)
        if not body.startswith(MAGIC):
            raise BadRequest("the body is not a Parquet file", hint="send the bytes of the file as they are")
        return read_translated(self._translate, "parquet", body, active)

    def write(self, predictions: Predictions, decoded: Decoded, active: Active) -> Reply:
        asked = ToTranslate(source="arrow", target="parquet")
        _, file = self._translate(asked, write_arrow(predictions))
        return Reply(file, self.types[0], headers=column_headers(decoded))
