"""A place that one process fills at any time."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable

from scoreline.web.workers.child import Child, Voice

SETTLED_SECONDS = 1.0
"""Who dies earlier after it was ready has hardly lived."""
SHORT_PAUSE_SECONDS = 0.5
"""The first, and the longest after one that was ready or was killed: the next may well live."""
LONGEST_PAUSE_SECONDS = 30.0
"""After starts that failed by themselves."""

log = logging.getLogger("scoreline.workers")


class Post:
    """A worker's slot, or a side process: who fills it now, how those before ended, and when the next may start."""

    def __init__(self, name: str, life: Callable[[Voice], None], *, slot: int | None = None) -> None:
        self.name = name
        self.life = life
        self.slot = slot
        """Which worker it is; None for a side process."""
        self.child: Child | None = None
        self.due_at = 0.0
        """When the next process may start."""
        self.n_deaths = 0
        self.n_failures = 0
        """Starts that failed one after another."""

    @property
    def ready(self) -> bool:
        """Whether who fills it does its work."""
        return self.child is not None and self.child.ready_at is not None

    def failed(self, error: OSError, now: float) -> None:
        """Take note that no process could be made."""
        log.error(
            "%s cannot be started: %s; it is tried again %s", self.name, error, self._pause(now, LONGEST_PAUSE_SECONDS)
        )

    def lost(self, child: Child, code: int, now: float, *, asked: bool) -> None:
        """Take note of the end of ``child``, and say so in the log unless it was asked to end and did."""
        current = self.child is child
        if current:
            self.child = None
        if code in (0, -signal.SIGTERM) and (asked or not current):
            return
        how = how_it_ended(code)
        reason, stack = child.last_words, ""
        if "\n" in reason:
            reason, stack = "", reason
        when = "" if child.ready_at is not None else " before it was ready"
        text = f"{self.name} (pid {child.pid}) died{when} ({how}){reason and ': ' + reason}"
        if current and not asked:
            self.n_deaths += 1
            lasting = child.ready_at is None and code != -signal.SIGKILL
            pause = self._pause(
                now,
                LONGEST_PAUSE_SECONDS if lasting else SHORT_PAUSE_SECONDS,
                settled=child.ready_at is not None and now - child.ready_at >= SETTLED_SECONDS,
            )
            text += f"; death number {self.n_deaths}, another takes its place {pause}"
        about: dict[str, object] = {"process": self.name, "pid": child.pid, "ended": how, "deaths": self.n_deaths}
        log.warning("%s", text, extra={"about": about | ({"stack": stack} if stack else {})})

    def _pause(self, now: float, longest_seconds: float, *, settled: bool = False) -> str:
        """Who had settled is replaced at once, and so is the first who had not; then each pause is twice the last."""
        self.n_failures = 0 if settled else self.n_failures + 1
        if self.n_failures < 2:
            self.due_at = now
            return "at once"
        pause = min(SHORT_PAUSE_SECONDS * 2.0 ** min(self.n_failures - 2, 16), longest_seconds)
        self.due_at = now + pause
        return f"in {pause:g} s"


def how_it_ended(code: int) -> str:
    """Say what an exit code means; negative ones are signals."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:  # real-time signals have no names
        return f"killed by signal {-code}"
