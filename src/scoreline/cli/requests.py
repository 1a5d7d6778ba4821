"""Requests that the demo shows and sends: the command a person can paste, and the same bytes over a real socket."""

from __future__ import annotations

import http.client
import json
import shlex
import statistics
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from scoreline.core.errors import Unavailable

TIMEOUT_SECONDS = 10.0
KEY_HEADER = "x-api-key"
N_TIMES = 25
"""Requests sent to tell how long an answer takes."""


class Answer(NamedTuple):
    """What came back."""

    body: str
    seconds: float
    """Median over the requests sent, from the first byte sent to the last received."""


def send(url: str, body: str | None = None, *, key: str, n_times: int = 1) -> Answer:
    """GET ``url``, or POST ``body`` to it as JSON, ``n_times`` over one connection, with an API key.

    Raises Unavailable when nobody answers, or answers with an error.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    headers = {KEY_HEADER: key} | ({} if body is None else {"Content-Type": "application/json"})
    content = None if body is None else body.encode()
    taken: list[float] = []
    try:
        for _ in range(n_times):
            started = time.perf_counter()
            connection.request("GET" if body is None else "POST", parts.path, content, headers)
            response = connection.getresponse()
            found = response.read().decode()
            taken.append(time.perf_counter() - started)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{url} does not answer: {error}", hint="is the server running?") from None
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise Unavailable(f"{url} answers with status {response.status}: {found}")
    return Answer(found, statistics.median(taken))


def row_text(row: Mapping[str, Any], width: int) -> str:
    """Write a row as JSON over several lines of at most ``width`` where a column fits; broken between columns only."""
    cells = [f"{_json(name)}: {_json(value)}" for name, value in row.items()]
    lines: list[str] = []
    for position, cell in enumerate(cells):
        piece = cell if position + 1 == len(cells) else f"{cell},"
        if lines and len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(f"  {piece}")
    return "\n".join(["{", *lines, "}"])


def curl(url: str, key: str, body: str | None = None) -> str:
    """Return the command that asks ``url``, or sends ``body`` to it, as a shell takes it."""
    command = f"curl -s {shlex.quote(url)} -H '{KEY_HEADER}: {key}'"
    return command if body is None else f"{command} -d {shlex.quote(body)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
