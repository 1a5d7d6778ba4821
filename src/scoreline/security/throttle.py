"""Whoever gives wrong passwords waits, longer each time: by name, and by origin. All workers count together."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from datetime import datetime, timedelta
from typing import NamedTuple

from scoreline.core.errors import TooManyRequests
from scoreline.core.identities import FailedLogins
from scoreline.security.seams import SecurityRecords

FREE_BY_NAME = 5
FREE_BY_ORIGIN = 20
"""Wrong passwords before there is any wait. Many people may share an origin."""
LONGEST_WAIT_SECONDS = 900
FORGOTTEN_AFTER = timedelta(hours=1)
IPV6_NETWORK = 64
"""Bits: what one caller has of IPv6 is at least a network of this size."""


class Subject(NamedTuple):
    """Whose wrong passwords are counted."""

    digest: str
    free: int


def subjects(name: str, origin: str) -> list[Subject]:
    """Return those that a login is counted for: the name and, where it is known, the origin."""
    found = [Subject(_digest("name", name.casefold()), FREE_BY_NAME)]
    if origin:
        found.append(Subject(_digest("origin", _network(origin)), FREE_BY_ORIGIN))
    return found


def check(records: SecurityRecords, whose: list[Subject], now: datetime) -> None:
    """Raise TooManyRequests, with the seconds to wait, when one of them has to wait."""
    seconds = max(_wait(records, subject, now) for subject in whose)
    if seconds > 0:
        raise TooManyRequests(
            f"too many wrong passwords: wait {seconds} seconds",
            hint="a right password before then is refused, too; an administrator can set a new one",
            retry_seconds=seconds,
        )


def count(records: SecurityRecords, whose: list[Subject], now: datetime) -> None:
    """Count a wrong password."""
    records.forget_failed_logins(before=now - FORGOTTEN_AFTER)
    for subject in whose:
        before = records.failed_logins(subject.digest)
        records.put_failed_logins(subject.digest, FailedLogins(n=before.n + 1 if before else 1, last_at=now))


def forget(records: SecurityRecords, name: str) -> None:
    """Forget a name's wrong passwords: its right one was given. Those of the origin stay."""
    records.forget_failed_logins(subject=subjects(name, "")[0].digest)


def _wait(records: SecurityRecords, subject: Subject, now: datetime) -> int:
    failed = records.failed_logins(subject.digest)
    if failed is None or failed.n < subject.free:
        return 0
    whole = min(1 << min(failed.n - subject.free, 20), LONGEST_WAIT_SECONDS)
    return min(math.ceil(whole - (now - failed.last_at).total_seconds()), whole)


def _network(origin: str) -> str:
    try:
        address = ipaddress.ip_address(origin.partition("%")[0])
    except ValueError:
        return origin
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))


def _digest(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind} {text}".encode()).hexdigest()
