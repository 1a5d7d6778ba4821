"""The servers of others, each started and asked as its users do, in an environment of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import Any

from benchmarks.loads import Void
from benchmarks.ways import ROOT, Way
from benchmarks.worlds import Row, World

PEERS = ROOT / ".venv-bench" / "bin"


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

    def headers(self, world: World) -> dict[str, str]:
        return {}

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

    def headers(self, world: World) -> dict[str, str]:
        return {}

    def body(self, rows: Sequence[Row]) -> Any:
        return {"dataframe_split": {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}}

    def probabilities(self, answer: Any) -> list[float]:
        return [row[-1] for row in answer["predictions"]]

    def verify(self, world: World, n_answered: int) -> None:
        pass


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
