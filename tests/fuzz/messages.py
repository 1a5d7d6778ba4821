"""What the fuzzers send: requests that are nearly right, in every way that was ever somebody's bug."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.fuzz.documents import DOCUMENTS, GOOD_DOCUMENTS
from tests.wire import SCORE, request

H2O = "/model/score"
NATIVE_ROW = {"age": 42, "amount": 1500.5, "purpose": "radio"}
GOOD = [
    request(NATIVE_ROW, "x-request-id: a"),
    request({"rows": [NATIVE_ROW, NATIVE_ROW]}, "x-request-id: b"),
    request({"fields": ["age", "purpose"], "rows": [[42, "radio"]]}, "x-request-id: c", path=H2O),
    request(None, "transfer-encoding: chunked", "x-request-id: d", body=b'5\r\n{"age\r\n6\r\n": 31}\r\n0\r\n\r\n'),
    request(NATIVE_ROW, "expect: 100-continue", "x-request-id: e"),
    request(NATIVE_ROW, "connection: close", "x-request-id: f"),
    request(NATIVE_ROW, "x-request-id: g", version="1.0"),
    request({"age": "old"}, "x-request-id: h"),
    request(body=b"", method="GET", path="/health/live"),
    request(body=b"", method="GET", path="/deployments/credit/model/id"),
    request(body=b"", method="OPTIONS", path=SCORE),
]

METHODS = ["POST", "POST", "POST", "GET", "PUT", "OPTIONS", "post", "Post", "PRI", "CONNECT", "TRACE", "M-SEARCH"]
METHODS += ["", " ", "P\x00ST", "POST\t", "G" * 300, "É"]
TARGETS = [
    *[SCORE] * 6,
    *[H2O] * 2,
    SCORE + "/",
    SCORE + "//",
    SCORE + "?",
    SCORE + "?a=b#c",
    SCORE + "#fragment",
    SCORE.replace("credit", "cr%65dit"),
    SCORE.replace("credit", "credit%2F"),
    SCORE.replace("credit", "%00"),
    SCORE.replace("credit", "%ff%fe"),
    SCORE.replace("credit", "%E2%82%AC"),
    SCORE.replace("credit", "%zz"),
    SCORE.replace("credit", "%"),
    SCORE.replace("credit", "é"),
    SCORE.replace("credit", "cre dit"),
    SCORE.replace("credit", "none"),
    SCORE.replace("credit", ".."),
    SCORE.replace("credit", ""),
    SCORE.replace("api", "API"),
    SCORE.replace("/", "\\"),
    SCORE[1:],
    "/" + SCORE,
    "/." + SCORE,
    "/%2e%2e" + SCORE,
    "http://here" + SCORE,
    "http://here:99999" + SCORE,
    "https://user:word@here:80" + SCORE,
    "http://[::1]" + SCORE,
    "http://[" + SCORE,
    "HTTP:" + SCORE,
    "ftp://here" + SCORE,
    "here:80",
    "*",
    "/",
    "",
    "?",
    "//",
    "/\x00",
    "/\x7f",
    "/health/live",
    "/" + "a" * 3000,
    "/" + "%41" * 500,
]
VERSIONS = ["HTTP/1.1"] * 8 + [
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/1.2",
    "HTTP/1.12",
    "http/1.1",
    "HTTP/",
    "HTCPCP/1.0",
]
VERSIONS += ["", "HTTP/1.1 ", "HTTP/1.1\t", "HTTP/\x00.1", "RTSP/1.0", "ICE/1.0"]
ENDS = ["\r\n"] * 12 + ["\n", "\r", "\r\r\n", "\n\r", "\r\n ", "\x00\r\n", ""]
LENGTHS = ["0", "1", "-1", "+5", " 5 ", "5, 5", "5,6", "0x10", "1e3", "five", "", "9" * 30, "18446744073709551616"]
LENGTHS += [
    "4294967296",
    "\u0665",
    "5\x00",
    "00000000000000000000000005",
    "5 5",
    "5\t",
    "200001",
    "9223372036854775807",
]
ENCODINGS = [
    "chunked",
    "Chunked",
    "CHUNKED",
    " chunked",
    "chunked ",
    "xchunked",
    "gzip, chunked",
    "chunked, gzip",
    "identity",
]
ENCODINGS += [
    "chunked, chunked",
    "chunked, identity",
    '"chunked"',
    "chunked;q=1",
    "",
    "\x0bchunked",
    "chun\tked",
    "gzip",
]
LINES = [
    "host: here",
    "host:",
    "host: a\r\nhost: b",
    "content-type: application/json",
    "content-type: APPLICATION/JSON; charset=UTF-8",
    "content-type: application/json; charset=utf-7",
    "content-type: text/csv",
    "content-type: ",
    "content-type: é",
    "content-type: application/json\r\ncontent-type: text/csv",
    "content-encoding: identity",
    "content-encoding: br",
    "content-encoding: ",
    "accept: application/json",
    "accept: ;;;q=é",
    "accept-encoding: gzip;q=zero, *",
    "connection: close",
    "connection: keep-alive",
    "connection: Close, keep-alive",
    "connection: upgrade\r\nupgrade: websocket",
    "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA",
    "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    "connection: upgrade",
    "expect: 100-continue",
    "expect: 100-Continue",
    "expect: 200-ok",
    "x-request-id: given",
    "x-request-id: \x80\xff",
    "x-request-id: a\tb",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "traceparent: é",
    "x-folded: one\r\n two",
    "x-folded: one\r\n\ttwo",
    " x-first: folded",
    "x-space : before the colon",
    "x space: within",
    "no colon at all",
    ": no name",
    "x-nul: \x00",
    "x-return: \rhere",
    "x-control: \x01\x1b\x7f",
    "x-bytes: \xe9\xff",
    "x-empty:",
    "é: a name beyond ASCII",
    "x-long: " + "y" * 5000,
    "transfer-encoding: chunked\r\ncontent-length: 5",
    "content-length: 5\r\ntransfer-encoding: chunked",
    "transfer-encoding : chunked",
    "transfer-encoding\t: chunked",
    "transfer-encoding:\r\n chunked",
    "content-length: 5\r\ncontent-length: 5",
    "content-length: 5\r\ncontent-length: 6",
    "content-length : 5",
    "content_length: 5",
    "trailer: x-later",
    "te: trailers",
]
CHUNK_SIZES = [
    "{:x}",
    "{:X}",
    "0{:x}",
    "{:x};name=value",
    '{:x};name="a\\"b"',
    " {:x}",
    "{:x} ",
    "+{:x}",
    "-{:x}",
    "0x{:x}",
]
CHUNK_SIZES += [
    "{:x};",
    "{:x};;",
    "{:x}\t",
    "{:x}\x00",
    "{:x}g",
    "ffffffffffffffff",
    "fffffffffffffffff",
    "",
    "{:x};\n",
]


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> bytes:
    """Write a body in chunks, rightly or nearly so."""
    right = draw(st.integers(0, 3)) > 0
    out, rest = b"", body
    while rest:
        size = draw(st.integers(1, len(rest)))
        form = "{:x}" if right else draw(st.sampled_from(CHUNK_SIZES))
        end = "\r\n" if right else draw(st.sampled_from(ENDS))
        out += form.format(size).encode("latin-1") + b"\r\n" + rest[:size] + end.encode()
        rest = rest[size:]
    last = (
        "0\r\n\r\n"
        if right
        else draw(st.sampled_from(["0\r\n\r\n", "0\r\n", "", "00\r\n\r\n", "0\r\nx-later: 1\r\n\r\n"]))
    )
    return out + last.encode()


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Write one request: most parts right, each with a chance of being wrong."""
    content = draw(DOCUMENTS)
    lines = draw(st.lists(st.sampled_from(LINES), max_size=4))
    framing = draw(st.sampled_from(["right"] * 6 + ["chunked"] * 3 + ["length", "encoding", "both", "none"]))
    if framing == "right":
        lines.append(f"content-length: {len(content)}")
    if framing in ("length", "both"):
        lines.append("content-length:" + draw(st.sampled_from([" ", "", "  "])) + draw(st.sampled_from(LENGTHS)))
    if framing in ("encoding", "both"):
        lines.append("transfer-encoding: " + draw(st.sampled_from(ENCODINGS)))
    if framing == "chunked":
        lines.append("transfer-encoding: chunked")
    if framing in ("chunked", "encoding", "both"):
        content = draw(chunks(content))
    if draw(st.booleans()):
        lines = draw(st.permutations(lines))
    method, target, version = (draw(st.sampled_from(choices)) for choices in (METHODS, TARGETS, VERSIONS))
    end = draw(st.sampled_from(ENDS))
    head = " ".join(part for part in (method, target, version) if part is not None)
    text = "\r\n".join(["host: here", *lines])
    return f"{head}{end}{text}\r\n\r\n".encode("utf-8" if draw(st.booleans()) else "latin-1", "replace") + content


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Take good requests, one behind the other, and damage some bytes."""
    sent = bytearray(b"".join(draw(st.lists(st.sampled_from(GOOD), min_size=1, max_size=4))))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(sent)))
        kind = draw(st.sampled_from(["replace", "insert", "delete", "repeat", "break"]))
        size = draw(st.integers(1, 12))
        if kind == "delete":
            del sent[at : at + size]
        elif kind == "repeat":
            sent[at:at] = sent[at : at + size * 8]
        elif kind == "break":
            del sent[at:]
        else:
            noise = draw(st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from(TOKENS)))
            sent[at : at + (len(noise) if kind == "replace" else 0)] = noise
    return bytes(sent)


TOKENS = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\x00",
    b" ",
    b"\t",
    b":",
    b"HTTP/1.1",
    b"0\r\n\r\n",
    b"POST ",
    b"\xff\xfe",
    b"%00",
]
TOKENS += [
    b"content-length: 9\r\n",
    b"transfer-encoding: chunked\r\n",
    b"\r\n ",
    b'{"',
    b"}]",
    b"1e999",
    b"\\ud800",
    b"-",
    b"9" * 20,
]
GOOD_REQUESTS = st.sampled_from(GOOD)
STREAMS = st.one_of(
    requests(),
    damaged(),
    st.lists(st.one_of(GOOD_REQUESTS, requests()), min_size=2, max_size=4).map(b"".join),
    st.binary(max_size=60),
)


@st.composite
def packets(draw: st.DrawFn, streams: st.SearchStrategy[bytes] = STREAMS) -> list[bytes]:
    """Cut a stream into the packets in which it comes."""
    sent = draw(streams)
    if len(sent) < 2:
        return [sent]
    cuts = sorted(draw(st.sets(st.integers(1, len(sent) - 1), max_size=6)))
    return [sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]


@st.composite
def well_framed(draw: st.DrawFn) -> bytes:
    """Write requests whose HTTP is right, whatever their bodies hold."""
    bodies = draw(st.lists(st.one_of(DOCUMENTS, GOOD_DOCUMENTS), min_size=1, max_size=3))
    paths = [draw(st.sampled_from([SCORE, SCORE, H2O, SCORE.replace("credit", "price")])) for _ in bodies]
    return b"".join(
        request(body=body, path=path)
        if draw(st.booleans())
        else request(None, "expect: 100-continue", body=body, path=path)
        for body, path in zip(bodies, paths, strict=True)
    )
