"""The servers: how each is started as its users start it, how it is asked, and how its answer reads."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from benchmarks.loads import Void
from benchmarks.worlds import Row, World
from scoreline.app import prediction_log
from scoreline.app.settings import Settings, open_app

ROOT = Path(__file__).parents[1]

MOST_UNTOLD = 20_000
"""Requests that wrk sent and did not wait for, over all loads."""


class Way(Protocol):
    """One server."""

    @property
    def name(self) -> str: ...

    @property
    def n_cores(self) -> int:
        """Cores that its processes may use."""
        ...

    @property
    def n_rows(self) -> Sequence[int]:
        """How many rows its requests may have."""
        ...

    def prepare(self, world: World) -> None:
        """Put the model where the server finds it."""
        ...

    def command(self, world: World, port: int) -> list[str]: ...

    def environment(self, world: World) -> dict[str, str]: ...

    def path(self, world: World, n_rows: int) -> str: ...

    def headers(self, world: World) -> dict[str, str]:
        """Return what requests say besides their content type."""
        ...

    def body(self, rows: Sequence[Row]) -> Any:
        """Write a request, as a JSON document."""
        ...

    def probabilities(self, answer: Any) -> list[float]:
        """Read an answer: the probability of the last label for each row."""
        ...

    def verify(self, world: World, n_answered: int) -> None:
        """Check that it did beside answering what it says it does. Raises Void."""
        ...


class Scoreline:
    """`scoreline serve` with everything on."""

    name = "scoreline"
    n_cores = 1
    n_rows: Sequence[int] = (1, 100)
    log = "on"
    program: Sequence[str] = (str(Path(sys.executable).with_name("scoreline")),)
    options: Sequence[str] = ()

    def prepare(self, world: World) -> None:
        shutil.rmtree(self.home(world), ignore_errors=True)
        with open_app(Settings.of(home=self.home(world), environment={})) as app:
            app.registry.register(world.artifact, world.name)
            app.registry.deploy(world.name, world.name)
            self._key(world).write_text(app.security.create_key("load", role="scorer").secret)

    def _key(self, world: World) -> Path:
        return self.home(world) / "key"

    def home(self, world: World) -> Path:
        return world.folder / f"home of {self.name}"

    def command(self, world: World, port: int) -> list[str]:
        return [*self.program, "serve", "--home", str(self.home(world)), "--port", str(port), *self.options]

    def environment(self, world: World) -> dict[str, str]:
        return {"SCORELINE_PREDICTION_LOG": self.log}

    def path(self, world: World, n_rows: int) -> str:
        return f"/api/v1/deployments/{world.name}/score"

    def headers(self, world: World) -> dict[str, str]:
        return {"authorization": f"Bearer {self._key(world).read_text()}"}

    def body(self, rows: Sequence[Row]) -> Any:
        return rows[0] if len(rows) == 1 else rows

    def probabilities(self, answer: Any) -> list[float]:
        return [list(prediction["probability"].values())[-1] for prediction in answer["predictions"]]

    def verify(self, world: World, n_answered: int) -> None:
        settings = Settings.of(home=self.home(world), environment={})
        with open_app(settings) as app:
            found = prediction_log.statistics(app, prediction_log.Wanted(world.name))
        expected = range(n_answered, n_answered + MOST_UNTOLD) if self.log == "on" else range(1)
        if found.lost or found.n_requests not in expected:
            text = f"its log has {found.n_requests:,} requests and lost {found.lost or 'none'}"
            raise Void(f"{self.name} answered {n_answered:,} requests; {text}")


class WithoutLog(Scoreline):
    """The same without its prediction log."""

    name = "scoreline, log off"
    log = "off"


class WithoutKeys(Scoreline):
    """The same, asking nobody for a key."""

    name = "scoreline, open"
    n_rows = (1,)
    options = ("--open",)

    def headers(self, world: World) -> dict[str, str]:
        return {}


class TwoWorkers(Scoreline):
    """The same with a worker for each core; wrk shares one of them."""

    name = "scoreline, two workers"
    n_cores = 2
    options = ("--workers", "2")


class Asgi(Scoreline):
    """The same without its fast lane."""

    name = "scoreline, fast lane off"
    n_rows = (1,)

    def environment(self, world: World) -> dict[str, str]:
        return {**super().environment(world), "SCORELINE_FAST_LANE": "off"}


class Constant(Scoreline):
    """The same server, answering a constant."""

    name = "constant"
    n_rows = (1,)
    program = (sys.executable, "-m", "benchmarks.peers.constant")

    def verify(self, world: World, n_answered: int) -> None:
        pass


OURS: tuple[Way, ...] = (Scoreline(), WithoutLog(), WithoutKeys(), TwoWorkers(), Asgi(), Constant())


def write(document: Any) -> bytes:
    """Write a request's body on one line."""
    return json.dumps(document, separators=(",", ":")).encode()
