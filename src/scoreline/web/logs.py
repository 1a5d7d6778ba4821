"""Logs go to stderr: one JSON object a line, or short lines for a terminal."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, TextIO

import msgspec

LogFormat = Literal["json", "text"]
PIPE_BYTES = 4096
"""What Linux writes into a pipe without another process's bytes in between (PIPE_BUF)."""
LONGEST_CHARACTER_BYTES = 4
"""Of UTF-8."""
RequestLine = dict[str, object]
"""What the log says of one request."""


class JsonLines(logging.Formatter):
    """One JSON object a line, for machines."""

    worker: int | None = None
    """Which worker of the server this process is."""

    def format(self, record: logging.LogRecord) -> str:
        about: RequestLine = {**getattr(record, "about", {}), **getattr(record, "request", {})}
        if record.exc_info:
            about["exception"] = self.formatException(record.exc_info)
        return self.start(record.levelno, record.getMessage(), record.created) + _rest(about)

    def request(self, line: RequestLine, level: int, at: float) -> str:
        """Return the line of a request that was answered ``at`` this moment."""
        return f"{self.start(level, 'request', at)}{_rest(line)}\n"

    def start(self, level: int, event: str, at: float) -> str:
        """Return what every line begins with; a comma and more members, or the end of the object, come next."""
        return f'{{"time":"{_second(int(at))}.{int(at % 1 * 1000):03d}+00:00",{_said(level, event, self.worker)}'


class TextLines(logging.Formatter):
    """One short line, for people."""

    worker: int | None = None
    """Which worker of the server this process is."""

    def request(self, line: RequestLine, level: int, at: float) -> str:
        """Return the line of a request that was answered ``at`` this moment."""
        return f"{self.start(at)} {_short(line)}\n"

    def format(self, record: logging.LogRecord) -> str:
        request: RequestLine | None = getattr(record, "request", None)
        text = f"{self.start(record.created)} {record.getMessage() if request is None else _short(request)}"
        stack = getattr(record, "about", {}).get("stack", "")
        more = [stack, self.formatException(record.exc_info) if record.exc_info else ""]
        return "\n".join([text, *filter(None, more)])

    def start(self, at: float) -> str:
        """Return what every line begins with."""
        clock = _clock(int(at))
        return clock if self.worker is None else f"{clock} worker {self.worker}:"


class Destination(logging.StreamHandler[TextIO]):
    """The server's own log."""

    def __init__(self, lines: JsonLines | TextLines) -> None:
        super().__init__()
        self.lines = lines
        self.setFormatter(lines)
        try:
            self._descriptor: int | None = self.stream.fileno()
        except (OSError, ValueError, AttributeError):  # not a file
            self._descriptor = None

    def write(self, text: str) -> None:
        """Write whole lines, as records of theirs would be written."""
        try:
            with self.lock or contextlib.nullcontext():
                for part in (text,) if len(text) <= PIPE_BYTES and text.isascii() else _whole(text):
                    self._write(part)
        except Exception:  # as logging does: a log that is gone stops no request
            self.handleError(logging.makeLogRecord({"msg": "request"}))

    def _write(self, text: str) -> None:
        """Write past the stream's buffer, which is empty: it is emptied after each record."""
        if self._descriptor is None:
            self.stream.write(text)
            self.flush()
            return
        data = text.encode()
        written = os.write(self._descriptor, data)
        while written < len(data):
            written += os.write(self._descriptor, data[written:])


_LEVELS = {number: name.lower() for name, number in logging.getLevelNamesMapping().items()}


@lru_cache(maxsize=64)
def _said(level: int, event: str, worker: int | None) -> str:
    said = {"level": _LEVELS.get(level, str(level)), "event": event} | ({} if worker is None else {"worker": worker})
    return msgspec.json.encode(said)[1:-1].decode()


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").partition("+")[0]


@lru_cache(maxsize=2)
def _clock(at: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _rest(about: RequestLine) -> str:
    return "," + msgspec.json.encode(about)[1:].decode() if about else "}"


def _short(request: RequestLine) -> str:
    milliseconds = float(str(request["seconds"])) * 1000
    error = f" {request['error']}" if "error" in request else ""
    path = str(request["path"])
    if not path.isprintable():
        path = ascii(path)[1:-1]
    return f"{request['method']} {path} {request['status']} {milliseconds:.1f} ms{error}"


def _whole(text: str) -> Iterator[str]:
    """Cut ``text`` between lines into parts that a pipe takes in one piece, so that workers do not mix their lines."""
    most = PIPE_BYTES if text.isascii() else PIPE_BYTES // LONGEST_CHARACTER_BYTES
    begin = 0
    while len(text) - begin > most:
        end = text.rfind("\n", begin, begin + most) + 1 or text.index("\n", begin) + 1
        yield text[begin:end]
        begin = end
    if begin < len(text):
        yield text[begin:]


def log_as(worker: int) -> None:
    """Put the number of the worker that this process is into every line of the server's own log."""
    for handler in logging.getLogger("scoreline").handlers:
        if isinstance(handler.formatter, JsonLines | TextLines):
            handler.formatter.worker = worker


def log_to_stderr(form: LogFormat | None = None) -> None:
    """Send Scoreline's log to stderr; by default as text where stderr is a terminal, else as JSON."""
    form = form or ("text" if sys.stderr.isatty() else "json")
    destination = Destination(JsonLines() if form == "json" else TextLines())
    for name, level in (("scoreline", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [destination]
        logger.setLevel(level)
        logger.propagate = False
