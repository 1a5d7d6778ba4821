import numpy as np
import polars as pl
import pytest

from scoreline.core.errors import SchemaMismatch
from scoreline.core.schema import Column, Schema
from scoreline.scoring.decode import N_LAYOUTS_KEPT, Decoder

SCHEMA = Schema(
    columns=(
        Column(name="age", type="number"),
        Column(name="purpose", type="category"),
        Column(name="since", type="datetime"),
        Column(name="job", type="category", integer=True),
    )
)
ROW = {"age": 42, "purpose": "radio", "since": "1970-01-02", "job": 3.0}


def test_numbers_and_texts_stand_in_schema_order():
    decoded = Decoder(SCHEMA).records([ROW, ROW | {"age": None, "purpose": None}])
    rows = decoded.rows
    assert rows.numbers.dtype == np.float64
    assert rows.numbers.flags.c_contiguous
    assert np.array_equal(rows.numbers, [[42.0, 86400.0], [np.nan, 86400.0]], equal_nan=True)
    assert rows.texts.dtype == object
    assert rows.texts.tolist() == [["radio", "3"], ["", "3"]]
    assert (decoded.ignored, decoded.absent) == ((), ())


def test_extra_columns_are_ignored_and_told_once():
    decoded = Decoder(SCHEMA).records([ROW | {"id": 1}, ROW | {"note": "x", "id": 2}])
    assert decoded.ignored == ("id", "note")


def test_absent_columns_score_as_missing_and_are_told():
    decoded = Decoder(SCHEMA).records([{"job": 3, "purpose": "car"}, ROW])
    assert decoded.absent == ("age", "since")
    assert np.isnan(decoded.rows.numbers[0]).all()
    assert not np.isnan(decoded.rows.numbers[1]).any()


def test_a_required_column_must_have_a_value_in_every_row():
    decoder = Decoder(Schema(columns=(Column(name="age", type="number", required=True), *SCHEMA.columns[1:])))
    decoder.records([ROW])
    with pytest.raises(SchemaMismatch, match="row 2, column `age`: required, but the value is missing") as caught:
        decoder.records([ROW, ROW | {"age": "n/a"}])
    assert (caught.value.row, caught.value.column) == (2, "age")
    with pytest.raises(SchemaMismatch, match="row 1, column `age`: required, but no such column was sent"):
        decoder.records([{"job": 3}])
    with pytest.raises(SchemaMismatch, match="row 2, column `age`: required"):
        decoder.frame(pl.DataFrame({"age": [1.0, None], "job": [1, 2]}))


def test_a_required_text_column_must_not_be_empty():
    decoder = Decoder(Schema(columns=(Column(name="job", type="category", required=True),)))
    with pytest.raises(SchemaMismatch, match="row 1, column `job`: required, but the value is missing"):
        decoder.table(["job"], [[""]])


@pytest.mark.parametrize(
    "decode",
    [
        lambda decoder, rows: decoder.records(rows),
        lambda decoder, rows: decoder.table(list(ROW), [list(row.values()) for row in rows]),
        lambda decoder, rows: decoder.frame(pl.DataFrame({"age": [str(row["age"]) for row in rows]})),
    ],
)
def test_an_unreadable_value_is_an_error_with_row_column_and_hint(decode):
    with pytest.raises(SchemaMismatch, match="row 3, column `age`: expected a number, found 'abc'") as caught:
        decode(Decoder(SCHEMA), [ROW, ROW, ROW | {"age": "abc"}])
    assert (caught.value.row, caught.value.column) == (3, "age")
    assert "null stands for missing" in caught.value.hint


def test_a_nested_value_is_an_error():
    with pytest.raises(SchemaMismatch, match="row 1, column `purpose`: expected a category"):
        Decoder(SCHEMA).records([ROW | {"purpose": ["radio"]}])
    with pytest.raises(SchemaMismatch, match="row 1, column `age`: expected a number"):
        Decoder(SCHEMA).records([ROW | {"age": {"value": 42}}])


def test_a_request_without_one_known_column_names_those_expected_and_the_closest():
    for decode in (
        lambda: Decoder(SCHEMA).records([{"Age": 42, "porpose": "radio"}]),
        lambda: Decoder(SCHEMA).table(["Age", "porpose"], [[42, "radio"]]),
        lambda: Decoder(SCHEMA).frame(pl.DataFrame({"Age": [42], "porpose": ["radio"]})),
    ):
        with pytest.raises(SchemaMismatch, match="no column of the schema was sent; found `Age`, `porpose`") as caught:
            decode()
        assert "expected `age`, `purpose`, `since`, `job`" in caught.value.hint
        assert "`porpose` may be `purpose`" in caught.value.hint


def test_one_row_of_another_shape_does_not_hide_the_others():
    decoded = Decoder(SCHEMA).records([{"else": 1}, ROW])
    assert decoded.absent == ("age", "purpose", "since", "job")
    assert decoded.rows.texts.tolist() == [["", ""], ["radio", "3"]]


def test_no_rows_are_no_rows():
    decoder = Decoder(SCHEMA)
    for rows in (
        decoder.records([]).rows,
        decoder.table(["age"], []).rows,
        decoder.frame(pl.DataFrame({"age": []}, schema={"age": pl.Float64})).rows,
    ):
        assert rows.numbers.shape == (0, 2)
        assert rows.texts.shape == (0, 2)


def test_a_row_that_is_no_object_is_an_error():
    with pytest.raises(SchemaMismatch, match="row 2: expected an object of column and value, found list"):
        Decoder(SCHEMA).records([ROW, [1, 2]])


def test_a_row_of_another_length_than_the_fields_is_an_error():
    with pytest.raises(
        SchemaMismatch, match="row 2: expected a list of 2 values, as many as there are fields, found 1"
    ):
        Decoder(SCHEMA).table(["age", "job"], [[1, 2], [1]])
    with pytest.raises(SchemaMismatch, match="row 1: expected a list of 1 values"):
        Decoder(SCHEMA).table(["job"], ["3"])


def test_a_field_named_twice_is_an_error():
    with pytest.raises(SchemaMismatch, match="column `age` is sent twice"):
        Decoder(SCHEMA).table(["age", "job", "age"], [[1, 2, 3]])


def test_fields_may_come_in_any_order_with_others_between():
    decoded = Decoder(SCHEMA).table(["job", "id", "age"], [[3, 1, 42]])
    assert decoded.ignored == ("id",)
    assert decoded.absent == ("purpose", "since")
    assert decoded.rows.texts.tolist() == [["", "3"]]
    assert decoded.rows.numbers[0, 0] == 42.0


def test_layouts_are_forgotten_when_callers_send_ever_new_ones():
    decoder = Decoder(SCHEMA)
    for i in range(2 * N_LAYOUTS_KEPT):
        assert decoder.table([f"extra {i}", "age"], [[0, i]]).rows.numbers[0, 0] == i


@pytest.mark.parametrize(
    "schema",
    [Schema(columns=SCHEMA.columns[:1]), Schema(columns=SCHEMA.columns[1:2]), Schema(columns=SCHEMA.columns[:2])],
)
def test_a_block_may_have_one_column_or_none(schema):
    decoder = Decoder(schema)
    rows = decoder.records([ROW]).rows
    assert rows.numbers.shape == (1, len(schema.numbers))
    assert rows.texts.shape == (1, len(schema.texts))
    assert (
        decoder.table(schema.names, [[ROW[name] for name in schema.names]]).rows.texts.tolist() == rows.texts.tolist()
    )


@pytest.mark.parametrize(
    "values", [(float("nan"), 1e39), (1e39, float("nan")), (1.0, 1e39), (-1e39, 1.0), (10**400, 1.0)]
)
def test_a_number_beyond_float32_is_missing_wherever_it_stands(values):
    schema = Schema(columns=(Column(name="a", type="number"), Column(name="b", type="number")))
    rows = Decoder(schema).records([dict(zip("ab", values, strict=True))]).rows
    assert rows.numbers[0].tolist() == pytest.approx([v if abs(v) < 1e38 else np.nan for v in values], nan_ok=True)


def test_a_thing_that_is_no_table_is_refused_with_what_would_do():
    with pytest.raises(SchemaMismatch, match=r"expected rows, found numpy\.ndarray") as caught:
        Decoder(SCHEMA).frame(np.zeros((2, 2)))
    assert "polars or pandas DataFrame" in caught.value.hint


@pytest.mark.parametrize("texts", [["car", None, "radio", ""], ["2", None, "02", "x"], ["2.0", "2", None, "3"]])
def test_a_column_of_few_texts_reads_as_its_rows_do(texts):
    columns = [Column(name="purpose", type="category"), Column(name="grade", type="category", integer=True)]
    decoder = Decoder(Schema(columns=(*columns, Column(name="note", type="text"))))
    rows = [dict.fromkeys(("purpose", "grade", "note"), texts[i % 7 % 4]) for i in range(400)]
    by_levels = decoder.frame(pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))).rows.texts
    assert by_levels.tolist() == decoder.records(rows).rows.texts.tolist()
    assert {type(text) for text in by_levels.ravel()} == {str}
