"""Shadow scoring: another version scores a share of the requests too; nobody waits for it, and only the log sees it."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from random import random
from typing import NamedTuple

from scoreline.core.errors import ScorelineError
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked, Run, Watcher, clock
from scoreline.serving.split import WHOLE

N_WAITING = 2048
"""Requests that may wait for the shadow, …"""
WAITING_BYTES = 64 * 1024 * 1024
"""… and how large they may be together."""
DECODED_BYTES = 64 * 1024
"""A body of JSON of this size is not decoded a second time, as one of another medium that is not quick: nobody else
would run for milliseconds."""
GATHER_SECONDS = 0.002
"""How long requests are gathered: one run of many costs those who answer less than many runs."""
N_AT_ONCE = 64
"""Requests scored in one run; between two runs those who answer have their turn."""

log = logging.getLogger("scoreline.serving")


class _Taken(NamedTuple):
    """Requests of a run that wait: all of them, or those ``chosen``."""

    run: Run
    shadow: Active
    chosen: Sequence[bool] | None
    bodies: Sequence[bytes] | None
    """Theirs, where the shadow reads them otherwise; a request may let go of its own."""
    n: int
    n_bytes: int


class ShadowScoring:
    """A watcher that gives requests to the shadows of their versions; ``watchers`` are told of the runs of these.

    One thread scores, which is started at the first request. What does not fit into its queue is dropped and counted.
    """

    def __init__(
        self, watchers: Sequence[Watcher], *, n_waiting: int = N_WAITING, waiting_bytes: int = WAITING_BYTES
    ) -> None:
        self._watchers = tuple(watchers)
        self._most, self._most_bytes = n_waiting, waiting_bytes
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        self._idle = threading.Condition(self._lock)
        self._queue: list[_Taken] = []
        self._n = self._n_bytes = 0
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._told: set[tuple[str, int]] = set()
        self._closed = False
        self._thread: threading.Thread | None = None

    def counts(self) -> Mapping[tuple[str, ...], float]:
        """Return how many requests of each deployment were ``scored``, were ``dropped``, have ``failed``."""
        with self._lock:
            return dict(self._counts)

    def answered(self, run: Run) -> None:
        """Give the shadow its share of the requests of ``run``."""
        active = run.active
        shadow = active.shadow
        if shadow is None:
            return
        asked, chosen = run.asked, _choose(active.shadow_share, len(run.asked))
        if chosen is not None:
            asked = list(compress(asked, chosen))
        if not asked:
            return
        bodies = [one.body for one in asked]
        n_bytes = sum(map(len, bodies)) + run.rows.numbers.nbytes + run.rows.texts.nbytes
        fits = active.alike or all(map(_is_quick, asked))
        taken = _Taken(run, shadow, chosen, None if active.alike else bodies, len(asked), n_bytes)
        with self._lock:
            if not fits or self._closed or self._n + taken.n > self._most or self._n_bytes + n_bytes > self._most_bytes:
                self._counts[active.full_name, "dropped"] += taken.n
                return
            self._n += taken.n
            self._n_bytes += n_bytes
            self._queue.append(taken)
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="scoreline-shadow", daemon=True)
                self._thread.start()
            elif len(self._queue) == 1:
                self._filled.notify()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until nothing waits to be scored; tell whether that came to be within ``seconds``."""
        with self._lock:
            return self._idle.wait_for(lambda: self._n == 0, seconds)

    def close(self, seconds: float = 2.0) -> None:
        """Take no more requests, and score those that wait for so long."""
        with self._lock:
            self._closed = True
            self._filled.notify()
        self.wait(seconds)

    # In the thread

    def _follow(self) -> None:
        while True:
            with self._lock:
                self._filled.wait_for(lambda: self._queue or self._closed)
                if not self._queue:
                    return
            time.sleep(GATHER_SECONDS)
            with self._lock:
                taken, self._queue = self._queue, []
            for part in _parts(taken):
                try:
                    self._score(part)
                except Exception:
                    log.exception("the shadow of deployment `%s` failed", part[0].shadow.full_name)
                with self._lock:
                    self._n -= sum(one.n for one in part)
                    self._n_bytes -= sum(one.n_bytes for one in part)
                    if self._n == 0:
                        self._idle.notify_all()

    def _score(self, part: Sequence[_Taken]) -> None:
        shadow = part[0].shadow
        begun_at = clock()
        asked: list[Asked] = []
        sizes: list[int] = []
        blocks: list[Rows] = []
        for taken in part:
            run = taken.run
            if taken.chosen is not None:
                run = Run(run.active, run.asked, run.sizes, run.rows, run.values)
                run.keep(taken.chosen)
            if taken.bodies is None:
                asked += run.asked
                sizes += run.sizes
                blocks.append(run.rows)
                continue
            for one, body in zip(run.asked, taken.bodies, strict=True):
                try:
                    decoded = one.medium.read(body, shadow) if one.medium else one.dialect.decode(body, shadow).decoded
                    rows = decoded.rows
                except Exception as error:
                    self._failed(shadow, error)
                else:
                    asked.append(one)
                    sizes.append(len(rows))
                    blocks.append(rows)
        if asked:
            rows = blocks[0] if len(blocks) == 1 else Rows.join(blocks)
            self._run(shadow, asked, sizes, rows, begun_at, clock())

    def _run(
        self,
        shadow: Active,
        asked: Sequence[Asked],
        sizes: Sequence[int],
        rows: Rows,
        begun_at: float,
        decoded_at: float,
    ) -> None:
        scoring_at = clock()
        try:
            values = shadow.pipeline.score_rows(rows).values
        except Exception as error:
            if len(asked) == 1:
                self._failed(shadow, error)
                return
            begin = 0
            for one, size in zip(asked, sizes, strict=True):  # whose fault it is shows when each is scored alone
                self._run(shadow, [one], [size], rows[begin : begin + size], begun_at, decoded_at)
                begin += size
            return
        run = Run(shadow, asked, sizes, rows, values)
        run.begun_at, run.decoded_at, run.scoring_at = begun_at, decoded_at, scoring_at
        run.scored_at = run.encoded_at = clock()
        for watcher in self._watchers:
            watcher.answered(run)
        self._count(shadow.full_name, "scored", len(asked))

    def _failed(self, shadow: Active, error: Exception) -> None:
        self._count(shadow.full_name, "failed", 1)
        if (shadow.full_name, shadow.version) not in self._told:
            self._told.add((shadow.full_name, shadow.version))
            what = error.code if isinstance(error, ScorelineError) else type(error).__name__  # no values of a caller's
            log.warning(
                "deployment `%s`: version %d cannot score, for the log only, what another version has scored: %s;"
                " this is said once, and counted each time",
                shadow.full_name,
                shadow.version,
                what,
            )

    def _count(self, deployment: str, result: str, n: int) -> None:
        with self._lock:
            self._counts[deployment, result] += n


def _is_quick(one: Asked) -> bool:
    """Whether the body is decoded within about a millisecond."""
    return len(one.body) < DECODED_BYTES and (one.medium is None or one.medium.is_quick(one.body))


def _choose(share: float, n: int) -> list[bool] | None:
    """Choose requests by chance; None: all."""
    if share >= WHOLE:
        return None
    return [random() * WHOLE < share for _ in range(n)]  # noqa: S311  # no secret


def _parts(taken: Sequence[_Taken]) -> Iterator[list[_Taken]]:
    """Give what one shadow scores in one run."""
    gathered: dict[int, tuple[list[_Taken], int]] = {}
    for one in taken:
        part, n = gathered.get(id(one.shadow), ([], 0))
        part.append(one)
        if n + one.n >= N_AT_ONCE:
            gathered.pop(id(one.shadow), None)
            yield part
        else:
            gathered[id(one.shadow)] = part, n + one.n
    for part, _ in gathered.values():
        yield part
