"""Answers as protobuf writes them: all that is the same in each is made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec
import numpy as np

from scoreline.core.schema import label_text
from scoreline.scoring.predictions import Predictions
from scoreline.serving.active import Active
from scoreline.serving.protocols.oip.datatypes import DTYPES, pack
from scoreline.serving.protocols.oip.outputs import LABEL, PREDICTION, PROBABILITY, Output, choose
from scoreline.web.grpc.layout import Manner

NAME, VERSION, ID, PARAMETERS, OUTPUT, RAW = range(1, 7)
"""Members of an answer, …"""
TENSOR_NAME, TENSOR_TYPE, TENSOR_SHAPE, TENSOR_CONTENTS = 1, 2, 3, 5
"""… of one of its tensors, …"""
CONTENTS: Mapping[str, int] = {"FP32": 6, "FP64": 7, "BYTES": 8}
"""… and of what is in one."""
STRING_PARAMETER = 3


def member(number: int, data: bytes) -> bytes:
    """Return a member that is text, bytes or a message."""
    return bytes((number << 3 | 2,)) + varint(len(data)) + data


def varint(n: int) -> bytes:
    """Return a length as protobuf writes it."""
    if n < 0x80:
        return bytes((n,))
    found = bytearray()
    while n >= 0x80:
        found.append(n & 0x7F | 0x80)
        n >>= 7
    found.append(n)
    return bytes(found)


def one_answer(
    predictions: Predictions,
    active: Active,
    manner: Manner,
    request_id: str,
    told: Mapping[str, Sequence[str]],
) -> bytes:
    """Return the answer to one request. ``told`` are columns, under the names that they are told under.

    Raises BadRequest for an output that there is not.
    """
    outputs = choose(predictions, manner.outputs)
    parts = [member(NAME, active.name.encode()), member(VERSION, str(active.version).encode())]
    if request_id:
        parts.append(member(ID, request_id.encode()))
    for name, columns in told.items():
        if columns:
            value = member(STRING_PARAMETER, msgspec.json.encode(columns))
            parts.append(member(PARAMETERS, member(1, name.encode()) + member(2, value)))
    numbers = _numbers(predictions)
    labels = list(LABEL.values(predictions)) if LABEL in outputs else []
    width = predictions.values.shape[1:]
    parts += _tensors(outputs, len(predictions), width, numbers, labels, is_raw=manner.is_raw)
    return b"".join(parts)


def row_answers(predictions: Predictions, active: Active, manner: Manner) -> list[bytes] | None:
    """Return the answers to requests of one row each, without their ids; None: the manner is a rare one.

    Raises BadRequest as ``one_answer`` does.
    """
    outputs = tuple(choose(predictions, manner.outputs))
    if outputs not in _USUAL:
        return None
    texts = () if predictions.task == "regression" else tuple(map(label_text, predictions.labels))
    before, behind = _around(active.name, active.version, texts, outputs, is_raw=manner.is_raw)
    numbers = _numbers(predictions)
    size = len(numbers) // len(predictions)
    rows = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    if not behind:
        return [before + row for row in rows]
    labels = predictions.label_index.tolist()
    return [b"%b%b%b" % (before, row, behind[i]) for row, i in zip(rows, labels, strict=True)]


_USUAL = ((PREDICTION,), (PROBABILITY,), (PROBABILITY, LABEL))


@lru_cache(maxsize=256)
def _around(
    name: str, version: int, texts: tuple[str, ...], outputs: tuple[Output, ...], *, is_raw: bool
) -> tuple[bytes, list[bytes]]:
    """Return what stands before the numbers of an answer of one row and, by label, what stands behind them."""
    width = (len(texts),) if texts else ()
    numbers = bytes((len(texts) or 1) * DTYPES[outputs[0].datatype].itemsize)
    head = member(NAME, name.encode()) + member(VERSION, str(version).encode())
    if LABEL not in outputs:
        return (head + b"".join(_tensors(outputs, 1, width, numbers, (), is_raw=is_raw)))[: -len(numbers)], []
    parts = [_tensors(outputs, 1, width, numbers, [text], is_raw=is_raw) for text in texts]
    return (head + b"".join(parts[0][:-1]))[: -len(numbers)], [part[-1] for part in parts]


def _numbers(predictions: Predictions) -> bytes:
    datatype = "FP64" if predictions.task == "regression" else "FP32"
    return np.ascontiguousarray(predictions.values, DTYPES[datatype]).tobytes()


def _tensors(
    outputs: Sequence[Output],
    n_rows: int,
    width: Sequence[int],
    numbers: bytes,
    labels: Sequence[str],
    *,
    is_raw: bool,
) -> list[bytes]:
    """Return the outputs, and behind all of them their values where they are raw."""
    found, raw = [], []
    for output in outputs:
        shape = (n_rows,) if output is LABEL else (n_rows, *width)
        told = (
            member(TENSOR_NAME, output.name.encode())
            + member(TENSOR_TYPE, output.datatype.encode())
            + member(TENSOR_SHAPE, b"".join(map(varint, shape)))
        )
        if is_raw:
            raw.append(member(RAW, pack("BYTES", labels) if output is LABEL else numbers))
        else:
            number = CONTENTS[output.datatype]
            values = [text.encode() for text in labels] if output is LABEL else [numbers]
            told += member(TENSOR_CONTENTS, b"".join([member(number, value) for value in values]))
        found.append(member(OUTPUT, told))
    return found + raw
