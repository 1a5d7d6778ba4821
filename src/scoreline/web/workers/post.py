"""A place that one process fills at any time."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable

from scoreline.web.workers.child import Child, Voice

SETTLED_SECONDS = 1.0
"""Who dies earlier after it was ready has failed to start."""
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0

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
        log.error("%s cannot be started: %s; it is tried again %s", self.name, error, self._pause(now, 0.0))

    def lost(self, child: Child, code: int, now: float, *, asked: bool) -> None:
        """Take note of the end of ``child``, and say so in the log unless it was asked to end and did."""
        current = self.child is child
        if current:
            self.child = None
        if code in (0, -signal.SIGTERM) and (asked or not current):
            return
        self._say(child, how_it_ended(code), replaced=current and not asked, now=now)

    def _say(self, child: Child, how: str, *, replaced: bool, now: float) -> None:
        reason, stack = child.last_words, ""
        if "\n" in reason:
            reason, stack = "", reason
        when = "" if child.ready_at is not None else " before it was ready"
        text = f"{self.name} (pid {child.pid}) died{when} ({how}){reason and ': ' + reason}"
        if replaced:
            self.n_deaths += 1
            lived_seconds = 0.0 if child.ready_at is None else now - child.ready_at
            text += f"; death number {self.n_deaths}, another takes its place {self._pause(now, lived_seconds)}"
        about: dict[str, object] = {"process": self.name, "pid": child.pid, "ended": how, "deaths": self.n_deaths}
        log.warning("%s", text, extra={"about": about | ({"stack": stack} if stack else {})})

    def _pause(self, now: float, lived_seconds: float) -> str:
        """Who had settled is replaced at once, and so is the first who had not; then each pause is twice the last."""
        self.n_failures = 0 if lived_seconds >= SETTLED_SECONDS else self.n_failures + 1
        if self.n_failures < 2:
            self.due_at = now
            return "at once"
        pause = min(FIRST_PAUSE_SECONDS * 2.0 ** min(self.n_failures - 2, 16), LONGEST_PAUSE_SECONDS)
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
