"""Arrow's moments, times of day and durations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from scoreline.scoring.frames import MICROSECONDS, Floats
from scoreline.serving.media.ipc.schema import Type

DAY_SECONDS = 86400
TICKS_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY_ONE = date(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (of columns without a zone)


def duration_seconds(ticks: npt.NDArray[Any], unit: str) -> Floats:
    """Return seconds; what is shorter than a microsecond is cut off, as polars does."""
    microseconds = np.sign(ticks) * (np.abs(ticks) // 1000) if unit == "ns" else ticks * MICROSECONDS[unit]
    seconds: Floats = microseconds / 1e6
    return seconds


def clock_texts(ticks: npt.NDArray[Any], unit: str) -> list[str]:
    """Return times of day as texts such as ``14:30:00``."""
    return [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in (ticks // TICKS_A_SECOND[unit]).tolist()]


def moments(ticks: npt.NDArray[Any], type_: Type) -> list[Any]:
    """Return dates, or datetimes in the column's zone; what lies beyond the calendar stays a NumPy moment."""
    if type_.kind == "date":
        days = ticks if type_.unit == "days" else ticks // (DAY_SECONDS * 1000)
        return [_date(day) for day in days.tolist()]
    zone = _zone(type_.zone) if type_.zone else None
    return [_moment(tick, type_.unit, zone) for tick in ticks.tolist()]


def _date(day: int) -> Any:
    try:
        return _DAY_ONE + timedelta(days=day)
    except OverflowError:
        return np.datetime64(day, "D")


def _moment(tick: int, unit: str, zone: tzinfo | None) -> Any:
    microseconds = tick // 1000 if unit == "ns" else tick * MICROSECONDS[unit]
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds)
        return moment if zone is None else moment.replace(tzinfo=UTC).astimezone(zone)
    except OverflowError:
        return np.array(tick).astype(f"datetime64[{unit}]")[()]


def _zone(name: str) -> tzinfo:
    try:
        if name[0] in "+-":
            hours, _, minutes = name[1:].partition(":")
            offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
            return timezone(-offset if name[0] == "-" else offset)
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return UTC
