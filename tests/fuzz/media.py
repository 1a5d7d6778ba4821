"""Bodies in every medium and packing, whole and damaged."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from hypothesis import strategies as st
from tests.wire import request

ROWS: list[dict[str, Any]] = [
    {"age": 42.0, "amount": 1500.5, "purpose": "radio"},
    {"age": None, "amount": 300.0, "purpose": "car"},
]


def _arrow() -> bytes:
    table = pa.Table.from_pylist(ROWS)
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    return out.getvalue()


def _npy() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([["42", "1500.5", "radio"], ["", "300", "car"]]))
    return out.getvalue()


def _parquet(**options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), out, **options)
    return out.getvalue()


WHOLE = {
    "application/json": [msgspec.json.encode({"rows": ROWS})],
    "application/msgpack": [msgspec.msgpack.encode({"rows": ROWS}), msgspec.msgpack.encode(ROWS)],
    "text/csv": [b"age,amount,purpose\n42,1500.5,radio\n,300,car\n", b'"age";"purpose"\r\n"4""2";car\r\n'],
    "text/csv; header=absent": [b"42,1500.5,radio\n,300,car\n"],
    "application/jsonlines": [b"\n".join(map(msgspec.json.encode, ROWS)), b'{"features": [42, 1500.5, "radio"]}'],
    "application/x-npy": [_npy()],
    "application/vnd.apache.arrow.stream": [_arrow()],
    "application/vnd.apache.parquet": [_parquet(), _parquet(compression="none", use_dictionary=False)],
}
PACKINGS = {
    "": lambda body: body,
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
ACCEPTED = [*WHOLE, "", "*/*", "text/*;q=0.5, application/*", "image/png", "application/json;q=0, */*", ";;,q=é"]


@st.composite
def _damaged(draw: st.DrawFn, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 4]))):
        at = draw(st.integers(0, len(changed)))
        size = draw(st.integers(0, 4))
        changed[at : at + size] = draw(st.binary(max_size=4) | st.sampled_from([b"\xff" * 4, b"\x00" * 8, b"\xff" * 8]))
    return bytes(changed[: draw(st.integers(0, len(changed)))] if draw(st.integers(0, 9)) == 0 else changed)


@st.composite
def media_requests(draw: st.DrawFn) -> bytes:
    """Write one request with a body in some medium, in some packing, either of them damaged or called another."""
    written = draw(st.sampled_from(sorted(WHOLE)))
    body = draw(_damaged(draw(st.sampled_from(WHOLE[written]))))
    packed = draw(st.sampled_from(sorted(PACKINGS)))
    body = PACKINGS[packed](body)
    if draw(st.integers(0, 3)) == 0:
        body = draw(_damaged(body))
    told = written if draw(st.integers(0, 7)) else draw(st.sampled_from(sorted(WHOLE)))
    told_packed = packed if draw(st.integers(0, 7)) else draw(st.sampled_from(sorted(PACKINGS)))
    headers = [f"content-type: {told}", *([f"content-encoding: {told_packed}"] if told_packed else [])]
    if draw(st.booleans()):
        headers.append(f"accept: {draw(st.sampled_from(ACCEPTED))}")
    if draw(st.integers(0, 3)) == 0:
        headers.append(f"accept-encoding: {draw(st.sampled_from(['gzip', 'zstd, gzip', 'gzip;q=x', '*;q=0']))}")
    return request(None, *headers, body=body)
