"""Values of options that are more than one word: lists, durations, assignments."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import get_args

from scoreline.core.errors import BadSetting
from scoreline.core.schema import ColumnType

LARGEST_PORT = 65535
MOST_WORKERS = 1024
UNIT_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?")


def names(values: Sequence[str]) -> tuple[str, ...]:
    """``["a,b", "c"]`` → ``("a", "b", "c")``; a name with a comma stands in double quotes, as in a CSV."""
    found = [name.strip() for value in values for name in next(csv.reader([value], skipinitialspace=True), [])]
    return tuple(dict.fromkeys(name for name in found if name))


def duration(text: str) -> float:
    """``90``, ``90s``, ``1.5m`` or ``1h`` → seconds. Raises BadSetting."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or float(match[1]) == 0:
        raise BadSetting(f"--time: {text!r} is not a length of time", hint="seconds, or a unit: 90, 10m, 1h")
    return float(match[1]) * UNIT_SECONDS[match[2] or ""]


def types(values: Sequence[str]) -> dict[str, str]:
    """``["zip=category", "day=datetime:%d/%m/%Y"]`` → ``{"zip": "category", …}``. Raises BadSetting."""
    found: dict[str, str] = {}
    for value in values:
        column, _, name = value.rpartition("=")
        kind, _, date_format = name.partition(":")
        if not column or kind not in get_args(ColumnType) or (date_format and kind != "datetime"):
            raise BadSetting(
                f"--type: {value!r} is not COLUMN=TYPE",
                hint=f"TYPE is one of {', '.join(get_args(ColumnType))}; datetime:%d/%m/%Y says how dates are written",
            )
        found[column] = name
    return found


def shares(values: Sequence[str]) -> dict[str, float]:
    """``["challenger=10", "@7=5%"]`` → ``{"challenger": 10.0, "7": 5.0}``. Raises BadSetting."""
    found: dict[str, float] = {}
    for value in values:
        reference, percent = share("traffic", value)
        if reference in found:
            raise BadSetting(f"traffic: {reference} is there twice", hint="say it once")
        found[reference] = percent
    return found


def share(what: str, text: str, otherwise: float | None = None) -> tuple[str, float]:
    """``challenger=10`` → ``("challenger", 10.0)``; without a percentage it is ``otherwise``. Raises BadSetting."""
    reference, equals, percent = text.partition("=")
    try:
        number = otherwise if otherwise is not None and not equals else float(percent.strip().removesuffix("%"))
    except ValueError:
        number = None
    reference = reference.strip().removeprefix("@")
    if not reference or number is None:
        raise BadSetting(
            f"{what}: {text!r} is not VERSION=PERCENT", hint="an alias or a number, and percent: challenger=10, 7=2.5"
        )
    return reference, number


def n_workers(text: str) -> int:
    """Read a number of workers, or ``auto``. Raises BadSetting."""
    from scoreline.web.workers import usable_cores

    if text == "auto":
        return usable_cores()
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_WORKERS:
        raise BadSetting(
            f"{text!r} is no number of workers", hint=f"--workers or SCORELINE_WORKERS: 1 to {MOST_WORKERS}, or auto"
        )
    return int(text)


def origins(values: Sequence[str]) -> tuple[str, ...]:
    """``["https://a.example,https://b.example", "*"]`` → each by itself. Raises BadSetting."""
    from scoreline.app import environment

    return environment.origins("--cors-origin", names(values))


def proxies(values: Sequence[str]) -> tuple[str, ...]:
    """``["10.0.0.7,192.168.0.0/16"]`` → each by itself. Raises BadSetting."""
    from scoreline.app import environment

    return environment.proxies("--trusted-proxies", names(values))


def port_number(text: str, option: str = "--port") -> int:
    """Read the TCP port that ``option`` names. Raises BadSetting."""
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST_PORT:
        or_auto = ", or auto" if option == "--port" else ""
        raise BadSetting(f"{option}: {text!r} is not a port", hint=f"a number up to {LARGEST_PORT}{or_auto}")
    return int(text)
