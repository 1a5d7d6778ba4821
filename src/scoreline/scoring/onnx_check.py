"""Does an ONNX graph stand alone? Asked of its bytes, before onnxruntime opens them.

ONNX lets a tensor live in another file and a node come from a library of its own. Neither may be in a scoring pipeline.
The walk below reads protobuf's wire format only as far as it must; field numbers are those of ``onnx.proto``.
"""

from __future__ import annotations

import re

from scoreline.core.errors import ArtifactRefused

STANDARD_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
DEEPEST = 32
"""Graphs within graphs."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
PACKED_AWAY = re.compile(rb"(?:\x3d.{4})+|(?:\x40[\x80-\xff]{0,9}[\x00-\x7f])+", re.DOTALL)
"""Runs of AttributeProto ``floats`` (7) and ``ints`` (8): the numbers of a tree ensemble, skipped at the speed of C."""

CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
DOMAIN = {"opset": 1, "node": 7, "function": 10}
EXTERNAL_DATA, DATA_LOCATION = 13, 14


def check_self_contained(onnx_bytes: bytes) -> None:
    """Check that every tensor and every operator is in the graph or in the ONNX standard.

    Raises:
        ArtifactRefused: the bytes are not ONNX, keep data in another file, or use operators from elsewhere.
    """
    try:
        _walk(memoryview(onnx_bytes), "model", 0)
    except (IndexError, ValueError, UnicodeDecodeError):
        raise ArtifactRefused("pipeline.onnx is not an ONNX graph, or is cut off") from None


def _walk(message: memoryview, kind: str, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("too deep")
    children, domain = CHILDREN.get(kind, {}), DOMAIN.get(kind)
    at, end = 0, len(message)
    while at < end:
        if kind == "attribute" and (skipped := PACKED_AWAY.match(message, at)):
            at = skipped.end()
            continue
        key, at = _varint(message, at)
        field, wire = key >> 3, key & 7
        if wire != BYTES:
            at = _skip(message, at, wire)
            if kind == "tensor" and field == DATA_LOCATION and message[at - 1] != 0:
                raise ArtifactRefused(
                    "pipeline.onnx keeps data in another file", hint="save the graph with its data inside"
                )
            continue
        size, at = _varint(message, at)
        body = message[at : at + size]
        at += size
        if at > end:
            raise ValueError("cut off")
        if field == domain and str(body, "utf-8") not in STANDARD_DOMAINS:
            raise ArtifactRefused(
                f"pipeline.onnx uses operators of `{str(body, 'utf-8')[:60]}`",
                hint=f"only those of the ONNX standard ({', '.join(sorted(STANDARD_DOMAINS - {''}))}) run everywhere",
            )
        if kind == "tensor" and field == EXTERNAL_DATA:
            raise ArtifactRefused(
                "pipeline.onnx keeps data in another file", hint="save the graph with its data inside"
            )
        if field in children:
            _walk(body, children[field], depth + 1)


def _external() -> ArtifactRefused:
    return ArtifactRefused("pipeline.onnx keeps data in another file", hint="save the graph with its data inside")


def _skip(message: memoryview, at: int, wire: int) -> int:
    if wire == VARINT:
        return _varint(message, at)[1]
    if wire == FIXED64:
        return at + 8
    if wire == FIXED32:
        return at + 4
    raise ValueError("not protobuf")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("not protobuf")
