"""Moments as a person types them: so long ago, or a date and time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from scoreline.core.errors import BadSetting

UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)")


def moment(option: str, text: str, now: datetime | None = None) -> datetime:
    """``90s``, ``10m``, ``1h``, ``2d`` or ``1w`` ago; ``today``, ``yesterday``; ``2026-11-20``, ``2026-11-20T10:30``.

    What has no zone is in this machine's. Raises BadSetting.
    """
    now = now or datetime.now(UTC)
    plain = text.strip().lower()
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if plain in ("today", "yesterday"):
        return (midnight - timedelta(days=plain == "yesterday")).astimezone()
    try:
        if match := _AGO.fullmatch(plain):
            return now - timedelta(seconds=float(match[1]) * UNITS[match[2]])
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise BadSetting(
            f"{option}: {text!r} is neither a length of time nor a date",
            hint="10m, 1h or 2d ago; today; 2026-11-20; 2026-11-20T10:30; 2026-11-20T10:30Z",
        ) from None


def ahead(option: str, text: str, now: datetime | None = None) -> datetime:
    """``12h``, ``90d`` or ``4w`` from now; ``2027-01-31``, ``2027-01-31T18:00``. Raises BadSetting."""
    now = now or datetime.now(UTC)
    try:
        if match := _AGO.fullmatch(text.strip().lower()):
            return now + timedelta(seconds=float(match[1]) * UNITS[match[2]])
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise BadSetting(
            f"{option}: {text!r} is neither a length of time nor a date", hint="12h, 90d, 4w; 2027-01-31"
        ) from None
