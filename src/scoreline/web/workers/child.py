"""A forked process: what its parent sees of it, and what it can tell its parent."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

from scoreline.core.errors import ScorelineError

clock = time.monotonic
MOST_WORDS = 64 << 10
BEAT, READY, LEAVING = b".", b"r", b"l"


class Voice:
    """What a child tells its parent. It never waits, and a parent that is gone is not missed here."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def beat(self) -> None:
        """Say that the event loop turns."""
        self._say(BEAT)

    def ready(self) -> None:
        """Say that requests are answered from now on."""
        self._say(READY)

    def leaving(self) -> None:
        """Say that no more is accepted from now on."""
        self._say(LEAVING)

    def _say(self, what: bytes) -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._pipe, what)


class Child:
    """A child as its parent sees it."""

    def __init__(self, pid: int, told: int, words: int) -> None:
        self.pid = pid
        self.ready_at: float | None = None
        self.leaving = False
        self.silent_seconds = 0.0
        """How long it has told nothing; who watches it adds to this."""
        self.aborted = False
        self.ends_by = float("inf")
        """When it is killed, having been asked to end."""
        self._told = told
        self._words = words
        self._heard = b""
        self.pipes = {told, words}
        """What becomes readable when it has told something."""

    def listen(self) -> None:
        """Take in what it told."""
        told = self._read(self._told)
        if told:
            self.silent_seconds = 0.0
        if READY in told:
            self.ready_at = clock()
        if LEAVING in told:
            self.leaving = True
        self._heard = (self._heard + self._read(self._words))[:MOST_WORDS]

    @property
    def last_words(self) -> str:
        """Why it ended, as far as it could say: a sentence, or a stack of many lines."""
        return self._heard.decode(errors="replace").strip()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal. It has not been waited for, so the pid is still its own."""
        os.kill(self.pid, number)

    def close(self) -> None:
        """Close the pipes."""
        for pipe in (self._told, self._words):
            os.close(pipe)
        self.pipes = set()

    def _read(self, pipe: int) -> bytes:
        if pipe not in self.pipes:
            return b""
        try:
            found = os.read(pipe, MOST_WORDS)
        except BlockingIOError:
            return b""
        if not found:
            self.pipes.discard(pipe)
        return found


def fork(life: Callable[[Voice], None]) -> Child:
    """Run ``life`` in a process of its own, which ends with it. Raises OSError when there can be no more processes.

    In the child SIGINT is ignored, since a terminal sends Ctrl-C to parent and child alike, and SIGTERM ends it until
    ``life`` has a better answer. Why it failed, or the stacks of its threads where it crashed, reach the parent as
    ``last_words``.
    """
    with contextlib.ExitStack() as undo:
        pipes = []
        for _ in range(2):
            ends = os.pipe()
            for end in ends:
                undo.callback(os.close, end)
            pipes.append(ends)
        (told, telling), (words, saying) = pipes
        for end in (told, telling, words):
            os.set_blocking(end, False)
        _flush()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGCHLD})
        try:
            pid = os.fork()
            if not pid:
                os.close(told)
                os.close(words)
                _live(life, Voice(telling), saying, before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        undo.pop_all()
    os.close(telling)
    os.close(saying)
    return Child(pid, told, words)


def _live(life: Callable[[Voice], None], voice: Voice, words: int, mask: set[int]) -> NoReturn:
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        faulthandler.enable(words, all_threads=True)
        life(voice)
        status = 0
    except ScorelineError as error:
        os.write(words, str(error).encode())
    except BaseException:
        os.write(words, traceback.format_exc().encode())
    finally:
        _flush()
        os._exit(status)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
