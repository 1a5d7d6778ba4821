"""Which version answers a request of a deployment that splits its requests."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from math import inf
from random import random

from scoreline.serving.active import Active

WHOLE = 100.0
"""All requests, in percent."""
_ROUNDING = 1e-9


class Split:
    """Shares of the requests, in percent and in order; ``main`` answers the rest.

    Chance decides, or, when the split is sticky, the request's key: the same key means the same version in every worker
    and after every restart. A share that grows keeps its keys, if it is the only one or those before it stay.
    """

    __slots__ = ("_answering", "_edges", "_salt")

    def __init__(self, name: str, shares: Sequence[tuple[Active, float]], main: Active, *, sticky: bool) -> None:
        self._answering = [active for active, _ in shares] + [main]
        self._edges = list(accumulate(weight for _, weight in shares))
        if self._edges[-1] > WHOLE - _ROUNDING:  # 33.3, 33.3 and 33.4 leave nothing, whatever their sum is in float64
            self._edges[-1] = inf
        self._salt = name.encode() if sticky else None
        """Tells deployments apart, so that it is not the same callers who try every new version."""

    def choose(self, key: str) -> Active:
        """Return the version that answers a request with this key (empty: it has none)."""
        if self._salt is not None and key:
            return self._answering[bisect(self._edges, _point(self._salt, key))]
        return self._answering[bisect(self._edges, random() * WHOLE)]  # noqa: S311  # no secret


def _point(salt: bytes, key: str) -> float:
    digest = blake2b(b"%b\0%b" % (salt, key.encode("utf-8", "surrogateescape")), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * WHOLE
