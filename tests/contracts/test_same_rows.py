"""Promise: the same rows give the same blocks, to the last bit, whichever way they come in."""

import csv
import io
import json
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artifacts import tiny_artifact

from scoreline.core.errors import SchemaMismatch
from scoreline.core.schema import Column, Schema
from scoreline.data.translation import translate
from scoreline.scoring.decode import Decoder
from scoreline.scoring.pipeline import load
from scoreline.serving.active import Active
from scoreline.serving.media import media

SCHEMA = Schema(
    columns=(
        Column(name="number", type="number"),
        Column(name="whole", type="number", integer=True),
        Column(name="flag", type="boolean"),
        Column(name="moment", type="datetime"),
        Column(name="level", type="category"),
        Column(name="code", type="category", integer=True),
        Column(name="words", type="text"),
    )
)
NAMES = SCHEMA.names

EARLIEST, LATEST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - without an offset it is UTC
plain_text = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)
rows_of_values = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.none() | st.floats(allow_nan=True, allow_infinity=True),
            "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
            "flag": st.none() | st.booleans(),
            "moment": st.none() | st.datetimes(EARLIEST, LATEST),
            "level": st.none() | plain_text,
            "code": st.none() | st.integers(-(2**63), 2**63 - 1),
            "words": st.none() | plain_text,
        }
    ),
    min_size=1,
    max_size=8,
)


def as_json(rows):
    texts = [row | {"moment": row["moment"] and row["moment"].isoformat()} for row in rows]
    return Decoder(SCHEMA).records(json.loads(json.dumps(texts)))


def as_fields(rows):
    return Decoder(SCHEMA).table(NAMES[::-1], [[row[name] for name in NAMES[::-1]] for row in rows])


def as_one_row_each(rows):
    found = [Decoder(SCHEMA).records([row]).rows for row in rows]
    return type(Decoder(SCHEMA).records(rows))(
        type(found[0])(np.vstack([row.numbers for row in found]), np.vstack([row.texts for row in found])), (), ()
    )


def as_csv(rows):
    file = io.StringIO()
    writer = csv.DictWriter(file, NAMES)
    writer.writeheader()
    writer.writerows(rows)
    file.seek(0)
    return Decoder(SCHEMA).records(list(csv.DictReader(file)))


def as_csv_frame(rows):
    """What ``read_table`` makes of a CSV: every column a text."""
    texts = {name: [None if row[name] is None else str(row[name]) for row in rows] for name in NAMES}
    return Decoder(SCHEMA).frame(pl.DataFrame(texts, schema=dict.fromkeys(NAMES, pl.String)))


POLARS = {
    "number": pl.Float64,
    "whole": pl.Int64,
    "flag": pl.Boolean,
    "moment": pl.Datetime("us"),
    "level": pl.String,
    "code": pl.Int64,
    "words": pl.String,
}


def polars_frame(rows):
    return pl.DataFrame({name: [row[name] for row in rows] for name in NAMES}, schema=POLARS)


def as_polars(rows):
    return Decoder(SCHEMA).frame(polars_frame(rows))


def as_parquet(rows):
    file = io.BytesIO()
    polars_frame(rows).with_columns(pl.col("moment").dt.replace_time_zone("UTC")).write_parquet(file)
    return Decoder(SCHEMA).frame(pl.read_parquet(io.BytesIO(file.getvalue())))


def as_arrow(rows):
    return Decoder(SCHEMA).frame(polars_frame(rows).to_arrow())


def as_record_batch(rows):
    return Decoder(SCHEMA).frame(polars_frame(rows).to_arrow().combine_chunks().to_batches()[0])


def as_pandas(rows):
    """Columns of pandas' nullable types."""
    return Decoder(SCHEMA).frame(
        pd.DataFrame(
            {
                "number": pd.array([row["number"] for row in rows], dtype="float64"),
                "whole": pd.array([row["whole"] for row in rows], dtype="Int64"),
                "flag": pd.array([row["flag"] for row in rows], dtype="boolean"),
                "moment": np.array([row["moment"] for row in rows], dtype="datetime64[us]"),
                "level": pd.array([row["level"] for row in rows], dtype="string"),
                "code": pd.array([row["code"] for row in rows], dtype="Int64"),
                "words": pd.array([row["words"] for row in rows], dtype="object"),
            }
        )
    )


def as_pandas_objects(rows):
    return Decoder(SCHEMA).frame(pd.DataFrame({name: np.array([row[name] for row in rows], object) for name in NAMES}))


def as_pandas_with_arrow_types(rows):
    return Decoder(SCHEMA).frame(polars_frame(rows).to_pandas(use_pyarrow_extension_array=True))


MEDIA = media(translate)


@cache
def active():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.scoreline"
        tiny_artifact(file, schema=SCHEMA, rows=[{"number": 1.5}])
        return Active("any", "any", 1, "any", load(file), datetime.now(UTC))


def as_csv_body(rows):
    file = io.StringIO()
    writer = csv.DictWriter(file, NAMES)
    writer.writeheader()
    writer.writerows(rows)
    return MEDIA["csv"].read(b"\xef\xbb\xbf" + file.getvalue().encode(), active())


def as_csv_body_without_header(rows):
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([row[name] for name in NAMES] for row in rows)
    return MEDIA["csv-without-header"].read(file.getvalue().encode(), active())


def as_msgpack(rows):
    return MEDIA["msgpack"].read(msgspec.msgpack.encode({"rows": rows}), active())


def as_arrow_of_polars(rows):
    file = io.BytesIO()
    polars_frame(rows).write_ipc_stream(file)
    return MEDIA["arrow"].read(file.getvalue(), active())


def as_arrow_of_categories(rows):
    file = io.BytesIO()
    polars_frame(rows).with_columns(pl.col("level", "words").cast(pl.Categorical)).write_ipc_stream(file)
    return MEDIA["arrow"].read(file.getvalue(), active())


def arrow_stream(rows, **options):
    table = polars_frame(rows).to_arrow()
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as stream:
        stream.write_table(table, max_chunksize=2)
    return file.getvalue()


def as_arrow_of_batches(rows):
    return MEDIA["arrow"].read(arrow_stream(rows), active())


def as_arrow_of_compressed_batches(rows):
    return MEDIA["arrow"].read(arrow_stream(rows, compression="zstd"), active())


def as_arrow_file(rows):
    table = polars_frame(rows).to_arrow().cast(ARROW_TYPES)
    file = io.BytesIO()
    with pa.ipc.new_file(file, table.schema) as written:
        written.write_table(table)
    return MEDIA["arrow"].read(file.getvalue(), active())


ARROW_TYPES = pa.schema(
    {
        "number": pa.float64(),
        "whole": pa.int64(),
        "flag": pa.bool_(),
        "moment": pa.timestamp("us"),
        "level": pa.dictionary(pa.int8(), pa.string()),
        "code": pa.int64(),
        "words": pa.string(),
    }
)


def as_parquet_body(rows):
    file = io.BytesIO()
    polars_frame(rows).write_parquet(file)
    return MEDIA["parquet"].read(file.getvalue(), active())


WAYS = [
    as_json,
    as_fields,
    as_one_row_each,
    as_csv,
    as_csv_frame,
    as_polars,
    as_parquet,
    as_arrow,
    as_record_batch,
    as_pandas,
    as_pandas_objects,
    as_pandas_with_arrow_types,
    as_csv_body,
    as_csv_body_without_header,
    as_msgpack,
    as_arrow_of_polars,
    as_arrow_of_categories,
    as_arrow_of_batches,
    as_arrow_of_compressed_batches,
    as_arrow_file,
    as_parquet_body,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@settings(max_examples=60, deadline=None)
@given(rows=rows_of_values)
def test_every_way_in_gives_the_same_bits(way, rows):
    expected = Decoder(SCHEMA).records(rows).rows
    found = way(rows).rows
    assert found.numbers.tobytes() == expected.numbers.tobytes()
    assert found.texts.tolist() == expected.texts.tolist()
    assert found.numbers.flags.c_contiguous
    assert found.texts.flags.c_contiguous
    assert {type(text) for text in found.texts.ravel()} == {str}


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.none() | plain_text | st.floats().map(repr) | st.integers().map(str), min_size=1))
def test_a_text_frame_reads_numbers_as_single_values_are_read(values):
    schema = Schema(columns=(Column(name="x", type="number"),))
    frame = pl.DataFrame({"x": values}, schema={"x": pl.String})

    def outcome(decode):
        try:
            return decode().rows.numbers.tobytes()
        except SchemaMismatch as error:
            return str(error)

    expected = outcome(lambda: Decoder(schema).records([{"x": value} for value in values]))
    assert outcome(lambda: Decoder(schema).frame(frame)) == expected


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_and_zone_of_a_frame_s_moments_gives_the_same_seconds(unit):
    schema = Schema(columns=(Column(name="x", type="datetime"),))
    moments = [datetime.fromisoformat("1969-12-31T23:59:58"), datetime.fromisoformat("2024-05-31T14:30:00"), None]
    expected = Decoder(schema).records([{"x": moment} for moment in moments]).rows.numbers.tobytes()
    zoned = pd.Series(np.array(moments, dtype=f"datetime64[{unit}]")).dt.tz_localize(UTC).dt.tz_convert("Asia/Kolkata")
    frames = [
        pd.DataFrame({"x": np.array(moments, dtype=f"datetime64[{unit}]")}),
        pd.DataFrame({"x": zoned}),
        pa.table({"x": pa.array(moments, pa.timestamp(unit))}),
        pa.table({"x": pa.array(moments, pa.timestamp(unit, "UTC"))}),
    ]
    if unit != "s":
        frames.append(pl.DataFrame({"x": moments}, schema={"x": pl.Datetime(unit, "UTC")}))
    for frame in frames:
        assert Decoder(schema).frame(frame).rows.numbers.tobytes() == expected


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"x": ["b", None, "a"]}, schema={"x": pl.Categorical}),
        pl.DataFrame({"x": ["b", None, "a"]}, schema={"x": pl.Enum(["a", "b"])}),
        pd.DataFrame({"x": pd.Categorical(["b", None, "a"])}),
        pd.DataFrame({"x": ["b", None, "a"]}),
        pa.table({"x": pa.array(["b", None, "a"]).dictionary_encode()}),
        pa.table({"x": pa.array(["b", None, "a"], pa.large_string())}),
    ],
)
def test_every_text_type_of_a_frame_is_a_category(frame):
    schema = Schema(columns=(Column(name="x", type="category"),))
    assert Decoder(schema).frame(frame).rows.texts.tolist() == [["b"], [""], ["a"]]


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"x": [1, 0, 3]}, schema={"x": pl.UInt8}),
        pl.DataFrame({"x": [1, 0, 3]}, schema={"x": pl.Float32}),
        pl.DataFrame({"x": ["1.0", "0.0", "3.0"]}).cast(pl.Decimal(10, 1)),
        pd.DataFrame({"x": np.array([1, 0, 3], np.int8)}),
        pd.DataFrame({"x": pd.Categorical([1, 0, 3])}),
        pa.table({"x": pa.array([1, 0, 3], pa.float16())}),
        pa.table({"x": pa.array([1, 0, 3]).cast(pa.decimal128(21, 1))}),
    ],
)
def test_every_number_type_of_a_frame_is_a_number_and_a_code(frame):
    numbers = Schema(columns=(Column(name="x", type="number"),))
    codes = Schema(columns=(Column(name="x", type="category", integer=True),))
    assert Decoder(numbers).frame(frame).rows.numbers.tolist() == [[1.0], [0.0], [3.0]]
    assert Decoder(codes).frame(frame).rows.texts.tolist() == [["1"], ["0"], ["3"]]


def test_pandas_names_that_are_no_texts_are_taken_as_texts():
    schema = Schema(columns=(Column(name="0", type="number"),))
    assert Decoder(schema).frame(pd.DataFrame([[1.5], [2.5]])).rows.numbers.tolist() == [[1.5], [2.5]]
