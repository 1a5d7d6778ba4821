"""The datatypes of the protocol, and their values as bytes: little endian, in row-major order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from struct import Struct, error
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from scoreline.core.errors import BadRequest
from scoreline.core.schema import Column

Datatype = Literal[
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"
]
DATATYPES: frozenset[str] = frozenset(get_args(Datatype))
FORMATS = dict(zip(get_args(Datatype), "?BHIQbhiqefd", strict=False))
"""As ``struct`` names those whose values all have one size."""
DTYPES: dict[str, np.dtype[Any]] = {
    datatype: np.dtype("u1" if datatype == "BOOL" else f"<{form}") for datatype, form in FORMATS.items()
}
Values = Sequence[Any] | npt.NDArray[Any]
FEW_BYTES = 32
_size = Struct("<I")
_unpackers: dict[tuple[str, int], Callable[[bytes | memoryview], tuple[Any, ...]]] = {
    (datatype, n * dtype.itemsize): Struct(f"<{n}{FORMATS[datatype]}").unpack
    for datatype, dtype in DTYPES.items()
    for n in range(1, FEW_BYTES // dtype.itemsize + 1)
}
"""Of few values, by their datatype and the bytes that they have: an array costs more than it saves."""


def datatype_of(column: Column) -> Datatype:
    """Return the datatype in which a column is described."""
    return "BOOL" if column.type == "boolean" else "FP64" if column.type == "number" else "BYTES"


def unpack(name: str, datatype: str, data: bytes | memoryview) -> Values:
    """Return the values of tensor ``name``: many as an array, few as they are read faster. Raises BadRequest."""
    if len(data) <= FEW_BYTES and (few := _unpackers.get((datatype, len(data)))) is not None:
        return few(data)
    dtype = DTYPES.get(datatype)
    if dtype is None:
        return texts(name, _split(name, data))
    if len(data) % dtype.itemsize:
        raise BadRequest(
            f"tensor `{name}`: its data has {len(data)} bytes, and a value of {datatype} has {dtype.itemsize}",
            hint="send the values one behind the other, little endian",
        )
    values = np.frombuffer(data, dtype)
    return values != 0 if datatype == "BOOL" else values


def texts(name: str, values: Iterable[bytes]) -> list[str]:
    """Read BYTES as texts. Raises BadRequest."""
    found: list[str] = []
    try:
        for value in values:
            found.append(value.decode())  # noqa: PERF401 - how many were read says which was not
    except UnicodeDecodeError:
        raise BadRequest(
            f"tensor `{name}`: value {len(found) + 1} is not UTF-8", hint="BYTES are texts here: send them as UTF-8"
        ) from None
    return found


def pack(datatype: str, values: Values) -> bytes:
    """Return values as bytes."""
    if datatype == "BYTES":
        encoded = [value.encode() for value in values]
        return b"".join([part for text in encoded for part in (_size.pack(len(text)), text)])
    return np.ascontiguousarray(values, DTYPES[datatype]).tobytes()


def _split(name: str, data: bytes | memoryview) -> Iterable[bytes]:
    place, end = 0, len(data)
    while place < end:
        try:
            size = _size.unpack_from(data, place)[0]
        except error:
            size = end
        place += _size.size
        if size > end - place:
            raise BadRequest(
                f"tensor `{name}`: its data ends within a value",
                hint="send each value of BYTES behind its length, 4 bytes little endian",
            )
        yield bytes(data[place : place + size])
        place += size
