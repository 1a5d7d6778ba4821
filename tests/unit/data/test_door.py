"""A dataset holds what the scoring door makes of the same table, to the last bit."""

# ruff: noqa: DTZ001 - times in a dataset are UTC and carry no zone

import io
from datetime import datetime

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.core.schema import Column
from scoreline.data import make_dataset
from scoreline.data.datetimes import DATES, parse_all
from scoreline.data.delimited import read_delimited
from scoreline.data.numbers import read_numbers
from scoreline.scoring.decode import Decoder
from scoreline.scoring.values import Unreadable, number_reader

DOOR = number_reader(Column(name="x", type="number"))
ALMOST_NUMBERS = st.one_of(
    st.text(st.sampled_from("0123456789.eE+-_ infaxNT\u0661\u00a0"), max_size=8),
    st.floats().map(repr),
    st.integers().map(str),
    st.sampled_from(["true", " FALSE ", "NaN", "-inf", "1e400", "n/a", "-", "1_000", "0x10", "1,5"]),
)


def at_the_door(text):
    try:
        return DOOR(text)
    except Unreadable:
        return "refused"


@settings(max_examples=60, deadline=None)
@given(st.lists(ALMOST_NUMBERS, min_size=1, max_size=20))
def test_texts_are_read_as_numbers_exactly_as_at_the_door(texts):
    numbers = read_numbers(pl.Series("x", texts, pl.String))
    for text, number in zip(texts, numbers.values.to_list(), strict=True):
        door = at_the_door(text)
        if door == "refused" or np.isnan(door):
            assert number is None
        else:
            assert number == door


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2400, 1, 1)), min_size=1),
    st.sampled_from(DATES),
    st.booleans(),
)
def test_dates_are_read_exactly_as_at_the_door(moments, format_, with_time):
    format_ += " %H:%M:%S" if with_time else ""
    door = number_reader(Column(name="d", type="datetime", datetime_format=format_))
    texts = [moment.strftime(format_) for moment in moments]
    texts += [text.replace("0", "") for text in texts] + [text.replace("/", " /") for text in texts]
    for text, moment in zip(texts, parse_all(pl.Series("d", texts), format_).to_list(), strict=True):
        try:
            seconds = door(text)
        except Unreadable:
            seconds = None
        assert (moment and (moment - datetime(1970, 1, 1)).total_seconds()) == seconds


def test_a_dataset_and_the_raw_file_give_the_same_rows():
    content = b"""age,city,zip_code,joined,member,bio,score
41,"Bonn",3,13/1/2011,true,"likes long walks, and tea",1e-3
,Koeln,4.0,1/2/2011,False,"has, it seems, no hobby at all",NA
 7.5 ,Bonn,3,31/12/2010,TRUE,"reads many books about the sea",-0.0
NaN,,4,,,,"1e39"
12,none,9,5/5/2011,false,"is a gardener; grows many roses",.5
"""
    raw = pl.concat(read_delimited(io.BytesIO(content), "t.csv", on_alert=print))
    types = {"bio": "text", "zip_code": "category"}
    dataset = make_dataset(raw, types=types)
    decoder = Decoder(dataset.schema)
    from_raw, from_dataset = decoder.frame(raw).rows, decoder.frame(dataset.frame).rows
    assert [column.type for column in dataset.schema.columns] == [
        "number", "category", "category", "datetime", "boolean", "text", "number",
    ]  # fmt: skip
    np.testing.assert_array_equal(from_raw.numbers, from_dataset.numbers)
    assert from_raw.texts.tolist() == from_dataset.texts.tolist()
