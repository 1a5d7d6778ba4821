"""Requests that the demo shows and sends: the command a person can paste, and the same bytes over a real socket."""

from __future__ import annotations

import http.client
import json
import shlex
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from scoreline.core.errors import Unavailable

TIMEOUT_SECONDS = 10.0


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: str
    seconds: float


def send(url: str, body: str | None = None) -> Answer:
    """GET ``url``, or POST ``body`` to it as JSON. Raises Unavailable when nobody answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    started = time.perf_counter()
    try:
        headers = {} if body is None else {"Content-Type": "application/json"}
        content = None if body is None else body.encode()
        connection.request("GET" if body is None else "POST", parts.path, content, headers)
        response = connection.getresponse()
        content_back = response.read().decode()
        return Answer(response.status, content_back, time.perf_counter() - started)
    except OSError as error:
        raise Unavailable(f"{url} does not answer: {error}", hint="is the server running?") from None
    finally:
        connection.close()


def row_text(row: Mapping[str, Any], width: int) -> str:
    """Write a row as JSON over several lines of at most ``width`` where a column fits; broken between columns only."""
    cells = [
        f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in row.items()
    ]
    lines: list[str] = []
    for position, cell in enumerate(cells):
        piece = cell if position + 1 == len(cells) else f"{cell},"
        if lines and len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(f"  {piece}")
    return "\n".join(["{", *lines, "}"])


def curl(url: str, body: str) -> str:
    """Return the command that sends ``body`` to ``url``, as a shell takes it."""
    return f"curl -s {shlex.quote(url)} -d {shlex.quote(body)}"
