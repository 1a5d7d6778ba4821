"""The demo's table is the real Statlog German credit set."""

import csv
from collections import Counter
from importlib.resources import files

import pytest


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    text = (files("scoreline.app") / "demo" / "german_credit.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_it_has_a_thousand_rows_and_twenty_one_columns(rows):
    assert len(rows) == 1000
    assert {len(row) for row in rows} == {21}


def test_seven_hundred_applicants_were_good_and_three_hundred_bad(rows):
    assert Counter(row["creditability"] for row in rows) == {"good": 700, "bad": 300}


def test_thirteen_columns_are_categories_and_seven_are_numbers(rows):
    columns = [name for name in rows[0] if name != "creditability"]
    numbers = [name for name in columns if all(row[name].isdigit() for row in rows)]
    assert (len(columns) - len(numbers), len(numbers)) == (13, 7)


def test_the_first_two_applicants_are_those_of_the_original_file(rows):
    """The original's first lines are a single man of 67 and a woman of 22 (codes A93 and A92)."""
    assert (rows[0]["age_in_years"], rows[0]["personal_status_and_sex"]) == ("67", "male : single")
    assert (rows[1]["age_in_years"], rows[1]["personal_status_and_sex"]) == (
        "22",
        "female : divorced/separated/married",
    )
