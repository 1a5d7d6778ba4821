"""What Arrow may hold, and what it may not."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from scoreline.core.errors import BadRequest, SchemaMismatch, TooLarge
from scoreline.core.translation import ToTranslate, Translated
from scoreline.data.translation import translate
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media.arrow import Arrow
from scoreline.serving.media.ipc.writing import END
from scoreline.serving.media.medium import N_CELLS, TEXT_BYTES


def stream(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as written:
        written.write_table(table)
    return sink.getvalue().to_pybytes()


def read(active: Active, columns: dict[str, Any]) -> Decoded:
    return Arrow(translate).read(stream(pa.table(columns)), active)


def numbers(active: Active, values: Any, column: str = "age") -> list[float]:
    names = [found.name for found in active.pipeline.schema.numbers]
    found: list[float] = read(active, {column: values}).rows.numbers[:, names.index(column)].tolist()
    return found


def texts(active: Active, values: Any, column: str = "purpose") -> list[str]:
    names = [found.name for found in active.pipeline.schema.texts]
    found: list[str] = read(active, {column: values}).rows.texts[:, names.index(column)].tolist()
    return found


def same(found: list[float], expected: list[float]) -> bool:
    return np.array_equal(np.array(found), np.array(expected), equal_nan=True)


@pytest.mark.parametrize(
    "type_",
    [
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.float16(), pa.float32(), pa.float64(), pa.decimal128(30, 3), pa.decimal256(50, 7)),
        *(pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.float64())),
        pa.dictionary(pa.uint16(), pa.large_string()),
    ],
    ids=str,
)
def test_numbers_of_every_type_are_numbers_and_codes(active: Active, type_: pa.DataType) -> None:
    base = type_.value_type if pa.types.is_dictionary(type_) else type_
    plain = pa.array(["7", None, "3"]) if "string" in str(base) else pa.array([7, None, 3])
    values = plain.cast(base)
    values = values.dictionary_encode().cast(type_) if base != type_ else values
    assert same(numbers(active, values), [7.0, np.nan, 3.0])
    assert texts(active, values, "code") == ["7", "", "3"]


def test_nulls_of_no_type_are_missing(active: Active) -> None:
    assert same(numbers(active, pa.nulls(2)), [np.nan, np.nan])
    assert texts(active, pa.nulls(2)) == ["", ""]


def test_decimals_are_the_nearest_float(active: Active) -> None:
    value = Decimal("1234567890123456789012345678.0123456789")
    assert numbers(active, pa.array([value], pa.decimal128(38, 10))) == [float(value)]


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        (pa.array([date(1970, 1, 2), None, date(1969, 12, 31)], pa.date32()), [86400.0, np.nan, -86400.0]),
        (pa.array([date(1970, 1, 2), None, date(1969, 12, 31)], pa.date64()), [86400.0, np.nan, -86400.0]),
        (pa.array([1500, None, -1500], pa.timestamp("ms")), [1.5, np.nan, -1.5]),
        (pa.array([1500000001, None, -(10**9)], pa.timestamp("ns", "Asia/Kolkata")), [1.5, np.nan, -1.0]),
        (pa.array(["1970-01-02", None, "86400"]), [86400.0, np.nan, 86400.0]),
        (pa.array([86400, None, 0.5]), [86400.0, np.nan, 0.5]),
    ],
    ids=["days", "milliseconds of days", "milliseconds", "nanoseconds in a zone", "texts", "numbers"],
)
def test_moments_of_every_type_are_seconds(active: Active, values: pa.Array, seconds: list[float]) -> None:
    assert same(numbers(active, values, "since"), seconds)


def test_durations_are_seconds_and_times_of_day_texts_as_in_a_file(active: Active) -> None:
    assert numbers(active, pa.array([timedelta(seconds=90.5)], pa.duration("us"))) == [90.5]
    assert texts(active, pa.array([time(14, 30, 5)], pa.time64("ns"))) == ["14:30:05"]


@pytest.mark.parametrize("zone", ["Europe/Paris", "+05:30", "-01:00", "Nowhere/Atall", "+99:99"])
def test_a_moment_is_a_category_as_its_text(active: Active, zone: str) -> None:
    offset = {"Europe/Paris": "+02:00", "+05:30": "+05:30", "-01:00": "-01:00"}.get(zone, "+00:00")
    [text] = texts(active, pa.array([datetime(2024, 5, 31, 12)], pa.timestamp("us", zone)))  # noqa: DTZ001
    assert text.endswith(offset)
    assert datetime.fromisoformat(text).timestamp() == 1717156800


def test_a_moment_beyond_the_calendar_is_the_callers_error(active: Active) -> None:
    for values in (pa.array([1 << 62], pa.timestamp("s")), pa.array([(1 << 31) - 1], pa.date32())):
        with pytest.raises(SchemaMismatch, match="row 1, column `purpose`"):
            read(active, {"purpose": values})


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1]]),
        pa.array([{"a": 1}]),
        pa.array([b"x"]),
        pa.array([[1]], pa.list_(pa.int8(), 1)),
        pa.array([b"xy"], pa.binary(2)),
    ],
    ids=lambda values: str(values.type),
)
def test_a_column_of_no_plain_values_is_refused_where_it_is_needed_and_skipped_where_not(
    active: Active, values: pa.Array
) -> None:
    with pytest.raises(SchemaMismatch, match="column `age`") as refused:
        read(active, {"age": values})
    assert refused.value.column == "age"
    decoded = read(active, {"other": values, "age": pa.array([3])})
    assert decoded.rows.numbers[0, 0] == 3.0
    assert decoded.ignored == ("other",)
    assert decoded.absent == ("owns", "since", "purpose", "code")


def test_a_dictionary_may_grow_and_change(active: Active) -> None:
    batches = [
        pa.record_batch([pa.DictionaryArray.from_arrays(pa.array(places, pa.int8()), pa.array(values))], ["purpose"])
        for places, values in [([0], ["car"]), ([1, 0], ["car", "radio"]), ([0], ["boat"])]
    ]
    for deltas in (True, False):
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)
        with pa.ipc.new_stream(sink, batches[0].schema, options=options) as written:
            for batch in batches:
                written.write_batch(batch)
        found = Arrow(translate).read(sink.getvalue().to_pybytes(), active).rows.texts[:, 0].tolist()
        assert found == ["car", "radio", "car", "boat"]


def test_columns_of_any_kind_beside_those_that_are_read_do_not_shift_them(active: Active) -> None:
    frame = pl.DataFrame(
        {
            "views": ["a text that is longer than its view"] * 3,
            "lists": [["nested text"], [], None],
            "age": [1, 2, 3],
            "struct": [{"a": 1, "b": "x"}] * 3,
            "purpose": ["car", None, "another long text, in a buffer"],
        }
    )
    file = io.BytesIO()
    frame.write_ipc_stream(file)
    rows = Arrow(translate).read(file.getvalue(), active).rows
    assert rows.numbers[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert rows.texts[:, 0].tolist() == ["car", "", "another long text, in a buffer"]


def test_a_text_that_is_not_utf_8_is_named(active: Active) -> None:
    wrong = pa.Array.from_buffers(
        pa.string(), 3, [None, pa.py_buffer(np.array([0, 1, 2, 3], np.int32)), pa.py_buffer(b"a\xffb")]
    )
    with pytest.raises(SchemaMismatch, match="row 2, column `purpose`: the text is not UTF-8"):
        read(active, {"purpose": wrong})


def test_no_rows_and_columns_that_nobody_knows_are_refused(active: Active) -> None:
    with pytest.raises(BadRequest, match="no rows"):
        read(active, {"age": pa.array([], pa.int8())})
    with pytest.raises(SchemaMismatch, match="`agee` may be `age`"):
        read(active, {"agee": pa.array([1])})
    with pytest.raises(SchemaMismatch, match="`age` is sent twice"):
        Arrow(translate).read(stream(pa.table([pa.array([1]), pa.array([1])], ["age", "age"])), active)


def test_every_beginning_of_a_stream_is_refused_until_its_rows_are_whole(active: Active) -> None:
    whole = stream(pa.table({"age": pa.array([1, 2, 3]), "purpose": pa.array(["a", "b", None])}))
    end = len(whole) - len(END)
    for size in range(end):
        with pytest.raises(BadRequest):
            Arrow(translate).read(whole[:size], active)
    assert len(Arrow(translate).read(whole[:end], active).rows) == 3


def test_a_small_stream_of_endless_rows_is_refused(active: Active) -> None:
    with pytest.raises(TooLarge):
        read(active, {"age": pa.nulls(N_CELLS // 5 + 1)})
    with pytest.raises(TooLarge):
        read(active, {"owns": pa.array(np.zeros(N_CELLS // 5 + 1, np.bool_))})


def test_a_small_stream_of_endless_texts_is_refused(active: Active) -> None:
    places, text = np.zeros(TEXT_BYTES >> 20, np.int8), "x" * ((1 << 20) + 1)
    repeated = pa.DictionaryArray.from_arrays(places, pa.array([text]))
    with pytest.raises(TooLarge):
        read(active, {"purpose": repeated})
    views = pa.array([text], pa.string_view())
    assert texts(active, views) == [text]


def test_compressed_buffers_are_translated_and_nothing_else_is(active: Active) -> None:
    asked = []

    def noted(one: ToTranslate, body: bytes) -> tuple[Translated, bytes]:
        asked.append(one)
        return translate(one, body)

    table = pa.table({"age": pa.array([1.5] * 100), "lists": pa.array([[1]] * 100), "purpose": pa.array(["car"] * 100)})
    plain, *packed = [Arrow(noted).read(stream(table, compression=how), active) for how in (None, "zstd", "lz4")]
    assert len(asked) == 2
    for decoded in packed:
        assert decoded.rows.numbers.tobytes() == plain.rows.numbers.tobytes()
        assert decoded.rows.texts.tolist() == plain.rows.texts.tolist()
        assert decoded.ignored == plain.ignored == ("lists",)
