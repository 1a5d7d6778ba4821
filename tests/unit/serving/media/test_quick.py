"""Which bodies may be answered on the event loop: those of few rows, which are told without reading them."""

from __future__ import annotations

import io
from collections.abc import Callable

import msgspec
import polars as pl
import pyarrow as pa
import pytest

from scoreline.data.translation import translate
from scoreline.serving.media import media
from scoreline.serving.media.medium import FEW_ROWS

MEDIA = media(translate)


def stream(n: int, **options: str) -> bytes:
    table = pa.table({"age": pa.nulls(n)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as written:
        written.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def views(n: int) -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"purpose": ["a text longer than its view"] * n}).cast(pl.Categorical).write_ipc_stream(file)
    return file.getvalue()


WRITERS: list[tuple[str, Callable[[int], bytes]]] = [
    ("msgpack", lambda n: msgspec.msgpack.encode([{}] * n)),
    ("msgpack", lambda n: msgspec.msgpack.encode({"fields": ["age"], "rows": [[None]] * n})),
    ("csv", lambda n: b"age\n" + b"1\n" * (n - 1)),
    ("csv", lambda n: b"age\r\n" + b"1\r\n" * (n - 1)),
    ("csv-without-header", lambda n: b"1\r" * n),
    ("arrow", stream),
    ("arrow", views),
]


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_few_rows_are_told_from_many_however_small_they_are(name: str, write: Callable[[int], bytes]) -> None:
    assert MEDIA[name].is_quick(write(FEW_ROWS))
    assert not MEDIA[name].is_quick(write(FEW_ROWS + 1))


@pytest.mark.parametrize(("name", "write"), WRITERS)
def test_the_glance_survives_damaged_bytes(name: str, write: Callable[[int], bytes]) -> None:
    whole = write(30)
    for end in range(len(whole)):
        assert MEDIA[name].is_quick(whole[:end])
    for at in range(min(len(whole), 400)):
        assert MEDIA[name].is_quick(whole[:at] + b"\xff" + whole[at + 1 :]) in (True, False)


def test_what_another_process_reads_or_writes_is_never_quick() -> None:
    assert not MEDIA["parquet"].is_quick(b"")
    assert not MEDIA["parquet"].is_quick_to_write
    table = pa.table({"age": pa.array([1.5] * 10)})
    for how in ("lz4", "zstd"):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=how)) as written:
            written.write_table(table)
        assert not MEDIA["arrow"].is_quick(sink.getvalue().to_pybytes())


def test_many_small_record_batches_are_not_quick() -> None:
    table = pa.table({"age": pa.array([1.5] * 100)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as written:
        written.write_table(table, max_chunksize=1)
    assert not MEDIA["arrow"].is_quick(sink.getvalue().to_pybytes())
