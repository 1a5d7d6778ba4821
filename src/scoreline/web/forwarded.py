"""The headers in which proxies say for whom they ask: ``X-Forwarded-*``, and ``Forwarded`` of RFC 7239."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

FOR, PROTO, HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"
STANDARD = b"forwarded"
NAMES = frozenset((FOR, PROTO, HOST, STANDARD))
_PAIR = re.compile(r'\s*(?:([!#-\'*+.^-`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"=]*)))?\s*([;,]|\Z)', re.ASCII)


class Hop(NamedTuple):
    """What one proxy says of who asked it. What it does not say is empty."""

    caller: str = ""
    scheme: str = ""
    host: str = ""


def hops_of(headers: Iterable[tuple[bytes, bytes]]) -> list[Hop]:
    """Return what each proxy on the way of a request says, the nearest one last; ``headers`` are those of ``NAMES``.

    ``Forwarded`` counts only where no ``X-Forwarded-*`` is there: most proxies write these, and pass on what their
    callers put into the other.
    """
    said: dict[bytes, list[str]] = {}
    for name, value in headers:
        said.setdefault(name, []).append(value.decode("latin-1"))
    standard = said.pop(STANDARD, [])
    if not said:
        return _read_standard(", ".join(standard))
    callers, schemes, hosts = (_listed(said.get(name, [])) for name in (FOR, PROTO, HOST))
    n = max(len(callers), 1)
    return [Hop(callers[i] if callers else "", _same(schemes, n - i), _same(hosts, n - i)) for i in range(n)]


def _listed(values: list[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",")]


def _same(values: list[str], from_last: int) -> str:
    """Return the value of a hop. Some proxies add theirs to those before, some leave the first one or the last."""
    return values[-min(from_last, len(values))] if values else ""


def _read_standard(text: str) -> list[Hop]:
    """Read ``Forwarded``. One that is not whole says nothing: a caller's open quote could hide what a proxy adds."""
    hops: list[Hop] = []
    pairs: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None or (found[1] or "").lower() in pairs:
            return []
        if found[1]:
            pairs[found[1].lower()] = re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None else found[3]
        at = found.end()
        if found[4] != ";" or at == len(text):
            hops.append(Hop(pairs.get("for", ""), pairs.get("proto", ""), pairs.get("host", "")))
            pairs = {}
    return hops
