"""The rate of every dialect beside the native one: the same server, the same rows, one a request.

    python -m benchmarks.dialects

Bar: none below half of native. Probabilities are asked for in each.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.__main__ import tell
from benchmarks.servers import Cores
from benchmarks.serving import Plan, measure
from benchmarks.ways import Scoreline
from benchmarks.worlds import NAMES, Row, World, make_world

BAR = 0.5


class Shape(NamedTuple):
    """How a dialect writes a row and tells its probabilities."""

    name: str
    path: str
    write: Callable[[Row], Any]
    read: Callable[[Any], list[float]]


def _tensor(name: str, value: Any) -> dict[str, Any]:
    datatype = "BYTES" if isinstance(value, str) else "FP64"
    return {"name": name, "shape": [1], "datatype": datatype, "data": [value]}


def _cells(row: Row) -> list[Any]:
    return list(row.values())


PROBABILITY = {"method": "predict_proba"}
SHAPES = [
    Shape(
        "native",
        "/api/v1/deployments/{}/score",
        lambda row: row,
        lambda answer: list(answer["predictions"][0]["probability"].values()),
    ),
    Shape(
        "H2O",
        "/deployments/{}/model/score",
        lambda row: {"fields": list(row), "rows": [[str(cell) for cell in _cells(row)]]},
        lambda answer: [float(cell) for cell in answer["score"][0]],
    ),
    Shape(
        "JSON-RPC",
        "/deployments/{}/rpc",
        lambda row: {"jsonrpc": "2.0", "id": 1, "method": "score", "params": {"row": row}},
        lambda answer: answer["result"],
    ),
    Shape(
        "IBM",
        "/ml/v4/deployments/{}/predictions?version=2026-10-14",
        lambda row: {"input_data": [{"fields": list(row), "values": [_cells(row)]}]},
        lambda answer: answer["predictions"][0]["values"][0][1],
    ),
    Shape(
        "Azure v1",
        "/services/{}/score",
        lambda row: {"data": [row], **PROBABILITY},
        lambda answer: json.loads(answer)["result"][0],
    ),
    Shape(
        "Azure v2",
        "/services/{}/score",
        lambda row: {"Inputs": {"data": [row]}, "GlobalParameters": PROBABILITY},
        lambda answer: answer["Results"][0],
    ),
    Shape(
        "MLflow",
        "/deployments/{}/invocations",
        lambda row: {
            "dataframe_split": {"columns": list(row), "data": [_cells(row)]},
            "params": {"predict_method": "predict_proba"},
        },
        lambda answer: answer["predictions"][0],
    ),
    Shape(
        "SageMaker",
        "/endpoints/{}/invocations",
        lambda row: {"instances": [row], "params": {"predict_method": "predict_proba"}},
        lambda answer: answer["predictions"][0],
    ),
    Shape(
        "KServe",
        "/v1/models/{}:predict",
        lambda row: {"instances": [row], "parameters": PROBABILITY},
        lambda answer: answer["predictions"][0],
    ),
    Shape(
        "Vertex AI",
        "/deployments/{}/predict",
        lambda row: {"instances": [_cells(row)], "parameters": {"fields": list(row), **PROBABILITY}},
        lambda answer: answer["predictions"][0],
    ),
    Shape(
        "Open Inference",
        "/v2/models/{}/infer",
        lambda row: {"inputs": [_tensor(name, value) for name, value in row.items()]},
        lambda answer: answer["outputs"][0]["data"],
    ),
]


class Speaking(Scoreline):
    """`scoreline serve`, asked in one dialect."""

    n_rows = (1,)

    def __init__(self, shape: Shape) -> None:
        self.name = shape.name
        self._shape = shape

    def path(self, world: World, n_rows: int) -> str:
        return self._shape.path.format(world.name)

    def body(self, rows: Sequence[Row]) -> Any:
        return self._shape.write(rows[0])

    def probabilities(self, answer: Any) -> list[float]:
        return self._shape.read(answer)[-1:]


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=2, help="of each load")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each dialect")
    parser.add_argument("--only", nargs="*", metavar="DIALECT", help="these, beside native")
    arguments = parser.parse_args()
    cores = Cores(sorted(os.sched_getaffinity(0)))
    os.sched_setaffinity(0, {cores.load})
    shapes = [shape for shape in SHAPES if not arguments.only or shape.name in ("native", *arguments.only)]
    met = True
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        for name in NAMES:
            world = make_world(name, Path(folder) / name)
            plans = [Plan(1, 32, arguments.rounds, arguments.seconds)]
            for cell in measure(world, [Speaking(shape) for shape in shapes], plans, cores, tell):
                native = cell.rates["native"].requests_per_second
                for shape in shapes:
                    rate = cell.rates[shape.name]
                    share = rate.requests_per_second / native
                    met = met and share >= BAR
                    found = f"{rate.requests_per_second:>10,.0f}/s{rate.processor_seconds * 1e6:>8.1f} µs"
                    print(f"{name:<10}{shape.name:<16}{found}{share:>8.2f} of native{'' if share >= BAR else '  NO'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
