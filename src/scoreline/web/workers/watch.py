"""Finds workers whose event loop stands still, and ends them."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterable

from scoreline.web.workers.child import Child, clock
from scoreline.web.workers.post import Post

LONGEST_BEAT_SECONDS = 1.0
LATE_BEATS = 3
ABORT_SECONDS = 2.0
"""What a stuck worker has to write down where it stands."""

log = logging.getLogger("scoreline.workers")


class Watch:
    """Counts how long each worker has told nothing, in time that this process was awake itself.

    So nobody is blamed when the whole machine, or the container with all of them in it, was stopped for a while.
    """

    def __init__(self, stuck_seconds: float, *, clock: Callable[[], float] = clock) -> None:
        """Allow a silence of ``stuck_seconds``; 0: any."""
        self.beat_seconds = min(LONGEST_BEAT_SECONDS, stuck_seconds / 4 or LONGEST_BEAT_SECONDS)
        """How often a worker tells that its event loop turns, and how often it is looked after."""
        self._stuck_seconds = stuck_seconds
        self._clock = clock
        self._looked_at = clock()

    def look(self, workers: Iterable[tuple[Post, Child]]) -> list[Post]:
        """Return those who are late; abort who is silent too long, so that it writes its stack, or kill it."""
        late = []
        now = self._clock()
        passed = min(now - self._looked_at, 2 * self.beat_seconds)
        self._looked_at = now
        for post, child in workers:
            child.silent_seconds += passed
            if child.silent_seconds > LATE_BEATS * self.beat_seconds:
                late.append(post)
            if not self._stuck_seconds or child.silent_seconds <= self._stuck_seconds:
                continue
            if not child.aborted:
                child.aborted = True
                text = "%s (pid %d) is stuck: its event loop has not turned for %g s; it is ended"
                log.error(text, post.name, child.pid, self._stuck_seconds)
                child.send(signal.SIGABRT)
            elif child.silent_seconds > self._stuck_seconds + ABORT_SECONDS:
                child.send(signal.SIGKILL)
        return late
