"""Logs go to stderr: one JSON object a line, or short lines for a terminal."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, TextIO

import msgspec

_encoder = msgspec.json.Encoder()

LogFormat = Literal["json", "text"]
RequestLine = dict[str, object]
"""What the log says of one request."""


class JsonLines(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "request", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()

    def requests(self, lines: Sequence[RequestLine], at: float) -> str:
        """Format requests that were answered ``at`` this moment."""
        head = {"time": _time(at), "level": "info", "event": "request"}
        return _encoder.encode_lines([head | line for line in lines]).decode()


class TextLines(logging.Formatter):
    """One short line, for people."""

    def requests(self, lines: Sequence[RequestLine], at: float) -> str:
        """Format requests that were answered ``at`` this moment."""
        time = _clock(at)
        return "".join(f"{time} {_short(line)}\n" for line in lines)

    def format(self, record: logging.LogRecord) -> str:
        request: RequestLine | None = getattr(record, "request", None)
        text = f"{_clock(record.created)} {record.getMessage() if request is None else _short(request)}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class Destination(logging.StreamHandler[TextIO]):
    """The server's own log. Many requests are one write: for each a record would cost more than scoring it."""

    def __init__(self, lines: JsonLines | TextLines) -> None:
        super().__init__()
        self._lines = lines
        self.setFormatter(lines)

    def write_requests(self, lines: Sequence[RequestLine]) -> None:
        """Write a line for each, as records of theirs would be written."""
        try:
            with self.lock or contextlib.nullcontext():
                self.stream.write(self._lines.requests(lines, time.time()))
                self.flush()
        except Exception:  # as logging does: a log that is gone stops no request
            self.handleError(logging.makeLogRecord({"msg": "request"}))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")


def _short(request: RequestLine) -> str:
    milliseconds = float(str(request["seconds"])) * 1000
    return f"{request['method']} {request['path']} {request['status']} {milliseconds:.1f} ms"


def log_to_stderr(form: LogFormat | None = None, *, requests: bool = True) -> None:
    """Send Scoreline's log to stderr; by default as text where stderr is a terminal, else as JSON."""
    form = form or ("text" if sys.stderr.isatty() else "json")
    destination = Destination(JsonLines() if form == "json" else TextLines())
    logger = logging.getLogger("scoreline")
    logger.handlers = [destination]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.getLogger("scoreline.requests").setLevel(logging.INFO if requests else logging.WARNING)
