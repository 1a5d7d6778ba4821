"""Processes that translate tables which may be damaged, started when the first is needed."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections import deque
from threading import Timer
from typing import BinaryIO, cast

from scoreline.core import python
from scoreline.core.errors import BadRequest
from scoreline.core.translation import ToTranslate, Translated, read, write

LONGEST_SECONDS = 20.0
"""A table that takes longer is refused: one of 64 MB takes two."""


class Translator:
    """Translates tables, each in a process that does nothing else meanwhile. Safe in threads.

    A process is kept for the next table; it ends by itself when none comes.
    """

    def __init__(self, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._longest_seconds = longest_seconds
        self._idle: deque[_Process] = deque()

    def __call__(self, asked: ToTranslate, body: bytes) -> tuple[Translated, bytes]:
        """Translate a table. Raises BadRequest for bytes that are no such table, TooLarge beyond the limits."""
        while self._idle:
            with contextlib.suppress(IndexError, EOFError):
                return self._answer(self._idle.pop(), asked, body)
        try:
            return self._answer(_Process(), asked, body)
        except EOFError:
            raise BadRequest(
                "the table cannot be read: it is damaged, or it unpacks to more than this server allows",
                hint="write it again, or send fewer rows a request",
            ) from None

    @property
    def processes(self) -> list[int]:
        """Ids of the processes that wait for a table."""
        return [process.id for process in self._idle]

    def close(self) -> None:
        """End the processes that wait for a table."""
        while self._idle:
            self._idle.pop().end()

    def _answer(self, process: _Process, asked: ToTranslate, body: bytes) -> tuple[Translated, bytes]:
        try:
            answer = process.ask(asked, body, self._longest_seconds)
        except BaseException:
            process.end()
            raise
        self._idle.append(process)
        error = answer[0].error()
        if error is not None:
            raise error
        return answer


class _Process:
    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (ourselves)
            python.command("scoreline.data.translation"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is the server's, which finishes what it accepted
            env=os.environ | {"PYTHONPATH": python.path(), "POLARS_MAX_THREADS": "1"},
        )
        self.id = self._process.pid
        self._requests, self._answers = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)

    def ask(self, asked: ToTranslate, body: bytes, longest_seconds: float) -> tuple[Translated, bytes]:
        """Return the answer. Raises EOFError when the process ends before it."""
        watch = Timer(longest_seconds, self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            write(self._requests, asked, body)
            answer = read(self._answers, Translated)
        except BrokenPipeError:
            answer = None
        finally:
            watch.cancel()
        if answer is None:
            raise EOFError
        return answer

    def end(self) -> None:
        """End the process now, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        self._answers.close()
