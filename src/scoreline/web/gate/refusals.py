"""Callers who are known and ask for more than they may: the audit log has them, once a minute for the same."""

from __future__ import annotations

from typing import Protocol

from scoreline.core.access import Access, Needs
from scoreline.core.identities import Outcome

RECORDED: frozenset[Needs] = frozenset({"score", "edit", "admin"})
"""What is asked for in vain, so that it is recorded."""
ACTION = "request"
MOST = 100
"""Records a minute and worker: a caller cannot fill the log."""

Refused = tuple[str, str]
"""An access's id, and what it asked for: a method and a path."""


class Recorder(Protocol):
    """Writes into the audit log."""

    def record(self, action: str, target: str, access: Access, origin: str = "", outcome: Outcome = "done") -> None:
        """Write a record."""
        ...


class Refusals:
    """Those of the last minute. They are noted in the event loop, and written in a thread."""

    def __init__(self) -> None:
        self._waiting: dict[Refused, tuple[Access, str]] = {}
        self._written: set[Refused] = set()

    def note(self, access: Access, needs: Needs, asked: str, origin: str) -> None:
        """Note a request whose caller may not do what it needs."""
        refused = access.id, asked
        if needs in RECORDED and refused not in self._written and len(self._waiting) + len(self._written) < MOST:
            self._waiting[refused] = access, origin

    def write(self, recorder: Recorder) -> None:
        """Write what was noted."""
        for refused, (access, origin) in list(self._waiting.items()):
            recorder.record(ACTION, refused[1], access, origin, "refused")
            self._written.add(refused)
            del self._waiting[refused]

    def forget(self) -> None:
        """Begin the next minute."""
        self._written = set()
