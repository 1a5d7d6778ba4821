"""Moments as they are typed."""

from datetime import UTC, datetime, timedelta

import pytest

from scoreline.cli.moments import moment
from scoreline.core.errors import BadSetting

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("1.5h", timedelta(minutes=90)),
        (" 2 d ", timedelta(days=2)),
        ("1W", timedelta(weeks=1)),
    ],
)
def test_a_length_of_time_is_so_long_ago(text, ago):
    assert moment("--since", text, NOW) == NOW - ago


def test_a_time_with_a_zone_is_that_time():
    assert moment("--since", "2026-11-20T10:30Z") == datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    assert moment("--since", "2026-11-20 10:30:15.5+02:00") == datetime(2026, 11, 20, 8, 30, 15, 500000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T10:30"])
def test_a_time_without_a_zone_is_this_machine_s(text):
    assert moment("--since", text) == datetime.fromisoformat(text).astimezone()


def test_days_begin_at_midnight():
    today = NOW.astimezone().replace(hour=0, minute=0)
    assert moment("--since", "today", NOW) == today
    assert moment("--until", "Yesterday", NOW).astimezone().date() == today.date() - timedelta(days=1)


@pytest.mark.parametrize("text", ["", "1y", "soon", "2026-13-01", "99999999999999d", "-1h"])
def test_anything_else_is_told_with_its_option(text):
    with pytest.raises(BadSetting, match="--until"):
        moment("--until", text)
