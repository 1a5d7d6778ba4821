"""ModelInfer as a dialect: tensors of a message in, tensors of a message out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scoreline.core.errors import BadRequest, SchemaMismatch, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import Call, Refusal, Reply
from scoreline.serving.protocols.oip.datatypes import DATATYPES, DTYPES, Values, texts, unpack
from scoreline.serving.protocols.oip.tensors import N_MANY_ROWS, Given, decode
from scoreline.web.grpc.answers import one_answer, row_answers
from scoreline.web.grpc.known import Row
from scoreline.web.grpc.layout import Layout, Manner

NAME = "oip_grpc"
CONTENTS: Mapping[str, str] = {
    "BOOL": "bool_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    "INT64": "int64_contents",
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""The member of a tensor's contents that holds the values of a datatype. FP16 is sent raw only."""


_ARRAYS: Mapping[str, Any] = {**DTYPES, "BOOL": np.dtype(bool), "INT8": np.dtype("i4"), "INT16": np.dtype("i4")} | {
    datatype: np.dtype("u4") for datatype in ("UINT8", "UINT16")
}
"""Typed contents have no integers of fewer than 32 bits, and nobody says that those that are there are small."""


class Infer:
    """What all requests have in common."""

    name = NAME
    prefixes: tuple[str, ...] = ()
    score_path = ""
    views: Mapping[str, Callable[[Active], Reply]] = {}
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ()

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return str(error).encode()


class InferMessage(Infer):
    """The dialect of one request, which protobuf has read already."""

    def __init__(self, message: Any) -> None:
        self._message = message
        self.model_name: str = message.model_name
        self.model_version: str = message.model_version
        self.n_rows: int = max([size for tensor in message.inputs[:1] for size in tensor.shape[:1]], default=0)
        """As its first tensor says it."""

    def decode(self, body: Any, active: Active) -> Call:
        message = self._message
        raw, inputs = message.raw_input_contents, message.inputs
        if raw and len(raw) != len(inputs):
            raise BadRequest(
                f"`raw_input_contents` has {len(raw)} entries for {len(inputs)} inputs",
                hint="send the values of all inputs there, or of none",
            )
        tensors = []
        for i, given in enumerate(inputs):
            name, datatype, parameters = given.name, given.datatype, given.parameters
            if datatype not in DATATYPES:
                raise BadRequest(
                    f"tensor `{name}`: there is no datatype `{datatype}`", hint=f"one of {', '.join(sorted(DATATYPES))}"
                )
            values = unpack(name, datatype, raw[i]) if raw else _typed(name, datatype, given.contents)
            tensors.append(Given(name, list(given.shape), values, _plain(parameters) if parameters else None))
        return Call(decode(tensors, active))

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        message, told = self._message, call.decoded
        manner = Manner(tuple([wanted.name for wanted in message.outputs]), bool(message.raw_input_contents))
        about = {"ignored_columns": told.ignored, "absent_columns": told.absent}
        return Reply(one_answer(predictions, active, manner, message.id, about))


class InferRow(Infer):
    """The dialect of requests of one row whose layout is known, and which are answered in one manner.

    A body is a ``Row``. Its id is not in the answer: whoever sends the answer puts it there.
    """

    def __init__(self, manner: Manner, read: Callable[[bytes], Any]) -> None:
        self._manner = manner
        self._read = read

    def decode(self, body: Any, active: Active) -> Call:
        names = _names(body.layout, active)
        if len(names) != len(body.values):
            return InferMessage(self._read(body.message)).decode(body, active)
        return Call(active.pipeline.decoder.table(names, [body.values]))

    def decode_many(self, bodies: Sequence[Row], active: Active) -> tuple[Rows, Sequence[int]] | None:
        """See ``InBulk``."""
        layout = bodies[0].layout
        names = _names(layout, active)
        if len(names) < len(active.pipeline.schema.names) or len(names) != len(bodies[0].values):
            return None
        if any(body.layout is not layout and body.layout.names != layout.names for body in bodies):
            return None
        try:
            decoded = active.pipeline.decoder.table(names, [body.values for body in bodies])
        except SchemaMismatch:
            return None
        if decoded.ignored or decoded.absent:
            return None
        return decoded.rows, [1] * len(bodies)

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        about = {"ignored_columns": call.decoded.ignored, "absent_columns": call.decoded.absent}
        return Reply(one_answer(predictions, active, self._manner, "", about))

    def encode_many(self, predictions: Predictions, sizes: Sequence[int], active: Active) -> list[Reply | Exception]:
        """See ``InBulk``."""
        try:
            answers = row_answers(predictions, active, self._manner)
            if answers is None:
                parts = predictions.split(sizes)
                answers = [one_answer(part, active, self._manner, "", {}) for part in parts]
        except BadRequest as error:  # there is no such output
            return [error] * len(sizes)
        return list(map(Reply, answers))


def _names(layout: Layout, active: Active) -> Sequence[str]:
    """Return the columns of a row: its tensors, or all columns where one tensor, which is none of them, has all."""
    names = active.pipeline.schema.names
    return names if layout.is_matrix and layout.names[0] not in names else layout.names


def _typed(name: str, datatype: str, contents: Any) -> Values:
    member = CONTENTS.get(datatype)
    if member is None:
        raise BadRequest(f"tensor `{name}`: {datatype} has no typed contents", hint="send it raw")
    values = getattr(contents, member)
    if datatype == "BYTES":
        return texts(name, values)
    return np.array(values, _ARRAYS[datatype]) if len(values) >= N_MANY_ROWS else list(values)


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, parameter in parameters.items():
        chosen = parameter.WhichOneof("parameter_choice")
        found[name] = getattr(parameter, chosen) if chosen else None
    return found
