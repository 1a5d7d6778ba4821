"""Loads by wrk, from a core of its own. Bodies rotate; an answer that is not a success makes the run void."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

SCRIPT = """
local requests, i = {}, 0
function init(arguments)
  local headers = {%s}
  for body in io.lines(arguments[1]) do requests[#requests + 1] = wrk.format("POST", nil, headers, body) end
end
function request()
  i = i %% #requests + 1
  return requests[i]
end
"""
PAUSES = """
function delay()
  return math.random(0, 2 * %d)
end
"""
TIMEOUT_SECONDS = 120
NO_HEADERS: Mapping[str, str] = {}
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class Void(Exception):
    """A run that counts for nothing, and why."""


class Load(NamedTuple):
    """What wrk saw."""

    requests_per_second: float
    p50_seconds: float
    p99_seconds: float
    n_requests: int


def load(
    url: str,
    bodies: Path,
    *,
    headers: Mapping[str, str] = NO_HEADERS,
    n_connections: int,
    seconds: float,
    core: int,
    pause_milliseconds: int = 0,
) -> Load:
    """Load ``url`` with the bodies of a file, one a line, in turn. Raises Void.

    Each connection waits ``pause_milliseconds`` before each request, on the average.
    """
    script = bodies.with_name("load.lua")
    sent = {"content-type": "application/json", **headers}
    text = SCRIPT % ", ".join(f'["{name}"] = "{value}"' for name, value in sent.items())
    script.write_text(text + (PAUSES % pause_milliseconds if pause_milliseconds else ""), encoding="ascii")
    options = ["-t1", f"-c{n_connections}", f"-d{seconds:.0f}s", f"--timeout={TIMEOUT_SECONDS}s", "--latency"]
    command = ["taskset", "-c", str(core), "wrk", *options, "-s", str(script), url, "--", str(bodies)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Void(f"wrk ended with status {done.returncode}: {done.stdout}{done.stderr}")
    return parse(done.stdout)


def parse(text: str) -> Load:
    """Read what wrk printed. Raises Void when a request failed or none was answered."""
    if "Non-2xx" in text or "Socket errors" in text:
        raise Void(f"some requests failed\n{text}")
    n_requests = int(found(r"(\d+) requests in", text))
    if not n_requests:
        raise Void(f"no request was answered in time; --seconds gives a slow machine more\n{text}")
    return Load(float(found(r"Requests/sec:\s+([\d.]+)", text)), _latency(50, text), _latency(99, text), n_requests)


def _latency(percent: int, text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", found(rf"^\s+{percent}%\s+(\S+)\s*$", text)).groups()  # type: ignore[union-attr]
    return float(number) * UNITS[unit]


def found(pattern: str, text: str) -> str:
    """Return what a pattern's group matches in what a tool printed. Raises Void where it matches nothing."""
    matched = re.search(pattern, text, re.MULTILINE)
    if matched is None:
        raise Void(f"something else was printed than expected\n{text}")
    return matched[1]
