"""The servers: how each is started as its users start it, how it is asked, and how its answer reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from benchmarks.loads import Void
from benchmarks.worlds import Row, World
from scoreline.app import prediction_log
from scoreline.app.settings import Settings, open_app

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv-bench" / "bin"

MOST_UNTOLD = 10_000
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

    def home(self, world: World) -> Path:
        return world.folder / f"home of {self.name}"

    def command(self, world: World, port: int) -> list[str]:
        return [*self.program, "serve", "--home", str(self.home(world)), "--port", str(port), *self.options]

    def environment(self, world: World) -> dict[str, str]:
        return {"SCORELINE_PREDICTION_LOG": self.log}

    def path(self, world: World, n_rows: int) -> str:
        return f"/api/v1/deployments/{world.name}/score"

    def body(self, rows: Sequence[Row]) -> Any:
        return rows[0] if len(rows) == 1 else rows

    def probabilities(self, answer: Any) -> list[float]:
        return [list(prediction["probability"].values())[-1] for prediction in answer["predictions"]]

    def verify(self, world: World, n_answered: int) -> None:
        settings = Settings.of(home=self.home(world), environment={})
        with open_app(settings) as app:
            found = prediction_log.statistics(app, prediction_log.Wanted(world.name))
        n_wanted = n_answered if self.log == "on" else 0
        if found.lost or not n_wanted <= found.n_requests <= (n_answered + MOST_UNTOLD) * (self.log == "on"):
            text = f"{self.name}: its log has {found.n_requests:,} requests and lost {found.lost or 'none'}"
            raise Void(f"{text}; it answered {n_answered:,}")


class WithoutLog(Scoreline):
    """The same without its prediction log."""

    name = "scoreline, log off"
    log = "off"


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


class FastApi:
    """A module of `benchmarks.peers` under uvicorn, with uvloop and httptools, without its access log."""

    n_cores = 1
    n_rows = (1, 100)

    def __init__(self, name: str, module: str) -> None:
        self.name, self._module = name, module

    def prepare(self, world: World) -> None:
        save_for_peers(world)

    def command(self, world: World, port: int) -> list[str]:
        options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--port", str(port)]
        return [str(PEERS / "uvicorn"), f"benchmarks.peers.{self._module}:app", *options]

    def environment(self, world: World) -> dict[str, str]:
        return {"WORLD": str(world.folder)}

    def path(self, world: World, n_rows: int) -> str:
        return "/score" if n_rows == 1 else "/score-rows"

    def body(self, rows: Sequence[Row]) -> Any:
        return rows[0] if len(rows) == 1 else rows

    def probabilities(self, answer: Any) -> list[float]:
        return list(answer["probabilities"]) if "probabilities" in answer else [answer["probability"]]

    def verify(self, world: World, n_answered: int) -> None:
        pass


class Mlflow:
    """MLflow's own scoring server, one worker."""

    name = "MLflow"
    n_cores = 1
    n_rows = (1, 100)

    def prepare(self, world: World) -> None:
        save_for_peers(world)

    def command(self, world: World, port: int) -> list[str]:
        model = ["--model-uri", str(world.folder / "mlflow"), "--env-manager", "local"]
        return [str(PEERS / "mlflow"), "models", "serve", *model, "--workers", "1", "--port", str(port)]

    def environment(self, world: World) -> dict[str, str]:
        return {"PATH": f"{PEERS}{os.pathsep}{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true"}

    def path(self, world: World, n_rows: int) -> str:
        return "/invocations"

    def body(self, rows: Sequence[Row]) -> Any:
        return {"dataframe_split": {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}}

    def probabilities(self, answer: Any) -> list[float]:
        return [row[-1] for row in answer["predictions"]]

    def verify(self, world: World, n_answered: int) -> None:
        pass


OURS: tuple[Way, ...] = (Scoreline(), WithoutLog(), TwoWorkers(), Asgi(), Constant())
OPPONENTS: tuple[Way, ...] = (
    FastApi("FastAPI + onnxruntime", "fastapi_onnxruntime"),
    FastApi("FastAPI + pandas + scikit-learn", "fastapi_sklearn"),
    Mlflow(),
)


def save_for_peers(world: World) -> None:
    """Fit the tutorial's model in the peers' environment, once. Raises Void."""
    if not (world.folder / "mlflow").exists():
        command = [str(PEERS / "python"), "-m", "benchmarks.peers.mlflow_model"]
        environment = os.environ | {"WORLD": str(world.folder), "MLFLOW_DISABLE_TELEMETRY": "true"}
        done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise Void(f"the tutorial's model was not saved for MLflow\n{done.stderr}")


def write(document: Any) -> bytes:
    """Write a request's body on one line."""
    return json.dumps(document, separators=(",", ":")).encode()
