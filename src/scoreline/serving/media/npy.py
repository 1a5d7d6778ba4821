"""The medium NPY: one array of NumPy's, a line of it a row in the order of the schema."""

from __future__ import annotations

import io
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.core.errors import BadRequest
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media.ipc.columns import Overflow
from scoreline.serving.media.medium import FEW_ROWS, check_not_empty, check_rows, room, too_many
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.headers import column_headers

LONGEST_HEADER = 10_000
"""Characters; NumPy writes some hundred for a plain array."""
KINDS = frozenset("biufU")
"""Truth, whole numbers, floats, texts. An array of objects would be a pickle, and is never opened."""
LAST_CHARACTER, FIRST_HALF, LAST_HALF = 0x10FFFF, 0xD800, 0xDFFF
"""Of Unicode; those from the first to the last half are no characters by themselves."""
_HINT = "send numpy.save of an array [rows, columns] of numbers or texts, without pickled objects"


class Npy:
    """Rows are an array [n, k], or [k] for one; the answer is the array of probabilities [n, c] or predictions [n]."""

    name = "npy"
    types = ("application/x-npy",)
    is_table = True
    is_written = True
    is_quick_to_write = True

    def is_quick(self, body: bytes) -> bool:
        return len(body) <= FEW_ROWS * 8

    def read(self, body: bytes, active: Active) -> Decoded:
        check_not_empty(body)
        schema = active.pipeline.schema
        array = _array(body)
        if array.ndim == 1:
            array = array[np.newaxis]
        if array.ndim != 2:
            raise BadRequest(f"the array has {array.ndim} dimensions, expected 2: rows and columns", hint=_HINT)
        check_rows(len(array))
        n, expected = array.shape[1], len(schema.columns)
        if n != expected:
            raise BadRequest(f"the array has {n} columns where there are {expected}", hint=_HINT)
        try:
            room(schema).take_rows(len(array))
        except Overflow:
            raise too_many() from None
        return active.pipeline.decoder.table(schema.names, array.tolist())

    def write(self, predictions: Predictions, decoded: Decoded, active: Active) -> Reply:
        file = io.BytesIO()
        np.save(file, predictions.values, allow_pickle=False)
        return Reply(file.getvalue(), self.types[0], headers=column_headers(decoded))


def _array(body: bytes) -> npt.NDArray[Any]:
    """Read the array where it lies: a header that promises more than was sent allocates nothing."""
    file = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = read(file, max_header_size=LONGEST_HEADER)
    except Exception as error:  # what a damaged header can raise is not listed anywhere
        raise BadRequest(f"the body is not NPY: {str(error).splitlines()[0][:200]}", hint=_HINT) from None
    if dtype.kind not in KINDS or dtype.itemsize == 0:
        raise BadRequest(f"the array holds {dtype}, which is neither numbers nor texts", hint=_HINT)
    n_bytes, start = prod(shape) * dtype.itemsize, file.tell()
    if n_bytes != len(body) - start or min(shape, default=0) < 0:
        raise BadRequest(f"the array has {len(body) - start} bytes, its header says {n_bytes}", hint=_HINT)
    flat = np.frombuffer(body, dtype, offset=start)
    if dtype.kind == "U":
        _check_characters(np.frombuffer(body, np.dtype("u4").newbyteorder(dtype.byteorder), offset=start))
    return flat.reshape(shape, order="F" if by_columns else "C")


def _check_characters(codes: npt.NDArray[np.uint32]) -> None:
    """Raise BadRequest for what is no character: NumPy makes texts of it that break Python."""
    if np.any(codes > LAST_CHARACTER) or np.any((codes >= FIRST_HALF) & (codes <= LAST_HALF)):
        raise BadRequest("a text in the array is not valid Unicode", hint="write texts of whole characters")
