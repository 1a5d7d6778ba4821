"""Values out of the environment, and what is wrong with them. Empty text counts as not given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, urlsplit

from scoreline.core.errors import BadSetting

MOST_DIGITS = 19
LONGEST_DAYS = 5
"""Digits; a date may not lie before the year 1."""
SHORTEST_SECRET = 32


class Secret(str):
    """A text that is not shown where settings are."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(…)"


def secret(variable: str, environment: Mapping[str, str]) -> Secret | None:
    """Read a secret that somebody made; None: not given. Raises BadSetting, without it."""
    text = environment.get(variable)
    if not text:
        return None
    if len(text) < SHORTEST_SECRET:
        raise BadSetting(
            f"{variable} has {len(text)} characters: expected {SHORTEST_SECRET} or more",
            hint="openssl rand -hex 32 makes one",
        )
    return Secret(text)


def switch(variable: str, environment: Mapping[str, str], default: str) -> bool:
    """Read ``on`` or ``off``. Raises BadSetting."""
    text = environment.get(variable) or default
    if text not in ("on", "off"):
        raise BadSetting(f"{variable} is {text!r}: expected on or off", hint=f"{variable}={default} is the default")
    return text == "on"


def origins(what: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Read the sites that are meant as browsers name them; ``*`` is every site. Raises BadSetting."""
    found = []
    for text in filter(None, (text.strip().rstrip("/").lower() for text in texts)):
        parts = urlsplit(text)
        if text != "*" and (parts.scheme not in ("http", "https") or not parts.netloc or text != _origin(parts)):
            hint = "such as https://example.com or http://localhost:3000, or * for every site"
            raise BadSetting(f"{what}: {text!r} is not the origin of a site", hint=hint)
        found.append(text)
    return tuple(found)


def _origin(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"


def proxies(what: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Read addresses and networks; ``*`` is everybody. Raises BadSetting."""
    from ipaddress import ip_network

    found = []
    for text in filter(None, map(str.strip, texts)):
        try:
            found.append(text if text == "*" else str(ip_network(text)))
        except ValueError as error:
            hint = "such as 10.0.0.7, 192.168.0.0/16 or 2001:db8::/32, or * for everybody"
            raise BadSetting(f"{what}: {text!r} is no address and no network: {error}", hint=hint) from None
    return tuple(found)


def days(variable: str, environment: Mapping[str, str], default: str = "all") -> int | None:
    """Read a number of days; None stands for ``all``. Raises BadSetting."""
    text = environment.get(variable) or default
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_DAYS):
        raise BadSetting(f"{variable} is {text!r}: expected a number of days", hint="`all` keeps all")
    return int(text)


def positive(variable: str, environment: Mapping[str, str], default: float) -> float:
    """Read a number above 0. Raises BadSetting."""
    text = environment.get(variable) or f"{default:g}"
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise BadSetting(f"{variable} is {text!r}: expected a number above 0", hint=f"{default:g} is the default")
    return number


def seconds(variable: str, environment: Mapping[str, str], default: float) -> float:
    """Read seconds, 0 or more. Raises BadSetting."""
    text = environment.get(variable) or f"{default:g}"
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise BadSetting(f"{variable} is {text!r}: expected seconds", hint=f"{variable}={default:g} is the default")
    return seconds


def whole(variable: str, environment: Mapping[str, str]) -> int | None:
    """Read a whole number above 0; None: not given. Raises BadSetting."""
    text = environment.get(variable)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS and int(text)):
        raise BadSetting(f"{variable} is {text!r}: expected a whole number above 0", hint="for example 100")
    return int(text)
