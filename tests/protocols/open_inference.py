"""Callers of the Open Inference Protocol who send values as bytes: behind the JSON, and in messages of gRPC."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
import httpx
from tests.protocols.speakers import OpenInference, Row, Told, _table, _text

from scoreline.serving.errors import GRPC_CODE_OF_CODE, GRPC_CODE_OF_KIND, STATUS_OF_CODE, STATUS_OF_KIND
from scoreline.web.grpc.messages import SERVICE, Messages, Method

if TYPE_CHECKING:
    from tests.protocols.conftest import World

STATUS_OF_GRPC = {GRPC_CODE_OF_KIND[kind]: status for kind, status in STATUS_OF_KIND.items()} | {
    GRPC_CODE_OF_CODE[code]: STATUS_OF_CODE[code] for code in ("too_large",)
}
FORMATS = {"FP64": "d", "INT64": "q", "BOOL": "?"}
CONTENTS = {"FP64": "fp64_contents", "INT64": "int64_contents", "BOOL": "bool_contents", "BYTES": "bytes_contents"}


class Column(NamedTuple):
    """A column as a tensor has it: what is missing has another value, and is told beside it."""

    name: str
    datatype: str
    values: list[Any]
    nulls: str

    @property
    def raw(self) -> bytes:
        if self.datatype == "BYTES":
            return b"".join(struct.pack("<I", len(value)) + value for value in self.values)
        return struct.pack(f"<{len(self.values)}{FORMATS[self.datatype]}", *self.values)


def columns(rows: Sequence[Row]) -> list[Column]:
    fields, values = _table(rows).values()
    return [_column(field, [row[j] for row in values]) for j, field in enumerate(fields)]


def _column(name: str, values: list[Any]) -> Column:
    nulls = "".join("1" if value is None else "0" for value in values)
    types = {type(value) for value in values} - {type(None)}
    if types == {float}:
        return Column(name, "FP64", [0.0 if value is None else value for value in values], nulls)
    if types == {bool}:
        return Column(name, "BOOL", [value or False for value in values], nulls)
    if types == {int} and all(-(1 << 63) <= (value or 0) < 1 << 63 for value in values):
        return Column(name, "INT64", [value or 0 for value in values], nulls)
    return Column(name, "BYTES", [b"" if value is None else _text(value).encode() for value in values], nulls)


class OpenInferenceBinary(OpenInference):
    """Every value, and every answer, behind the JSON."""

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        found = columns(rows)
        inputs = [
            {
                "name": column.name,
                "shape": [len(rows)],
                "datatype": column.datatype,
                "parameters": {"binary_data_size": len(column.raw), "null_bitmap": column.nulls},
            }
            for column in found
        ]
        document = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
        return b"".join([struct.pack("<I", len(document)), document, *(column.raw for column in found)])

    def ask(self, world: World, body: bytes, name: str, headers: Mapping[str, str]) -> httpx.Response:
        said = {"inference-header-content-length": str(*struct.unpack("<I", body[:4])), **self.headers, **headers}
        return world.http.post(self.path.replace("{name}", name), content=body[4:], headers=said)

    def scores(self, body: bytes) -> list[list[float]]:
        document, end = json.JSONDecoder().raw_decode(body.decode("latin-1"))
        first = document["outputs"][0]
        size = first["parameters"]["binary_data_size"]
        return _rows(body[end : end + size], first["datatype"], first["shape"])


class OpenInferenceGrpc(OpenInference):
    """Values in messages, raw."""

    name = "oip_grpc"
    typed = False

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        message = _infer().request()
        for j, column in enumerate(columns(rows)):
            shape = [len(rows), 1] if j % 2 else [len(rows)]
            tensor = message.inputs.add(name=column.name, datatype=column.datatype, shape=shape)
            tensor.parameters["null_bitmap"].string_param = column.nulls
            if self.typed:
                getattr(tensor.contents, CONTENTS[column.datatype]).extend(column.values)
            else:
                message.raw_input_contents.append(column.raw)
        return message.SerializeToString()

    def ask(self, world: World, body: bytes, name: str, headers: Mapping[str, str]) -> httpx.Response:
        message = _infer().request.FromString(body)
        message.model_name = name
        method = _channel(world.grpc_address).unary_unary(f"/{SERVICE}/ModelInfer")
        try:
            answer, call = method.with_call(message.SerializeToString(), metadata=list(headers.items()))
        except grpc.RpcError as error:
            told, status = error.details().encode(), STATUS_OF_GRPC[error.code().name]
            return httpx.Response(status, headers=list(error.trailing_metadata()), content=told)
        return httpx.Response(200, headers=list(call.trailing_metadata()), content=answer)

    def scores(self, body: bytes) -> list[list[float]]:
        answer = _infer().response.FromString(body)
        first = answer.outputs[0]
        if answer.raw_output_contents:
            return _rows(answer.raw_output_contents[0], first.datatype, first.shape)
        values = list(first.contents.fp64_contents or first.contents.fp32_contents)
        return _folded(values, first.shape)

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told:
        parameters = _infer().response.FromString(body).parameters
        found = [parameters[f"{kind}_columns"].string_param for kind in ("ignored", "absent")]
        return Told(*(set(json.loads(text)) if text else set() for text in found))

    def message(self, body: bytes) -> str:
        return body.decode()


class OpenInferenceGrpcTyped(OpenInferenceGrpc):
    """Values in messages, in the members of their types."""

    typed = True


@cache
def _channel(address: str) -> grpc.Channel:
    """One for all requests, as callers have it."""
    return grpc.insecure_channel(address)


@cache
def _infer() -> Method:
    return Messages().methods["ModelInfer"]


def _rows(data: bytes, datatype: str, shape: Sequence[int]) -> list[list[float]]:
    kind = {"FP32": "f", "FP64": "d"}[datatype]
    return _folded(list(struct.unpack(f"<{len(data) // struct.calcsize(kind)}{kind}", data)), shape)


def _folded(values: list[float], shape: Sequence[int]) -> list[list[float]]:
    width = shape[1] if len(shape) == 2 else 1
    return [values[i : i + width] for i in range(0, len(values), width)]
