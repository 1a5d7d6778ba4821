"""ModelInfer as a dialect: tensors of a message in, tensors of a message out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from google.protobuf.message import DecodeError

from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import Call, Refusal, Reply
from scoreline.serving.protocols.oip.datatypes import DATATYPES, DTYPES, Values, pack, texts, unpack
from scoreline.serving.protocols.oip.outputs import choose, shape
from scoreline.serving.protocols.oip.tensors import N_MANY_ROWS, Given, decode
from scoreline.web.grpc.messages import Method

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


class Inferring:
    """Reads the messages."""

    def __init__(self, method: Method) -> None:
        self._read = method.request.FromString
        self._response = method.response

    def read(self, data: bytes) -> Infer:
        """Return the dialect of the request that is in a message. Raises BadRequest."""
        try:
            message = self._read(data)
        except DecodeError as error:
            raise BadRequest(f"the message is no ModelInferRequest: {error}", hint="see open_inference.proto") from None
        return Infer(message, self._response)


class Infer:
    """The dialect of one request, which is a message already."""

    name = NAME
    prefixes: tuple[str, ...] = ()
    score_path = ""
    views: Mapping[str, Callable[[Active], Reply]] = {}
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ()

    def __init__(self, message: Any, response: Callable[..., Any]) -> None:
        self._message = message
        self._response = response
        self.model_name: str = message.model_name
        self.model_version: str = message.model_version

    def decode(self, body: bytes, active: Active) -> Call:
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
        asked = self._message
        answer = self._response(model_name=active.name, model_version=str(active.version), id=asked.id)
        for output in choose(predictions, [wanted.name for wanted in asked.outputs]):
            values = output.values(predictions)
            told = answer.outputs.add(name=output.name, datatype=output.datatype, shape=shape(output, predictions))
            if asked.raw_input_contents:
                answer.raw_output_contents.append(pack(output.datatype, values))
            else:
                flat = values.ravel().tolist() if isinstance(values, np.ndarray) else [text.encode() for text in values]
                getattr(told.contents, CONTENTS[output.datatype]).extend(flat)
        for name, columns in (("ignored_columns", call.decoded.ignored), ("absent_columns", call.decoded.absent)):
            if columns:
                answer.parameters[name].string_param = msgspec.json.encode(columns).decode()
        return Reply(answer.SerializeToString())

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return str(error).encode()


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
