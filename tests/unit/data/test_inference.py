"""What columns are taken for: the rules of decision 0010."""

# ruff: noqa: DTZ001 - times in a dataset are UTC and carry no zone

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.core.errors import BadData
from scoreline.data import make_dataset


def inferred(values, name="x", **options):
    """The column and its canonical values, or the reason why it is left out."""
    values = list(values)
    frame = pl.DataFrame({name: values, "other": [0.5, 1.25] * (len(values) // 2) + [2.0] * (len(values) % 2)})
    dataset = make_dataset(frame, **options)
    if name in dataset.excluded:
        return dataset.excluded[name], None
    return dataset.schema.by_name[name], dataset.frame[name].to_list()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=3, max_size=30))
def test_texts_of_numbers_are_numbers(numbers):
    column, values = inferred([*map(repr, numbers), "0.5", "1e-3"])
    assert column.type == "number"
    assert values == [*numbers, 0.5, 0.001]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=20, max_size=60),
    st.sampled_from(["", " ", "NA", "null", "?", "nan"]),
)
def test_missing_tokens_do_not_keep_a_column_from_being_numbers(numbers, token):
    column, values = inferred([*map(str, numbers), "7", "8", token])
    assert column.type == "number"
    assert column.integer
    assert values == [*map(float, numbers), 7.0, 8.0, None]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), min_size=3, max_size=20, unique=True))
def test_iso_times_are_datetimes(moments):
    column, values = inferred(moment.isoformat() for moment in moments)
    assert column.type == "datetime"
    assert column.datetime_format is None
    assert values == moments


def test_a_price_with_blanks_is_a_number():
    column, values = inferred(["29.85", " ", "108.15", "1840.75"])
    assert (column.type, column.integer, column.minimum, column.maximum) == ("number", False, 29.85, 1840.75)
    assert values == [29.85, None, 108.15, 1840.75]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("MS.SubClass", [20, 30, 60, 120] * 20),
        ("store_id", [101, 102, 103] * 20),
        ("zipCode", ["94110", "10001", "60601"] * 20),
        ("region_code", [3.0, 1.0, 7.0, None] * 20),
    ],
)
def test_whole_numbers_under_the_name_of_a_code_are_a_category(name, values):
    column, canonical = inferred(values, name)
    assert column.type == "category"
    assert column.integer
    assert canonical[0] == str(int(values[0]))
    assert column.example == int(values[0])


@pytest.mark.parametrize("name", ["duration", "quality", "pclass", "weekday", "month", "valid", "rooms"])
def test_other_whole_numbers_stay_numbers_however_few(name):
    assert inferred([6, 12, 24, 36, 48] * 20, name)[0].type == "number"


def test_digits_with_leading_zeros_are_a_category_and_keep_them():
    column, values = inferred(["00501", "94110", "00501", "10001"] * 5)
    assert (column.type, column.integer) == ("category", False)
    assert values[0] == "00501"


def test_month_numbers_of_two_digits_are_numbers():
    assert inferred(["01", "02", "12"] * 10)[0].type == "number"


@pytest.mark.parametrize("words", [["true", "false"], ["True", "False"], ["TRUE", "FALSE"]])
def test_true_and_false_are_boolean(words):
    column, values = inferred([*words * 5, None])
    assert column.type == "boolean"
    assert values[:2] == [True, False]


def test_yes_and_no_are_a_category_and_0_and_1_numbers():
    assert inferred(["yes", "no"] * 5)[0].type == "category"
    assert inferred(["0", "1"] * 5)[0].type == "number"


def test_words_in_a_category_that_could_mean_missing_are_levels():
    column, values = inferred(["none", "NA", "brick", ""] * 5)
    assert column.levels == ("NA", "brick", "none")
    assert values[3] is None


def test_sentences_are_text_and_repeated_phrases_a_category():
    assert inferred([f"message number {n} says hello to you" for n in range(40)])[0].type == "text"
    assert inferred(["Bank transfer (automatic)", "Electronic check", "Mailed check"] * 20)[0].type == "category"


def test_ticket_numbers_that_repeat_are_a_category_of_many_levels():
    column, _ = inferred([f"N{n % 700}UA" for n in range(2000)])
    assert column.type == "category"
    assert len(column.levels) == 700


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("instant", list(range(1, 201))),
        ("Order", list(range(200))),
        ("PID", [526301100 + 37 * n for n in range(200)]),
        ("PassengerId", [f"{n * 7919 % 100003}" for n in range(200)]),
        ("customerID", [f"{n * 7919 % 100003:06d}-XY" for n in range(200)]),
        ("code", [f"{n:032x}" for n in range(200)]),
        ("shuffled", [n * 7 % 151 for n in range(151)]),
    ],
)
def test_columns_that_only_tell_rows_apart_are_left_out_with_the_reason(name, values):
    reason, _ = inferred(values, name)
    assert isinstance(reason, str)
    assert reason.startswith("identifier: ")
    assert inferred(values, name, types={name: "number" if isinstance(values[0], int) else "category"})[1] is not None


def test_numbers_that_are_all_different_may_still_be_measurements():
    assert inferred([n * 37 % 100_003 for n in range(200)], "income")[0].type == "number"
    assert inferred([float(n) for n in range(200)], "temperature_id")[0].type == "number"
    assert inferred(list(range(1900, 2021)), "year")[0].type == "number"
    assert inferred([f"{n}.0" for n in range(200)], "id")[0].type == "number"


def test_constant_and_empty_columns_are_left_out_with_the_reason():
    assert inferred([2013] * 20)[0] == "constant: every value is 2013"
    assert inferred(["NA", "", None, "?"] * 5)[0] == "every value is missing"
    assert inferred(["yes", None] * 5)[0].type == "category"


def test_nested_values_are_left_out():
    assert "nested" in inferred([[1, 2], [3], []])[0]


def test_a_few_dirty_cells_are_missing_numbers_and_told_by_row_and_value(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("age,x\n" + "".join(f"{n % 60},{n % 7}\n" for n in range(99)) + "abc,1\n")
    dataset = make_dataset(path)
    assert dataset.schema.by_name["age"].type == "number"
    assert dataset.frame["age"][99] is None
    (finding,) = dataset.findings
    assert "column `age`: 1 of 100 values are no number" in finding.sentence
    assert "'abc' at people.csv, row 100" in finding.sentence
    assert "scoring refuses such a value" in finding.sentence


def test_many_dirty_cells_make_a_category_and_are_told():
    values = [str(n % 40) for n in range(90)] + ["A 1", "B 2"] * 5
    dataset = make_dataset(pl.DataFrame({"ticket": values, "y": [0, 1] * 50}))
    assert dataset.schema.by_name["ticket"].type == "category"
    assert "90 of 100 values are numbers but others are not, first 'A 1' at row 91" in dataset.findings[0].sentence


def test_a_scale_with_an_open_end_is_a_category():
    assert inferred(["1", "2", "3"] * 40 + ["4+"])[0].type == "category"


@pytest.mark.parametrize("write", ["{},5", "{} %", "${},000.50", "1.234.{:03}", "€ {}"])
def test_numbers_written_with_signs_are_told_not_guessed(write):
    values = [write.format(n) for n in range(50)]
    dataset = make_dataset(pl.DataFrame({"x": values, "y": [0, 1] * 25}))
    assert dataset.schema.by_name["x"].type in ("category", "text")
    assert f"written with signs, such as {values[0]!r} at row 1" in dataset.findings[0].sentence


def test_infinite_numbers_are_missing_and_told_by_file_and_row(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1.5\n2.5\n")
    (tmp_path / "b.csv").write_text("x\n3.5\ninf\n1e39\n")
    dataset = make_dataset(tmp_path)
    assert dataset.frame["x"].to_list() == [1.5, 2.5, 3.5, None, None]
    assert "2 infinite numbers are read as missing, first at b.csv, row 2" in dataset.findings[0].sentence


@pytest.mark.parametrize(
    ("texts", "format_", "first"),
    [
        (["1/13/2011", "2/1/2011", "12/31/2011"], "%m/%d/%Y", datetime(2011, 1, 13)),
        (["13/1/2011", "1/2/2011", "31/12/2011"], "%d/%m/%Y", datetime(2011, 1, 13)),
        (["13.01.2011 14:05", "01.02.2011 00:00"], "%d.%m.%Y %H:%M", datetime(2011, 1, 13, 14, 5)),
        (["1/13/11 2:05 PM", "2/28/11 12:00 AM"], "%m/%d/%y %I:%M %p", datetime(2011, 1, 13, 14, 5)),
        (["13-Jan-2011", "01-Feb-2011"], "%d-%b-%Y", datetime(2011, 1, 13)),
        (["January 13, 2011", "May 1, 2011"], "%B %d, %Y", datetime(2011, 1, 13)),
        (["2011/01/13 10:00:00", "2011/02/01 11:30:00"], "%Y/%m/%d %H:%M:%S", datetime(2011, 1, 13, 10)),
        (["13/01/2011 10:00 +0200", "14/01/2011 10:00 +0200"], "%d/%m/%Y %H:%M %z", datetime(2011, 1, 13, 8)),
        (["2011-01-13T10:00:00Z", "2011-01-14T10:00:00+02:00"], None, datetime(2011, 1, 13, 10)),
        (["2011-01-13", "2011-01-14 10:30"], None, datetime(2011, 1, 13)),
        (
            ["Thu, 13 Jan 2011 10:00:00 +0000", "Fri, 14 Jan 2011 9:00:00 +0000"],
            "%a, %d %b %Y %H:%M:%S %z",
            datetime(2011, 1, 13, 10),
        ),
        (["2011-05", "2011-12"], "%Y-%m", datetime(2011, 5, 1)),
        (["09:30", "23:59"], "%H:%M", datetime(1900, 1, 1, 9, 30)),
    ],
)
def test_dates_are_understood_and_their_format_recorded(texts, format_, first):
    column, values = inferred(texts * 3)
    assert (column.type, column.datetime_format) == ("datetime", format_)
    assert values[0] == first
    assert column.example == texts[0]


def test_day_and_month_are_told_apart_by_how_the_dates_run():
    days = [date(2011, month, day) for month in (1, 2, 3) for day in range(1, 13)]
    for format_ in ("%m/%d/%Y", "%d/%m/%Y"):
        dataset = make_dataset(pl.DataFrame({"d": [day.strftime(format_) for day in days], "y": [0, 1] * 18}))
        assert dataset.schema.by_name["d"].datetime_format == format_
        assert "day and month could be either" in dataset.findings[0].sentence


def test_the_format_of_dates_may_be_given():
    column, values = inferred(["01/02/2011", "03/04/2011"] * 3, types={"x": "datetime:%d/%m/%Y"})
    assert column.datetime_format == "%d/%m/%Y"
    assert values[:2] == [datetime(2011, 2, 1), datetime(2011, 4, 3)]
    assert inferred(["01/02/2011", "13/04/2011"] * 3, types={"x": "datetime"})[0].datetime_format == "%d/%m/%Y"


def test_typed_frames_keep_their_meaning():
    column, values = inferred([date(2011, 1, 13), date(2012, 1, 1)] * 3)
    assert (column.type, values[0]) == ("datetime", datetime(2011, 1, 13))
    zoned = pl.Series([datetime(2011, 1, 13, 10), datetime(2011, 7, 13, 10)]).dt.replace_time_zone("Europe/Berlin")
    dataset = make_dataset(pl.DataFrame({"x": zoned, "y": [1, 2]}), types={"y": "number"})
    assert dataset.frame["x"].to_list() == [datetime(2011, 1, 13, 9), datetime(2011, 7, 13, 8)]
    assert inferred([True, False, None])[0].type == "boolean"
    assert inferred([1.5, float("nan"), float("inf")] * 3)[1][:3] == [1.5, None, None]


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        ([1, 2, 1], "category", ["1", "2", "1"]),
        (["1", "2.0", "03"], "category", ["1", "2.0", "03"]),
        ([1.0, 2.5, 1.0], "category", ["1", "2.5", "1"]),
        ([True, False, True], "category", ["true", "false", "true"]),
        (["yes", "no", "?"], "boolean", [True, False, None]),
        ([1, 0, 1], "boolean", [True, False, True]),
        (["a", "a", "a"], "category", ["a", "a", "a"]),
        ([True, False, True], "number", [1.0, 0.0, 1.0]),
        ([0, 86400, 1], "datetime", [datetime(1970, 1, 1), datetime(1970, 1, 2), datetime(1970, 1, 1, 0, 0, 1)]),
        ([5, 6, 7], "text", ["5", "6", "7"]),
    ],
)
def test_a_type_that_is_given_is_taken(values, type_, expected):
    column, canonical = inferred(values, types={"x": type_})
    assert column.type == type_
    assert canonical == expected


def test_a_type_that_no_value_has_is_refused():
    with pytest.raises(BadData, match="column `x` holds no number: the first value is 'a', at row 1"):
        inferred(["a", "b"], types={"x": "number"})
