"""Proxies in front of the server: what those that are trusted say of the caller, and of the address that it wrote."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from scoreline.web.forwarded import NAMES, Hop, hops_of

EVERYBODY = "*"
MOST_HOPS = 32
N_KEPT, LONGEST_KEPT_BYTES = 4096, 256
"""Ways of requests that are remembered: callers ask again and again. To read one takes 10 µs."""
LONGEST_ADDRESS, LONGEST_HOST = 64, 255
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

Headers = Iterable[tuple[bytes, bytes]]


class Came(NamedTuple):
    """How a request came to the outermost proxy that is trusted, or here, where there is none."""

    caller: str
    """Address of the caller."""
    scheme: str
    host: bytes
    """The one that was asked for; empty: what ``Host`` says."""


class Proxies:
    """The proxies that are trusted: addresses, networks, or ``*`` for everybody."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self.everybody = EVERYBODY in trusted
        """Whether anyone who reaches the server is trusted."""
        self._networks = [ipaddress.ip_network(text, strict=False) for text in trusted if text != EVERYBODY]
        self._is_in_them = lru_cache(N_KEPT)(self._find)
        self._known_way = lru_cache(N_KEPT)(self._way)

    def trusts(self, address: str) -> bool:
        """Whether what comes from an address may say who sent it there."""
        return self.everybody or (0 < len(address) <= LONGEST_ADDRESS and self._is_in_them(address))

    def came(self, peer: str, scheme: str, headers: Headers) -> Came:
        """Read what ``peer``, which is trusted, says of the way of a request.

        The caller is the nearest address that is not trusted itself: what stands before it is what that one says.
        """
        said = tuple([header for header in headers if header[0] in NAMES])
        is_short = sum([len(value) for _, value in said]) <= LONGEST_KEPT_BYTES
        return self._known_way(peer, scheme, said) if is_short else self._way(peer, scheme, said)

    def _way(self, peer: str, scheme: str, said: tuple[tuple[bytes, bytes], ...]) -> Came:
        hops = hops_of(said)
        caller, nearest = peer, Hop()
        for hop in reversed(hops[-MOST_HOPS:]):
            nearest = hop
            address = _read(hop.caller)
            if address is None:
                break
            caller = str(address)
            if not self.trusts(caller):
                break
        told = nearest.scheme.lower()
        host = nearest.host if len(nearest.host) <= LONGEST_HOST and _HOST.fullmatch(nearest.host) else ""
        return Came(caller, told if told in ("http", "https") else scheme, host.encode())

    def _find(self, text: str) -> bool:
        address = _read(text)
        return address is not None and any(address in network for network in self._networks)


class Proxied:
    """Has requests that come from trusted proxies answered as if they came straight from their callers."""

    def __init__(self, app: ASGIApp, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            client = scope["client"] or ("", 0)
            if self._proxies.trusts(client[0]):
                came = self._proxies.came(client[0], scope["scheme"], scope["headers"])
                scope["scheme"] = came.scheme
                if came.caller != client[0]:
                    scope["client"] = (came.caller, 0)
                if came.host:
                    others = [header for header in scope["headers"] if header[0] != b"host"]
                    scope["headers"] = [(b"host", came.host), *others]
        await self._app(scope, receive, send)


def _read(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an address, with a port or without; None where it is none, such as a name that hides one."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    if len(text) > LONGEST_ADDRESS or "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
