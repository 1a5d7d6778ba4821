"""A server with a key, for clients that nobody here wrote; and their environments."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
ROWS = [{"income": 90.0, "age": 40, "city": "Oslo"}, {"income": 10.0, "age": 40, "city": "Rome"}]
LABELS = ["yes", "no"]
"""What the model ``loans`` makes of them."""


class Served(NamedTuple):
    """A server that answers for the model ``loans``."""

    url: str
    key: str
    beside: dict[str, str]
    """What else is spoken, and where."""

    @property
    def host_and_port(self) -> tuple[str, str]:
        parts = urlsplit(self.url)
        return str(parts.hostname), str(parts.port)


@contextmanager
def served(scoreline: Any, *options: str) -> Iterator[Served]:
    """Serve what ``scoreline`` has deployed, with a key that may score and see."""
    made = scoreline("key", "create", "clouds", "--role", "scorer", "--json")
    assert made.status == 0, made.err
    process = scoreline.start("serve", "--port", "0", *options, "--json", stderr=subprocess.DEVNULL)
    try:
        text = ""
        while not text.rstrip().endswith("\n}"):
            line = process.stdout.readline()
            assert line, "the server has not started"
            text += line
        document = json.loads(text)
        beside = {spoken: document[spoken] for spoken in ("grpc", "thrift", "https_url") if spoken in document}
        yield Served(document["url"], made.document["secret"], beside)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def run_client(name: str, script: str, *arguments: str, given: str | None = None, **environment: str) -> dict[str, Any]:
    """Run a script of ``tests/clients`` with the client's own interpreter; return what it prints."""
    done = subprocess.run(
        [ROOT / ".venv-clients" / name / "bin" / "python", ROOT / "tests" / "clients" / name / script, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told
