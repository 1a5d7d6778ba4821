"""What a worker takes in at once. What is more is refused before it takes memory, and told when to come again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from scoreline.app.settings import Settings
from scoreline.core.errors import TooLarge, TooManyRequests, Unavailable

MB = 1024 * 1024
PRESSED_SECONDS = 10.0
"""How long after a refusal bodies have to hurry: one that trickles in must not keep the memory from all others."""


class Limits(NamedTuple):
    """How much a worker takes in."""

    body_bytes: int = 64 * MB
    """The largest body of one request."""
    bodies_bytes: int = 512 * MB
    """Bodies that are received, wait or are answered, over all connections."""
    n_pending: int | None = None
    """Requests of one deployment that are received and not answered; None: any number."""
    n_connections: int = 20_000


LIMITS = Limits()
MUCH_BYTES, LITTLE_BYTES = 64 * MB, MB
"""Bodies let go since memory was last given back, after which it is again: while others are held, and when none is."""
N_TURNED_AWAY = 128
"""Connections beyond the limit that are told why; those beyond them too are closed without a word."""


class Admission:
    """Counts what is in the worker; raises where something more is too much."""

    def __init__(self, limits: Limits, on_let_go: Callable[[], object] = lambda: None) -> None:
        self.body_bytes = min(limits.body_bytes, limits.bodies_bytes)
        self.n_connections = limits.n_connections
        self.turned_away: set[object] = set()
        """Connections beyond the limit that are being told so."""
        self.counts_pending = limits.n_pending is not None
        self.held_bytes = 0
        """Bytes of bodies that are in the worker, or have been announced."""
        self._let_go_bytes = 0
        self._on_let_go = on_let_go
        self._bodies_bytes = limits.bodies_bytes
        self._n_pending = limits.n_pending or 0
        self._pending: Counter[str] = Counter()
        self._refused_at = -PRESSED_SECONDS

    @property
    def n_turned_away(self) -> int:
        """How many connections may be told at once that they are too many."""
        return min(N_TURNED_AWAY, self.n_connections // 4)

    def hold(self, n_bytes: int) -> None:
        """Count bytes of a body that comes. Raises Unavailable when there would be too many; ``let_go`` ends it."""
        if self.held_bytes + n_bytes > self._bodies_bytes:
            self._refused_at = time.monotonic()
            raise Unavailable(
                f"the server holds {_size(self.held_bytes)} of requests, and this one would make it more than "
                f"{_size(self._bodies_bytes)}, its limit",
                hint="send it again in a moment, or send fewer rows a request",
            )
        self.held_bytes += n_bytes

    def keep(self, n_bytes: int) -> None:
        """Count bytes that are there whether they are welcome or not."""
        self.held_bytes += n_bytes

    def let_go(self, n_bytes: int) -> None:
        """Count these bytes no more."""
        self.held_bytes -= n_bytes
        self._let_go_bytes += n_bytes
        if self._let_go_bytes > (MUCH_BYTES if self.held_bytes else LITTLE_BYTES):
            self._let_go_bytes = 0
            self._on_let_go()

    def is_pressed(self) -> bool:
        """Whether a body was refused a moment ago, because others hold the memory."""
        return time.monotonic() - self._refused_at < PRESSED_SECONDS

    def check_size(self, n_bytes: int) -> None:
        """Raise TooLarge for a body of more bytes than one may have."""
        if n_bytes > self.body_bytes:
            raise TooLarge(
                f"the body is larger than {_size(self.body_bytes)}, the limit of this server",
                hint="send fewer rows a request, or score the file with `scoreline score`",
            )

    def begin(self, deployment: str) -> None:
        """Count a request as received. Raises TooManyRequests when as many as may wait for an answer do."""
        if self.counts_pending and self._pending[deployment] >= self._n_pending:
            raise TooManyRequests(
                f"{self._n_pending} requests of deployment `{deployment}` wait for their answers, as many as may",
                hint="send it again in a moment; SCORELINE_MAX_PENDING is the limit",
            )
        self._pending[deployment] += 1

    def end(self, deployment: str) -> None:
        """Count a request as answered."""
        self._pending[deployment] -= 1

    @contextmanager
    def pending(self, deployment: str) -> Iterator[None]:
        """Count a request while it is answered."""
        self.begin(deployment)
        try:
            yield
        finally:
            self.end(deployment)


class Body:
    """The bytes of one body as they are counted; on leaving they are no more."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._n_bytes = 0

    def hold(self, n_bytes: int) -> None:
        """Count it as of so many bytes. Raises TooLarge, Unavailable."""
        self._admission.check_size(n_bytes)
        if n_bytes > self._n_bytes:
            self._admission.hold(n_bytes - self._n_bytes)
            self._n_bytes = n_bytes

    def let_go(self) -> None:
        """Count it no more."""
        self._admission.let_go(self._n_bytes)
        self._n_bytes = 0

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *exception: object) -> None:
        self.let_go()


def _size(n_bytes: int) -> str:
    return f"{n_bytes / MB:.3g} MB" if n_bytes >= MB else f"{n_bytes} bytes"


def limits_of(settings: Settings) -> Limits:
    """Return the limits that are set."""
    return Limits(
        body_bytes=int(settings.max_body_mb * MB),
        bodies_bytes=int(settings.max_bodies_mb * MB),
        n_pending=settings.max_pending,
        n_connections=settings.max_connections,
    )
