"""Tensors to rows: one for each column, of shape [n] or [n, 1], or one [n, k] of all columns in the schema's order."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from scoreline.core.errors import BadRequest, TooLarge
from scoreline.scoring.frames import Floats, parsed_texts
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.protocols.oip.datatypes import Values, texts
from scoreline.serving.room import N_CELLS, check_rows

NULLS = "null_bitmap"
"""This parameter of an input tells which of its values are missing, where its datatype has nothing for them."""
MOST_DIMENSIONS = 2
N_MANY_ROWS = 32
"""From so many on columns are read as arrays; fewer rows are read faster one by one."""
HINT = 'send {"inputs": [{"name": "column", "shape": [n], "datatype": "FP64", "data": […]}, …]}'


class Tensor(Protocol):
    """An input."""

    @property
    def name(self) -> str: ...

    @property
    def shape(self) -> list[int]: ...

    @property
    def values(self) -> Values:
        """Flat, in row-major order; null stands for missing."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any] | None: ...


class Given(NamedTuple):
    """An input whose values were read."""

    name: str
    shape: list[int]
    values: Values
    parameters: Mapping[str, Any] | None


def decode(tensors: Sequence[Tensor], active: Active) -> Decoded:
    """Decode the rows of a request. Raises BadRequest naming the tensor, SchemaMismatch, TooLarge."""
    if not tensors:
        raise BadRequest("`inputs` is empty: expected a tensor for each column", hint=HINT)
    schema = active.pipeline.schema
    first = tensors[0]
    n_rows = first.shape[0] if len(first.shape) else 0
    if n_rows * len(tensors) > N_CELLS:
        raise TooLarge(f"the tensors have more than {N_CELLS:,} values, the limit of a request", hint="send fewer rows")
    if len(tensors) == 1 and len(first.shape) == 2 and first.name not in schema.names:
        _check(first)
        names = _names(first, schema.names)
        columns = _columns(_values(first) if first.parameters else first.values, len(names))
    else:
        shapes, columns = [tensor.shape for tensor in tensors], [tensor.values for tensor in tensors]
        fit = shapes.count([n_rows]) + shapes.count([n_rows, 1])
        if fit < len(shapes) or set(map(len, columns)) != {n_rows}:
            raise _misfit(tensors, n_rows)
        names = tuple([tensor.name for tensor in tensors])
        if any([tensor.parameters for tensor in tensors]):  # noqa: C419 a list takes half the time
            columns = [_values(tensor) if tensor.parameters else tensor.values for tensor in tensors]
    if n_rows == 0:
        raise BadRequest("the tensors have no rows", hint="send at least one row")
    check_rows(n_rows, schema)
    if n_rows >= N_MANY_ROWS and any(isinstance(values, np.ndarray) for values in columns):
        return active.pipeline.decoder.columns(_Columns(names, n_rows, columns))
    listed = [values.tolist() if isinstance(values, np.ndarray) else values for values in columns]
    return active.pipeline.decoder.table(names, list(zip(*listed, strict=True)))


class _Columns:
    """The columns as a frame."""

    def __init__(self, names: Sequence[str], n_rows: int, columns: Sequence[Values]) -> None:
        self.names = list(names)
        self.n_rows = n_rows
        self._columns = columns

    def floats(self, j: int) -> Floats | None:
        values = self._columns[j]
        return values.astype(np.float64) if isinstance(values, np.ndarray) else None

    def parsed(self, j: int) -> tuple[Floats, list[int]] | None:
        values = self.texts(j)
        return None if values is None else parsed_texts(values)

    def seconds(self, j: int) -> Floats | None:
        return None

    def texts(self, j: int) -> list[str | None] | None:
        values = self._columns[j]
        if isinstance(values, np.ndarray) or not {type(value) for value in values} <= {str, type(None)}:
            return None
        return list(values)

    def objects(self, j: int) -> list[Any]:
        return list(_listed(self._columns[j]))


def _misfit(tensors: Sequence[Tensor], n_rows: int) -> BadRequest:
    """Return the error of the first tensor that is no column of so many rows."""
    for tensor in tensors:
        _check(tensor)
        if tensor.shape not in ([n_rows], [n_rows, 1]):
            break
    return BadRequest(
        f"tensor `{tensor.name}` has the shape {tensor.shape}: expected [{n_rows}] or [{n_rows}, 1]",
        hint="every tensor is one column, with a value for each row",
    )


def _names(tensor: Tensor, names: Sequence[str]) -> Sequence[str]:
    if tensor.shape[1] != len(names):
        raise BadRequest(
            f"tensor `{tensor.name}` has {tensor.shape[1]} columns; the schema has {len(names)}",
            hint=f"they are, in order: {', '.join(names[:20])}",
        )
    return names


def _columns(values: Values, width: int) -> list[Values]:
    if isinstance(values, np.ndarray):
        return list(values.reshape(-1, width).T)
    return [values[j::width] for j in range(width)]


def _listed(values: Values) -> Sequence[Any]:
    if isinstance(values, np.ndarray):
        listed: list[Any] = values.tolist()
        return listed
    return values


def _check(tensor: Tensor) -> None:
    if len(tensor.shape) > MOST_DIMENSIONS:
        raise BadRequest(f"tensor `{tensor.name}` has {len(tensor.shape)} dimensions: expected 1 or 2", hint=HINT)
    n = 1
    for size in tensor.shape:
        n *= size
    if n != len(tensor.values) or min(tensor.shape, default=0) < 0:
        raise BadRequest(
            f"tensor `{tensor.name}`: the shape {tensor.shape} has {n} values, its data {len(tensor.values)}",
            hint=HINT,
        )


def _values(tensor: Tensor) -> Values:
    """Return the values as its parameters mean them. MLServer has more content types: they mean what is read anyway."""
    values, parameters = tensor.values, tensor.parameters or {}
    if parameters.get("content_type") == "base64":
        values = _from_base64(tensor.name, values)
    nulls = parameters.get(NULLS)
    if nulls is None:
        return values
    if not isinstance(nulls, str) or len(nulls) != len(values) or not set(nulls) <= {"0", "1"}:
        raise BadRequest(
            f"tensor `{tensor.name}`: `{NULLS}` is no text of {len(values)} characters 0 and 1",
            hint="send one character for each value, in order; 1 means that it is missing",
        )
    return [None if null == "1" else value for value, null in zip(_listed(values), nulls, strict=True)]


def _from_base64(name: str, values: Values) -> Values:
    try:
        return texts(name, [b64decode(value, validate=True) for value in values])
    except (TypeError, ValueError):
        raise BadRequest(f"tensor `{name}`: a value is not base64", hint="leave `content_type` out") from None
