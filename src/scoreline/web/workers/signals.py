"""Signals and the end of another process, as bytes on a pipe."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Signals:
    """Signals that can be waited for together with other files; entered and left in the main thread."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers
        self._before: dict[int, Any] = {}
        self._reading, self._writing = -1, -1

    def __enter__(self) -> Signals:
        self._reading, self._writing = os.pipe()
        for end in (self._reading, self._writing):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _nothing) for number in self._numbers}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(-1)
        self.close()

    def fileno(self) -> int:
        """Return what becomes readable when a signal came."""
        return self._reading

    def read(self) -> list[int]:
        """Return the signals that came since."""
        with contextlib.suppress(BlockingIOError):
            return list(os.read(self._reading, 4096))
        return []

    def close(self) -> None:
        """Close the pipe: for a child, which has signals of its own."""
        os.close(self._reading)
        os.close(self._writing)


class Lifeline:
    """A pipe that one process keeps open and never writes to: its end tells the others that this process is gone."""

    def __init__(self) -> None:
        self._held, self._open = os.pipe()

    def watch(self, gone: Callable[[], None]) -> None:
        """In a child: call ``gone`` from a thread once the process that made the lifeline has ended, however it did."""
        os.close(self._open)

        def wait() -> None:
            os.read(self._held, 1)
            gone()

        threading.Thread(target=wait, name="scoreline-lifeline", daemon=True).start()

    def close(self) -> None:
        """Cut it: the children are told."""
        os.close(self._held)
        os.close(self._open)


def event_of(number: signal.Signals) -> threading.Event:
    """Return an event that ``number`` sets.

    A thread sets it: a handler that did would wait for the lock of an event that the main thread is just asking.
    """
    event = threading.Event()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wait() -> None:
        os.read(reading, 1)
        event.set()

    threading.Thread(target=wait, name="scoreline-signal", daemon=True).start()
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(number, _nothing)
    return event


def _nothing(*_: object) -> None:
    """Let the signal go: its number is on the pipe."""
