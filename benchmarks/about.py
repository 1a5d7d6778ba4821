"""When, where and with what a run was made."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

import scoreline
from benchmarks.figures import About
from benchmarks.opponents import PEERS

BESIDE_DIALECTS = ("grpcio", "thriftpy2", "protobuf")
"""What the callers and the servers of dialects over gRPC and Thrift are made of."""
OURS = ("onnxruntime", "uvicorn", "uvloop", "httptools", "lightgbm", "polars")
THEIRS = ("fastapi", "pydantic", "pandas", "scikit-learn", "mlflow")


def here(command: str, beside: Sequence[str] = ()) -> About:
    """Describe this machine and its packages: those ``beside`` ours or, without any, the opponents."""
    versions = {"Scoreline": scoreline.__version__, "Python": platform.python_version(), "wrk": _wrk()}
    return About(
        date=dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        command=command,
        processor=_processor(),
        n_cores=len(os.sched_getaffinity(0)),
        system=f"{platform.system()} on {platform.machine()}",
        load_average=os.getloadavg()[0],
        versions=versions | _ours((*OURS, *beside)) | ({"h2load": _h2load()} if beside else _theirs()),
    )


def _ours(names: Sequence[str]) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in names}


def _h2load() -> str:
    return (
        subprocess.run(["h2load", "--version"], check=True, capture_output=True, text=True)
        .stdout.split("/")[-1]
        .strip()
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _wrk() -> str:
    return subprocess.run(["wrk", "--version"], check=False, capture_output=True, text=True).stdout.split()[1]


def _theirs() -> dict[str, str]:
    script = (
        f"import importlib.metadata, json; print(json.dumps({{n: importlib.metadata.version(n) for n in {THEIRS}}}))"
    )
    done = subprocess.run([str(PEERS / "python"), "-c", script], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found
