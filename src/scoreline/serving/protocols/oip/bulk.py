"""Requests that came together, read and answered together: columns in JSON, all outputs, nothing to remember."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import msgspec

from scoreline.core.errors import SchemaMismatch
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.oip.outputs import LABEL, PREDICTION, PROBABILITY
from scoreline.serving.protocols.oip.tensors import Tensor

_encode = msgspec.json.Encoder().encode


class Told(msgspec.Struct, gc=False):
    """An output as it is answered."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    data: list[Any]


class Answer(msgspec.Struct, gc=False):
    """The answer to a request that said no more than its inputs."""

    model_name: str
    model_version: str
    outputs: list[Told]


class Columns(NamedTuple):
    """What one request holds."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def columns_of(tensors: Sequence[Tensor]) -> Columns | None:
    """Return the rows of a request; None: its tensors are no plain columns, or there is something to say about them."""
    lists = [tensor.values for tensor in tensors]
    if not all(lists) or any([tensor.parameters for tensor in tensors]):  # noqa: C419 a list takes half the time
        return None
    n_rows = len(lists[0]) if lists else 0
    shapes = [tensor.shape for tensor in tensors]
    if (
        not n_rows
        or shapes.count([n_rows]) + shapes.count([n_rows, 1]) < len(shapes)
        or set(map(len, lists)) != {n_rows}
    ):
        return None
    return Columns(tuple([tensor.name for tensor in tensors]), list(zip(*lists, strict=True)))


def join(found: Sequence[Columns], active: Active) -> tuple[Rows, Sequence[int]] | None:
    """Decode the rows of all; None: they differ, or there is something to report."""
    names = found[0].names
    if len(names) < len(active.pipeline.schema.names) or any(each.names != names for each in found):
        return None
    try:
        decoded = active.pipeline.decoder.table(names, [row for each in found for row in each.rows])
    except SchemaMismatch:
        return None
    if decoded.ignored or decoded.absent:
        return None
    return decoded.rows, [len(each.rows) for each in found]


def answers(predictions: Predictions, sizes: Sequence[int], active: Active) -> list[Reply]:
    """Write the answers to requests of so many rows each."""
    places = pairwise(accumulate(sizes, initial=0))
    values, version = predictions.values.ravel().tolist(), str(active.version)
    found = []
    if predictions.task == "regression":
        for begin, end in places:
            told = [Told(PREDICTION.name, (end - begin,), PREDICTION.datatype, values[begin:end])]
            found.append(Answer(active.name, version, told))
    else:
        width, labels = len(predictions.labels), LABEL.values(predictions)
        for begin, end in places:
            n = end - begin
            probability = Told(PROBABILITY.name, (n, width), PROBABILITY.datatype, values[begin * width : end * width])
            label = Told(LABEL.name, (n,), LABEL.datatype, list(labels[begin:end]))
            found.append(Answer(active.name, version, [probability, label]))
    return list(map(Reply, map(_encode, found)))
