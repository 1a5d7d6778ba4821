"""Logs go to stderr: one JSON object a line, or short lines for a terminal."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import msgspec

LogFormat = Literal["json", "text"]


class JsonLines(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "request", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class TextLines(logging.Formatter):
    """One short line, for people."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        request: dict[str, object] | None = getattr(record, "request", None)
        if request is None:
            text = f"{at} {record.getMessage()}"
        else:
            milliseconds = float(str(request["seconds"])) * 1000
            text = f"{at} {request['method']} {request['path']} {request['status']} {milliseconds:.1f} ms"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def log_to_stderr(form: LogFormat | None = None, *, requests: bool = True) -> None:
    """Send Scoreline's log to stderr; by default as text where stderr is a terminal, else as JSON."""
    form = form or ("text" if sys.stderr.isatty() else "json")
    destination = logging.StreamHandler()
    destination.setFormatter(JsonLines() if form == "json" else TextLines())
    logger = logging.getLogger("scoreline")
    logger.handlers = [destination]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.getLogger("scoreline.requests").setLevel(logging.INFO if requests else logging.WARNING)
