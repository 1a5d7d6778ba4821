"""The medium Arrow: a stream of record batches, read and written without any library of Arrow's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.core.errors import BadRequest, SchemaMismatch
from scoreline.core.schema import Label, label_text
from scoreline.core.translation import Form, ToTranslate, Translate
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media.ipc.columns import NotUnicode, Overflow
from scoreline.serving.media.ipc.flat import Malformed
from scoreline.serving.media.ipc.frame import StreamFrame
from scoreline.serving.media.ipc.stream import Columns, Compressed, has_few_rows, read_stream
from scoreline.serving.media.ipc.writing import write_stream
from scoreline.serving.media.medium import FEW_ROWS, check_not_empty, check_rows, room, too_many
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.headers import column_headers


class Arrow:
    """Arrow's IPC stream; its file is read too. Streams of compressed buffers are translated first."""

    name = "arrow"
    types = ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file")
    is_table = True
    is_written = True
    is_quick_to_write = True

    def __init__(self, translate: Translate) -> None:
        self._translate = translate

    def is_quick(self, body: bytes) -> bool:
        return has_few_rows(body, FEW_ROWS)

    def read(self, body: bytes, active: Active) -> Decoded:
        check_not_empty(body)
        try:
            columns = _read(body, active)
        except Compressed:
            return read_translated(self._translate, "arrow", body, active)
        return _decoded(columns, active)

    def write(self, predictions: Predictions, decoded: Decoded, active: Active) -> Reply:
        return Reply(write_arrow(predictions), self.types[0], headers=column_headers(decoded))


def read_translated(translate: Translate, source: Form, body: bytes, active: Active) -> Decoded:
    """Read a table that has to be translated first. Raises BadRequest, SchemaMismatch, TooLarge."""
    schema = active.pipeline.schema
    limits = room(schema)
    asked = ToTranslate(
        source=source,
        target="arrow",
        columns=tuple(schema.names),
        most_rows=limits.rows,
        text_bytes=limits.text_bytes,
    )
    translated, stream = translate(asked, body)
    return _decoded(_read(stream, active).among(translated.names, translated.n_rows), active)


def write_arrow(predictions: Predictions) -> bytes:
    """Write predictions as a table: a column for each output of the manifest, labels in their own type."""
    columns: dict[str, npt.NDArray[Any]] = predictions.columns()
    if predictions.labels:
        *_, name = columns
        columns[name] = _typed(predictions.labels)[predictions.label_index]
    return write_stream(columns)


def _read(body: bytes, active: Active) -> Columns:
    schema = active.pipeline.schema
    try:
        return read_stream(body, schema.by_name, room(schema))
    except Overflow:
        raise too_many() from None
    except NotUnicode as error:
        row = error.i + 1
        message = f"row {row}, column `{error.column}`: the text is not UTF-8"
        raise SchemaMismatch(message, hint="encode texts as UTF-8", row=row, column=error.column) from None
    except Malformed as error:
        hint = "send what an Arrow library writes as an IPC stream"
        raise BadRequest(f"the body is not an Arrow stream: {error}", hint=hint) from None


def _decoded(columns: Columns, active: Active) -> Decoded:
    check_rows(columns.n_rows)
    return active.pipeline.decoder.columns(StreamFrame(columns))


def _typed(labels: Sequence[Label]) -> npt.NDArray[Any]:
    types = {type(label) for label in labels}
    if types == {bool}:
        return np.array(labels, np.bool_)
    if types == {int} and all(-(1 << 63) <= label < 1 << 63 for label in labels if isinstance(label, int)):
        return np.array(labels, np.int64)
    if types == {float}:
        return np.array(labels, np.float64)
    return np.array([label_text(label) for label in labels], dtype=object)
