"""Bytes that are not what they say: the caller's error, whatever they are, and never anything else."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoreline.app.translator import Translator
from scoreline.core.errors import ScorelineError
from scoreline.core.extensions import Extensions
from scoreline.serving.active import Active
from scoreline.serving.media import media
from scoreline.serving.media.medium import Medium

FRAME = pl.DataFrame(
    {
        "age": [1.5, None, 3.25, 4.0],
        "owns": [True, None, False, True],
        "since": pl.Series([0, None, 86_400_000_000, 1], dtype=pl.Datetime("us", "UTC")),
        "purpose": ["car", None, "a purpose that is longer than a view", "radio"],
        "code": [1, None, 3, 4],
        "other": [[1], [], None, [2, 3]],
    }
)
CATEGORIES = FRAME.with_columns(pl.col("purpose").cast(pl.Categorical), pl.col("code").cast(pl.String))


def arrow_of(frame: pl.DataFrame, **options: str) -> bytes:
    table = frame.to_arrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as stream:
        stream.write_table(table, max_chunksize=3)
    return bytes(sink.getvalue().to_pybytes())


def views_of(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_ipc_stream(file)
    return file.getvalue()


def parquet_of(frame: pl.DataFrame, **options: str | bool) -> bytes:
    file = io.BytesIO()
    pq.write_table(frame.to_arrow(), file, **options)
    return file.getvalue()


def npy_of(array: npt.NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


WHOLE: dict[str, list[bytes]] = {
    "msgpack": [
        msgspec.msgpack.encode({"rows": FRAME.drop("other").to_dicts()}),
        msgspec.msgpack.encode({"fields": ["age", "purpose"], "rows": [[1, "car"], [None, "radio"]]}),
        msgspec.msgpack.encode({"age": 1}),
    ],
    "csv": [FRAME.drop("other").write_csv().encode(), b'age,purpose\n1,"a ""b"""\n2, "c"\n'],
    "csv-without-header": [FRAME.drop("other").write_csv(include_header=False, quote_style="always").encode()],
    "csv-of-any-kind": [
        FRAME.drop("other").write_csv().encode(),
        FRAME.drop("other").write_csv(include_header=False).encode(),
    ],
    "json-lines": [
        FRAME.drop("other").write_ndjson().encode(),
        b'[1.5, true, null, "car", "3"]\n[2, 0, 86400, "", null]',
        b'{"features": [1, 2, 3, 4, 5]}\n',
    ],
    "npy": [npy_of(np.ones((3, 5))), npy_of(np.array([["1", "true", "", "car", "3"]] * 2, order="F"))],
    "arrow": [arrow_of(FRAME), arrow_of(CATEGORIES), views_of(FRAME), views_of(CATEGORIES)],
    "parquet": [parquet_of(FRAME), parquet_of(CATEGORIES, compression="zstd"), parquet_of(FRAME, use_dictionary=False)],
    "compressed arrow": [arrow_of(FRAME, compression="lz4"), arrow_of(CATEGORIES, compression="zstd")],
}


@pytest.fixture(scope="module")
def spoken() -> Iterator[Extensions[Medium]]:
    translator = Translator()
    yield media(translator)
    translator.close()


@st.composite
def damaged(draw: Callable[[st.SearchStrategy[bytes]], bytes], name: str) -> bytes:
    """A whole body with some places overwritten, cut short, or other bytes altogether."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    body = bytearray(draw(st.sampled_from(WHOLE[name])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body) - 1))
        body[at : at + 8] = draw(
            st.sampled_from([b"", b"\xff", b"\0", b"\x7f\xff\xff\xff", b"\xff" * 8]) | st.binary(max_size=8)
        )
        if not body:
            return b""
    return bytes(body[: draw(st.integers(len(body) // 2, len(body)))] if draw(st.booleans()) else body)


def is_read_or_refused(medium: Medium, body: bytes, active: Active) -> None:
    error = None
    try:
        active.pipeline.score_decoded(medium.read(body, active))
    except ScorelineError as raised:
        error = raised
    assert error is None or (error.kind == "invalid" and error.message)


quick = [name for name in WHOLE if "parquet" not in name and "compressed" not in name]
fuzz = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.mark.parametrize("name", quick)
@settings(fuzz, max_examples=300)
@given(data=st.data())
def test_damaged_bytes_are_the_callers_error(
    name: str, spoken: Extensions[Medium], active: Active, data: st.DataObject
) -> None:
    is_read_or_refused(spoken[name], data.draw(damaged(name)), active)


@pytest.mark.parametrize("name", ["parquet", "compressed arrow"])
@settings(fuzz, max_examples=60)
@given(data=st.data())
def test_damaged_bytes_that_another_process_reads_are_the_callers_error(
    name: str, spoken: Extensions[Medium], active: Active, data: st.DataObject
) -> None:
    is_read_or_refused(spoken[name.removeprefix("compressed ")], data.draw(damaged(name)), active)


@pytest.mark.parametrize(
    "body",
    [
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdd\x0f\xff\xff\xff" * 50,
        b"\x91" * 100_000,
        b"\x81\x80\x02",
        b"\x81\xc0\x01",
        b"\x82\xa4rows\x91\x80\xc0\x01",
        b"\x81\xa3age\xd6\xff\0\0\0\0",
        b"\x81\xa3age\xd4\x05\x01",
        b"\x81\xa3age\xc4\x01x",
        b"\x01\x01",
        b"\xa1\xff",
        b"\x93\x01\x02\x03",
        b"\x91\xc4\x01x",
    ],
)
def test_strange_msgpack_is_the_callers_error(spoken: Extensions[Medium], active: Active, body: bytes) -> None:
    with pytest.raises(ScorelineError) as refused:
        spoken["msgpack"].read(body, active)
    assert refused.value.kind == "invalid"


def test_columns_named_by_no_text_are_the_callers_error(spoken: Extensions[Medium], active: Active) -> None:
    for name in (1, None, 1.5, True, b"age"):
        with pytest.raises(ScorelineError, match="name"):
            spoken["msgpack"].read(msgspec.msgpack.encode([{"age": 1, name: 2}]), active)
