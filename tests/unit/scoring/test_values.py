from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from math import isnan

import numpy as np
import pandas as pd
import pytest

from scoreline.core.schema import LARGEST_NUMBER, MISSING_TOKENS, Column
from scoreline.scoring.values import Unreadable, number_reader, text_reader

number = number_reader(Column(name="x", type="number"))
boolean = number_reader(Column(name="x", type="boolean"))
moment = number_reader(Column(name="x", type="datetime"))
category = text_reader(Column(name="x", type="category"))
code = text_reader(Column(name="x", type="category", integer=True))
text = text_reader(Column(name="x", type="text"))

MISSING = [
    None,
    float("nan"),
    float("inf"),
    -np.inf,
    1e39,
    10**400,
    pd.NA,
    pd.NaT,
    np.datetime64("NaT"),
    Decimal("NaN"),
]


@pytest.mark.parametrize("value", [158.2, "158.2", " 158.2 ", "1.582e2", np.float64(158.2), Decimal("158.2")])
def test_a_number_may_arrive_as_number_or_text(value):
    assert number(value) == 158.2


@pytest.mark.parametrize(("value", "expected"), [(True, 1.0), ("true", 1.0), ("FALSE", 0.0), (np.bool_(True), 1.0)])
def test_a_truth_is_a_number(value, expected):
    assert number(value) == expected
    assert boolean(value) == expected


@pytest.mark.parametrize("read", [number, boolean, moment])
@pytest.mark.parametrize(
    "value", [*MISSING, *sorted(MISSING_TOKENS), " NA ", "NULL", "inf", "-Infinity", "1e39", "NaN"]
)
def test_missing_infinite_and_larger_than_a_float32_is_missing(read, value):
    assert isnan(read(value))


def test_the_largest_float32_is_a_number():
    assert number(LARGEST_NUMBER) == LARGEST_NUMBER
    assert number(str(-LARGEST_NUMBER)) == -LARGEST_NUMBER


@pytest.mark.parametrize("value", ["abc", "1_000", "1,5", "0x10", "yes", [1], {"a": 1}, b"1", date(2024, 5, 31)])
def test_what_is_no_number_is_refused_with_what_was_found(value):
    with pytest.raises(Unreadable, match="expected a number, found "):
        number(value)


def test_a_duration_is_no_number():
    with pytest.raises(Unreadable):
        number(np.timedelta64(3, "s"))
    with pytest.raises(Unreadable):
        number(timedelta(seconds=3))


def test_a_long_unreadable_value_is_quoted_in_part():
    with pytest.raises(Unreadable) as caught:
        number("x" * 10_000)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("value", "expected"), [("t", 1.0), ("Yes", 1.0), ("n", 0.0), ("no", 0.0), (1, 1.0), ("0", 0.0)]
)
def test_a_boolean_may_be_a_word(value, expected):
    assert boolean(value) == expected


SECONDS = 1717165800.0
AWARE = datetime(2024, 5, 31, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-31T14:30:00Z",
        "2024-05-31 14:30",
        " 2024-05-31T16:30:00+02:00 ",
        "20240531T143000",
        AWARE,
        AWARE.replace(tzinfo=None),
        AWARE.astimezone(timezone(timedelta(hours=-7))),
        pd.Timestamp("2024-05-31 14:30"),
        np.datetime64("2024-05-31T14:30"),
        np.datetime64("2024-05-31T14:30", "ns"),
        SECONDS,
        "1717165800",
    ],
)
def test_a_moment_may_arrive_as_iso_text_object_or_seconds(value):
    assert moment(value) == SECONDS


def test_a_date_is_its_midnight_in_utc():
    assert moment(date(1970, 1, 2)) == moment("1970-01-02") == moment("19700102") == 86400.0
    assert moment("0001-01-01") == moment(date(1, 1, 1)) == -62135596800.0


def test_parts_of_a_second_are_kept():
    assert moment("1969-12-31T23:59:59.250000Z") == moment(np.datetime64("1969-12-31T23:59:59.250")) == -0.75


def test_a_column_reads_its_own_format_before_iso():
    read = number_reader(Column(name="x", type="datetime", datetime_format="%d.%m.%Y"))
    assert read("02.01.1970") == read("1970-01-02") == read(date(1970, 1, 2)) == 86400.0


def test_a_whole_number_is_read_by_a_format_of_digits():
    read = number_reader(Column(name="x", type="datetime", datetime_format="%Y%m%d"))
    assert read(19700102) == read(19700102.0) == read("19700102") == 86400.0
    assert read(SECONDS) == SECONDS


@pytest.mark.parametrize("value", ["yesterday", "2024-13-01", "1_000", [2024], b"2024"])
def test_what_is_no_moment_is_refused(value):
    with pytest.raises(Unreadable, match="expected a date or time, found "):
        moment(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("radio", "radio"),
        (" radio ", " radio "),
        ("none", "none"),
        (True, "true"),
        (np.bool_(False), "false"),
        (3, "3"),
        (3.0, "3"),
        (-0.0, "0"),
        (np.int64(3), "3"),
        (0.1, "0.1"),
        (Decimal("3.0"), "3"),
        (10**30, "1" + "0" * 30),
        (date(2024, 5, 31), "2024-05-31"),
    ],
)
def test_a_category_is_a_text(value, expected):
    assert category(value) == text(value) == expected


@pytest.mark.parametrize("value", [None, "", float("nan"), float("inf"), pd.NA, pd.NaT])
def test_a_missing_category_is_the_empty_text(value):
    assert category(value) == text(value) == code(value) == ""


@pytest.mark.parametrize("value", [3, 3.0, "3", "3.0", " 3 ", "3."])
def test_an_integer_code_has_one_form(value):
    assert code(value) == "3"


@pytest.mark.parametrize("value", ["03", "3.5", "A3", "3e0", "+3"])
def test_a_text_that_is_no_integer_code_stays(value):
    assert code(value) == value


def test_only_a_column_of_integer_codes_changes_texts():
    assert category("3.0") == text("3.0") == "3.0"


@pytest.mark.parametrize("value", [["a"], {"a": 1}, b"a", ("a",), object()])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(Unreadable, match="expected a category"):
        category(value)


def test_a_lone_surrogate_is_refused():
    with pytest.raises(Unreadable, match="valid Unicode"):
        category("a\ud800")
