"""Texts that are dates and times: which format, and what they say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import polars as pl

from scoreline.data.numbers import float_of

ISO = "ISO 8601"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a time without a zone is UTC
SAMPLE = 500
DATES = [
    *(f"%m{s}%d{s}{year}" for s in "/-." for year in ("%Y", "%y")),
    *(f"%d{s}%m{s}{year}" for s in "/-." for year in ("%Y", "%y")),
    *("%Y/%m/%d", "%Y.%m.%d", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%a %b %d %Y", "%a, %d %b %Y"),
    *("%Y-%m", "%b %Y", "%b-%Y", "%B %Y"),
    *(f"%d{s}%b{s}{year}" for s in "-/ " for year in ("%Y", "%y")),
]
CLOCK = re.compile(
    r"(?P<date>.*?)(?P<glue>[ T]?)(?<!\d)\d{1,2}:\d{2}(?P<seconds>:\d{2})?(?P<fraction>\.\d{1,6})?"
    r"((?P<gap> ?)(?P<half>[AaPp][Mm]))?(?P<zone> ?(Z|[+-]\d{2}:?\d{2}))?"
)


class Reading(NamedTuple):
    """How the texts of a column are dates."""

    format: str
    """``ISO`` or a ``strptime`` format."""
    swapped: str | None
    """The same format with day and month exchanged, where it reads every text as well."""


def find_format(texts: pl.Series, tolerance: float) -> Reading | None:
    """Find the format of distinct ``texts`` in file order, allowing a share ``tolerance`` that is no date.

    Where day and month could be either, the order wins in which the dates move least from text to text; when even that
    is equal, month first, or day first where dots separate them.
    """
    sample = texts.gather_every(max(len(texts) // SAMPLE, 1)).to_list()
    if not sample or sum(map(_may_be_date, sample)) < (1 - tolerance) * len(sample):
        return None
    candidates = [ISO, *dict.fromkeys(format_ for text in sample[:3] for format_ in _formats_of(text))]
    read = {}
    for format_ in candidates:
        if sum(parse(text, format_) is None for text in sample) <= tolerance * len(sample):
            dates = parse_all(texts, format_)
            if dates.null_count() <= tolerance * len(texts):
                read[format_] = dates
    if not read:
        return None
    best = min(read, key=lambda format_: (read[format_].null_count(), _travel(read[format_]), _unusual(format_)))
    other = swap(best)
    rival = read.get(other) if other != best else None
    as_good = rival is not None and rival.null_count() == read[best].null_count()
    return Reading(best, other if as_good else None)


def parse_all(texts: pl.Series, format_: str) -> pl.Series:
    """Read texts as UTC datetimes [µs] without a zone: in ``format_``, else ISO 8601, else as seconds since 1970.

    That is how the scoring door reads them. Null where a text is none of these.
    """
    distinct = texts.unique().drop_nulls()
    if "%Y" in format_ and "%z" not in format_ and "%f" not in format_:
        read = distinct.str.strip_chars().str.to_datetime(format_, time_unit="us", strict=False)
        doubtful = (read.is_null() | (read.dt.year() < 1000)).fill_null(True)
        if doubtful.any():
            read = read.scatter(doubtful.arg_true(), _parse_each(distinct.filter(doubtful), format_))
    else:
        read = _parse_each(distinct, format_)
    return texts.replace_strict(distinct, read, default=None, return_dtype=pl.Datetime("us"))


def parse(text: str, format_: str) -> datetime | None:
    """Read one text; a time without zone is UTC; None where the text is not of ``format_``."""
    try:
        text = text.strip()
        # A time without a zone is UTC, so that it needs none here.
        moment = datetime.fromisoformat(text) if format_ == ISO else datetime.strptime(text, format_)  # noqa: DTZ007
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def swap(format_: str) -> str:
    """Exchange day and month in a format."""
    return format_.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def _formats_of(text: str) -> Iterator[str]:
    clock = CLOCK.fullmatch(text.strip())
    if clock is None:
        yield from DATES
        return
    time = "%I:%M" if clock["half"] else "%H:%M"
    time += ":%S" if clock["seconds"] else ""
    time += ".%f" if clock["fraction"] else ""
    time += f"{clock['gap']}%p" if clock["half"] else ""
    if clock["zone"]:
        time += " %z" if clock["zone"].startswith(" ") else "%z"
    if not clock["date"]:
        yield time
        return
    for date in DATES:
        yield f"{date}{clock['glue']}{time}"


def _parse_each(texts: pl.Series, format_: str) -> pl.Series:
    return pl.Series(texts.name, [_parse_any(text, format_) for text in texts.to_list()], dtype=pl.Datetime("us"))


def _parse_any(text: str, format_: str) -> datetime | None:
    moment = parse(text, format_) or parse(text, ISO)
    seconds = float_of(text) if moment is None else None
    if seconds is None or not math.isfinite(seconds):
        return moment
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _may_be_date(text: str) -> bool:
    return 4 <= len(text) <= 40 and any(c.isdigit() for c in text) and any(c in "/-.: " for c in text.strip())


def _travel(read: pl.Series) -> int:
    return int(read.drop_nulls().diff().abs().dt.total_seconds().sum() or 0)


def _unusual(format_: str) -> bool:
    return format_ != ISO and not format_.startswith("%d" if "." in format_ else "%m")
