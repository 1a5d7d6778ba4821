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

VARINT, BYTES = 0, 2
FIXED_BYTES = {1: 8, 5: 4}
NUMBER_RUN = re.compile(rb"(?:\x3d.{4})+|(?:\x40[\x80-\xff]{0,9}[\x00-\x7f])+", re.DOTALL)
"""AttributeProto ``floats`` (7) and ``ints`` (8): a tree ensemble has hundreds of thousands, skipped as one."""
STRING = 9 << 3 | BYTES
"""AttributeProto ``strings``."""

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
EXTERNAL_DATA, DATA_LOCATION, INSIDE = 13, 14, 0


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
        if kind == "attribute" and (past := _past_plain_values(message, at, end)) > at:
            at = past
            continue
        key, at = _varint(message, at)
        field, wire = key >> 3, key & 7
        if wire != BYTES:
            value, at = _plain_value(message, at, wire)
            if kind == "tensor" and field == DATA_LOCATION and value != INSIDE:
                raise _external()
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
            raise _external()
        if field in children:
            _walk(body, children[field], depth + 1)
    if at != end:
        raise ValueError("cut off")


def _past_plain_values(message: memoryview, at: int, end: int) -> int:
    numbers = NUMBER_RUN.match(message, at)
    if numbers is not None:
        return numbers.end()
    while at + 1 < end and message[at] == STRING and message[at + 1] < 0x80:
        at += 2 + message[at + 1]
    return at


def _external() -> ArtifactRefused:
    return ArtifactRefused("pipeline.onnx keeps data in another file", hint="save the graph with its data inside")


def _plain_value(message: memoryview, at: int, wire: int) -> tuple[int, int]:
    """Read a value that has no length before it; of a fixed one only the place after it."""
    if wire == VARINT:
        return _varint(message, at)
    if wire in FIXED_BYTES:
        return 0, at + FIXED_BYTES[wire]
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
