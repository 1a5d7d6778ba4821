"""Numbers and names as a person reads them."""

import pytest

from scoreline.cli.render import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.8e-5, "38 µs"), (0.0012, "1.2 ms"), (4.13, "4.1 s"), (125, "2 min 05 s"), (7260, "2 h 01 min")],
)
def test_a_duration_is_told_in_the_unit_that_fits(value, text):
    assert wording.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.48123, "0.4812"),
        (0.0, "0"),
        (12.3456, "12.35"),
        (25123.4, "25,123"),
        (1.2e7, "1.20e+07"),
        (0.00002, "2.00e-05"),
        (None, "–"),
        (float("nan"), "–"),
        (-1.5, "-1.5000"),
    ],
)
def test_a_score_has_four_digits_that_count(value, text):
    assert wording.score(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(12, "12 bytes"), (2710, "2.7 kB"), (412_345, "412 kB"), (3.2e9, "3.2 GB")]
)
def test_a_size_is_told_in_the_unit_that_fits(value, text):
    assert wording.size(int(value)) == text


def test_a_spread_has_the_decimals_of_its_score():
    assert wording.spread(0.01234, 0.48) == "0.0123"
    assert wording.spread(1.3201, 34.84) == "1.32"
    assert wording.spread(1.3201, 0.0) == "1.3201"
    assert wording.spread(None, 0.48) == ""


def test_one_row_is_not_rows():
    assert wording.count(1, "row") == "1 row"
    assert wording.count(12000, "row") == "12,000 rows"


def test_a_small_share_is_not_told_as_none():
    assert wording.share(0.3) == "30.0 %"
    assert wording.share(0.0012) == "0.12 %"


def test_a_long_name_keeps_its_beginning_and_its_end():
    shortened = wording.short("status_of_existing_checking_account", 20)
    assert len(shortened) == 20
    assert shortened.startswith("status_of_exi")
    assert shortened.endswith("ccount")


def test_names_that_do_not_fit_are_counted():
    names = [f"column_{i}" for i in range(30)]
    listed = wording.listing(names, 40)
    assert len(listed) <= 40
    assert listed == "column_0, column_1, and 28 more"
    assert wording.listing(names[:2], 40) == "column_0, column_1"
    assert wording.listing([], 40) == ""
