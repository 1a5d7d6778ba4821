"""Scripts of other sites may ask this server: which sites, and what their browsers are told."""

from __future__ import annotations

from collections.abc import Iterable

EVERYONE = "*"
PREFLIGHT_SECONDS = 7200
"""How long a browser remembers what it may ask; Chrome remembers nothing longer."""

Headers = tuple[tuple[str, str], ...]


class Cors:
    """Origins whose scripts may read the answers. Cookies are never asked for: a key is a header."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)
        self._everyone = EVERYONE in self._origins

    def headers(self, origin: str) -> Headers:
        """Return what goes with every answer to a script of ``origin``; nothing where it may not read them."""
        if self._everyone:
            return (("access-control-allow-origin", EVERYONE), ("access-control-expose-headers", EVERYONE))
        if origin not in self._origins:
            return ()
        return (
            ("access-control-allow-origin", origin),
            ("access-control-expose-headers", EVERYONE),
            ("vary", "origin"),
        )

    def preflight(self, methods: str, wanted_headers: str) -> Headers:
        """Return what else goes with the answer to a browser that asks before it asks."""
        allowed = (("access-control-allow-headers", wanted_headers),) if wanted_headers else ()
        return (
            ("access-control-allow-methods", methods),
            *allowed,
            ("access-control-max-age", str(PREFLIGHT_SECONDS)),
        )
