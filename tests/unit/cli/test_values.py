"""Options that are more than one word."""

import os

import pytest

from scoreline.cli import values
from scoreline.core.errors import BadSetting


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("0.5", 0.5), ("90s", 90), ("1.5m", 90), ("10 min", 600), ("1h", 3600)]
)
def test_a_length_of_time_may_have_a_unit(text, seconds):
    assert values.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-3", "0", "1d", "1e3"])
def test_what_is_no_length_of_time_is_refused_with_an_example(text):
    with pytest.raises(BadSetting, match="not a length of time") as caught:
        values.duration(text)
    assert "10m" in caught.value.hint


def test_names_may_be_repeated_or_listed_or_quoted():
    assert values.names(["a,b", " c ", "a"]) == ("a", "b", "c")
    assert values.names(['"price, net",id']) == ("price, net", "id")
    assert values.names([""]) == ()


def test_the_way_dates_are_written_follows_their_type():
    assert values.types(["day=datetime:%d/%m/%Y"]) == {"day": "datetime:%d/%m/%Y"}


def test_a_column_with_an_equals_sign_can_be_typed():
    assert values.types(["zip=category", "a=b=number"]) == {"zip": "category", "a=b": "number"}


@pytest.mark.parametrize("text", ["zip", "zip=string", "=number"])
def test_a_wrong_type_is_refused_with_the_list(text):
    with pytest.raises(BadSetting) as caught:
        values.types([text])
    assert "number, boolean, datetime, category, text" in caught.value.hint


def test_workers_are_a_number_or_one_for_each_core():
    assert values.n_workers("3") == 3
    assert 1 <= values.n_workers("auto") <= os.cpu_count()


@pytest.mark.parametrize("text", ["x", "-1", "0", "1025", "1.5", "٩"])
def test_what_is_no_number_of_workers_is_refused(text):
    with pytest.raises(BadSetting, match="is no number of workers"):
        values.n_workers(text)


@pytest.mark.parametrize("text", ["x", "-1", "65536", "9090.0", "٩"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(BadSetting, match="not a port"):
        values.port_number(text)
