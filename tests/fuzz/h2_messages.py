"""What callers of gRPC should not send, and what they may: frames, header blocks, messages."""

from __future__ import annotations

import gzip
import struct
from typing import Any

from hypothesis import strategies as st
from tests.fuzz.h2_frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INFER,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WITH_PRIORITY,
    call,
    credit,
    field,
    frame,
    head,
    message,
    settings,
)

from scoreline.web.grpc.messages import Messages

_infer = Messages().methods["ModelInfer"]
TENSORS = (("age", "FP64", "fp64_contents", 42.0), ("amount", "FP64", "fp64_contents", 1500.5))
BOMB = gzip.compress(bytes(50_000_000), 9)
"""50 kB that want to be 50 MB."""


def good_message(name: str = "credit", n_rows: int = 1, *, raw: bool = False) -> bytes:
    """Return a ModelInferRequest that scores."""
    request = _infer.request(model_name=name)
    for column, datatype, contents, value in TENSORS:
        tensor = request.inputs.add(name=column, datatype=datatype, shape=[n_rows])
        if raw:
            request.raw_input_contents.append(struct.pack("<d", value) * n_rows)
        else:
            getattr(tensor.contents, contents).extend([value] * n_rows)
    text = request.inputs.add(name="purpose", datatype="BYTES", shape=[n_rows])
    if raw:
        request.raw_input_contents.append((struct.pack("<I", 5) + b"radio") * n_rows)
    else:
        text.contents.bytes_contents.extend([b"radio"] * n_rows)
    encoded: bytes = request.SerializeToString()
    return encoded


def scores(answer: bytes) -> Any:
    """Read a ModelInferResponse behind its prefix."""
    return _infer.response.FromString(answer[5:])


GOOD = good_message()
GOOD_MESSAGES = [GOOD, good_message(raw=True), good_message(n_rows=3), good_message("price")]
STREAMS = [1, 1, 1, 3, 3, 5, 7, 9, 0, 2, 4, 2**31 - 1, 2**31 + 1, 2**32 - 1]
KINDS = [*range(10), 10, 16, 77, 255]
CODES = st.integers(0, 14) | st.just(2**32 - 1)
_any_credit = st.sampled_from([0, 1, 9, 65_535, 2**31 - 1, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)
_settings = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 3, 4, 4, 4, 5, 6, 8, 0xFFFF]),
        st.sampled_from([0, 1, 2, 100, 4096, 16_383, 16_384, 65_535, 2**24 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1]),
    ),
    max_size=4,
)
PATHS = [
    *[INFER] * 4,
    b"/inference.GRPCInferenceService/ModelMetadata",
    b"/inference.GRPCInferenceService/ServerReady",
    b"/inference.GRPCInferenceService/RepositoryIndex",
    b"/inference.GRPCInferenceService/None",
    b"/grpc.health.v1.Health/Check",
    b"/grpc.health.v1.Health/Watch",
    b"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    b"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    b"/api/v1/deployments/credit/score",
    b"/",
    b"*",
    b"",
    b"/\xff\x00",
    b"/" + b"a" * 3000,
]
TIMEOUTS = [b"1S", b"1H", b"99999999H", b"0m", b"0n", b"1n", b"", b"-1S", b"1", b"S", b"123456789S", b"1.5S", b"1s"]
TIMEOUTS += [b"\xd9\xa1S", b"1 S", b"1S1S", b"00000001S", b" 1S"]
MORE = [
    *((b"grpc-timeout", timeout) for timeout in TIMEOUTS),
    *((b"grpc-encoding", encoding) for encoding in (b"gzip", b"gzip", b"identity", b"deflate", b"br", b"\xff", b"")),
    *((b"content-length", length) for length in (b"0", b"5", b"-1", b"9" * 30, b"5, 5", b"\xb2", b"+5", b"")),
    *((b"content-type", kind) for kind in (b"application/grpc+json", b"text/html", b"", b"application/grpcx")),
    (b"authorization", b"Bearer \xff"),
    (b"authorization", b"Basic ==="),
    (b"x-request-id", b"a b"),
    (b"x-request-id", b"\x01"),
    (b"x-scoreline-routing-key", b"k" * 5000),
    (b"x-scoreline-space", b"\xff"),
    (b"traceparent", b"00-zz"),
    (b"te", b"gzip"),
    (b"connection", b"close"),
    (b"transfer-encoding", b"chunked"),
    (b"Upper", b"case"),
    (b"x-nul", b"\0"),
    (b"x-line", b"a\r\nb: c"),
    (b"", b"nameless"),
    (b"x y", b"space"),
    (b":path", b"/again"),
    (b":status", b"200"),
    (b":strange", b"1"),
    (b"x-bin", b"\xff" * 300),
    (b"cookie", b"a=" + b"b" * 9000),
    (b"x-large", b"y" * 17_000),
]


@st.composite
def _damaged(draw: st.DrawFn, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(changed)))
        changed[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4) | st.sampled_from([b"\xff" * 9]))
    return bytes(changed[: draw(st.integers(0, len(changed)))] if draw(st.integers(0, 5)) == 0 else changed)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, bool]:
    """Write what stands in DATA, right and wrong; and whether its headers should say that it is packed."""
    inner = draw(st.sampled_from(GOOD_MESSAGES))
    if draw(st.integers(0, 2)) == 0:
        inner = draw(_damaged(inner) | st.binary())
    way = draw(st.sampled_from(["plain"] * 8 + ["gzip", "gzip", "bomb", "cut", "twice", "lie", "flag", "raw", "none"]))
    packed = gzip.compress(inner, 1)
    if way in ("gzip", "bomb", "cut"):
        return message({"gzip": packed, "bomb": BOMB, "cut": packed[:-5]}[way], packed=1), True
    if way == "twice":
        return message(inner) * 2, False
    if way == "lie":
        return message(inner, length=draw(st.sampled_from([0, 1, 2**31, 2**32 - 1, len(inner) + 1]))), False
    if way == "flag":
        return message(inner, packed=draw(st.integers(0, 255))), False
    return inner if way == "raw" else b"" if way == "none" else message(inner), False


@st.composite
def blocks(draw: st.DrawFn) -> bytes:
    """Write a header block: of a call, with something wrong perhaps, or none at all."""
    if draw(st.integers(0, 15)) == 0:
        return draw(
            st.binary(max_size=60)
            | st.sampled_from(
                [b"", b"\x80", b"\xff" * 20, b"\x20", b"\x3f\xff\xff\xff\xff\x0f", b"\xbe", b"\x82" * 3000]
            )
            | st.sampled_from(
                [b"\x00\x85\xff\xff\xff\xff\xff\x00", b"\x7f\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x20" * 900]
            )
        )
    more = draw(st.lists(st.sampled_from(MORE), max_size=2))
    pseudo = {"path": draw(st.sampled_from(PATHS))}
    if draw(st.integers(0, 5)) == 0:
        name = draw(st.sampled_from(["method", "scheme", "authority"]))
        pseudo[name] = draw(st.sampled_from([b"", b"GET", b"CONNECT", b"https", b"\0", b"a" * 500]))
    block = head(*more, **pseudo)
    if draw(st.integers(0, 7)) == 0:  # into HPACK's table, and out of it
        block += draw(st.sampled_from([b"\x40\x01a\x01b", b"\xbe", b"\x3e", b"\x40" + field(b"b", b"c" * 3000)[1:]]))
    return draw(_damaged(block)) if draw(st.integers(0, 9)) == 0 else block


@st.composite
def _calls(draw: st.DrawFn, stream: int) -> bytes:
    """Write a call, in one piece or in several."""
    body, packed = draw(bodies())
    right = head(*([(b"grpc-encoding", b"gzip")] if packed else []))
    block = draw(blocks()) if draw(st.integers(0, 3)) == 0 else right
    if draw(st.booleans()):
        return call(stream, body, block)
    cut, flags = draw(st.integers(0, len(block))), draw(st.sampled_from([0] * 6 + [END_STREAM, PADDED, WITH_PRIORITY]))
    begun = frame(HEADERS, flags, stream, block[:cut]) + frame(CONTINUATION, END_HEADERS, stream, block[cut:])
    if draw(st.integers(0, 4)) == 0:
        begun = frame(HEADERS, flags | END_HEADERS, stream, block)
    size = draw(st.integers(1, max(1, min(len(body), 16_384))))
    parts = [frame(DATA, 0, stream, body[i : i + size]) for i in range(0, len(body), size)][:50]
    ends = [frame(DATA, END_STREAM, stream), frame(HEADERS, END_HEADERS | END_STREAM, stream, field(b"x-a", b"b")), b""]
    ends += [frame(RST_STREAM, 0, stream, struct.pack(">I", 8)), frame(HEADERS, END_HEADERS, stream, head())]
    between = draw(st.sampled_from([b""] * 8 + [credit(stream, 1), frame(PING, 0, 0, bytes(8)), settings((4, 0))]))
    return begun + between.join(parts) + draw(st.sampled_from([ends[0]] * 3 + ends))


_harmless = st.one_of(
    st.binary(min_size=8, max_size=8).map(lambda payload: frame(PING, 0, 0, payload)),
    st.just(frame(SETTINGS, 1)),
    st.sampled_from(STREAMS[:8]).map(lambda stream: frame(PRIORITY, 0, stream, bytes(5))),
    st.sampled_from([0, 1, 9, 65_535, 2**30]).map(lambda n: credit(0, n)),
    st.sampled_from([(4, 0), (4, 5), (4, 2**31 - 1), (1, 0), (5, 2**24 - 1), (0xFFFF, 7)]).map(settings),
    st.integers(10, 255).map(lambda kind: frame(kind, 0xFF, 1, b"of another protocol")),
)
_wrong = st.one_of(
    _settings.map(lambda pairs: settings(*pairs)),
    st.tuples(st.sampled_from(STREAMS), _any_credit).map(lambda pair: credit(*pair)),
    st.tuples(st.sampled_from(STREAMS), CODES).map(lambda p: frame(RST_STREAM, 0, p[0], struct.pack(">I", p[1]))),
    CODES.map(lambda code: frame(GOAWAY, 0, 0, struct.pack(">II", 0, code))),
    st.just(frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4) + head())),
)
_anything = st.builds(
    frame,
    kind=st.sampled_from(KINDS),
    flags=st.sampled_from([0, 1, 4, 5, 8, 9, 0x20, 0x2D, 0xFF]) | st.integers(0, 255),
    stream=st.sampled_from(STREAMS),
    payload=st.binary(max_size=40) | blocks(),
    length=st.sampled_from([None] * 8 + [0, 4, 5, 8, 9, 16_384, 16_385, 2**24 - 1]),
)
BEGINS = [PREFACE + settings()] * 20 + [
    PREFACE + settings((4, 0)),
    PREFACE + settings((4, 1)),
    PREFACE + settings((4, 2**31 - 1)) + credit(0, 2**30),
    PREFACE + settings((1, 0)),
    PREFACE,
    PREFACE[:-1] + b"?",
]


@st.composite
def cut(draw: st.DrawFn, sent: bytes) -> list[bytes]:
    """Cut what is sent into packets."""
    places = sorted(draw(st.sets(st.integers(1, max(1, len(sent) - 1)), max_size=4)))
    return [part for part in map(sent.__getitem__, map(slice, [0, *places], [*places, len(sent)])) if part]


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """Write all that a caller sends on a connection, packet by packet."""
    sent, stream = draw(st.sampled_from(BEGINS)), 1
    for kind in draw(st.lists(st.integers(0, 19), min_size=1, max_size=8)):
        if kind < 12:
            sent += draw(_calls(stream if kind else draw(st.sampled_from(STREAMS))))
            stream += 2
        else:
            sent += draw(_harmless if kind < 17 else _wrong if kind < 19 else _anything)
    if draw(st.integers(0, 5)) == 0:
        sent = sent[: draw(st.integers(1, len(sent)))]
    return draw(cut(sent))


_asides = st.one_of(
    st.just(frame(PING, 0, 0, b"whatever")),
    st.just(settings((3, 100))),
    st.just(frame(PRIORITY, 0, 99, bytes(5))),
    st.just(frame(0xBB, 0xFF, 0, b"of another protocol")),
    st.just(credit(0, 1000)),
)


@st.composite
def honest(draw: st.DrawFn) -> tuple[list[bytes], dict[int, int]]:
    """Write calls as they should be, in pieces and among other frames; and how many rows each asks for."""
    rows: dict[int, int] = {}
    queues: list[list[bytes]] = []
    for number in range(draw(st.integers(1, 5))):
        stream, rows_here = 2 * number + 1, draw(st.integers(1, 4))
        rows[stream] = rows_here
        inner = good_message(n_rows=rows_here, raw=draw(st.booleans()))
        zipped = draw(st.booleans())
        body = message(gzip.compress(inner, 1), packed=1) if zipped else message(inner)
        block = head(*([(b"grpc-encoding", b"gzip")] if zipped else []))
        at = draw(st.integers(0, len(block)))
        pieces = [frame(HEADERS, 0, stream, block[:at]) + frame(CONTINUATION, END_HEADERS, stream, block[at:])]
        size = draw(st.integers(1, len(body)))
        for i in range(0, len(body), size)[:20] if len(body) // size < 20 else [0]:
            part = body[i : i + size] if len(body) // size < 20 else body
            pad = draw(st.sampled_from([0, 0, 7]))
            padded = bytes((pad,)) + part + bytes(pad) if pad else part
            pieces.append(frame(DATA, PADDED if pad else 0, stream, padded))
        queues.append([*pieces, frame(DATA, END_STREAM, stream)])
    sent = PREFACE + settings() + queues[0].pop(0)
    begun = 1
    while any(queues) or begun < len(queues):  # streams begin in the order of their numbers
        ready = [i for i in range(min(begun + 1, len(queues))) if queues[i]]
        chosen = draw(st.sampled_from(ready))
        begun = max(begun, chosen + 1)
        sent += queues[chosen].pop(0)
        if draw(st.integers(0, 3)) == 0:
            sent += draw(_asides)
    return draw(cut(sent)), rows
